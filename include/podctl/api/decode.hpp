// Strict decoding: a tree becomes a typed object, and everything wrong with it is listed.
//
// Used by the CLI (files) and podctld (request bodies). Faults: unknown field (with "did you
// mean"), wrong type, number out of range, malformed quantity, time or base64. Missing and wrong
// values are validate's. A null is an absent field, as in Go. Never throws.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "podctl/api/table.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

enum class Unknown : std::uint8_t { kFault, kIgnore };

// Decodes into an object of the table's type. Faults are appended; what could be decoded is there.
void decode(const Tree& tree, const Type& type, void* object, Faults& faults,
            Unknown unknown = Unknown::kFault);

template <class T>
Faults decode(const Tree& tree, T& object, Unknown unknown = Unknown::kFault) {
  Faults faults;
  decode(tree, type_of<T>(), &object, faults, unknown);
  return faults;
}

// JSON text to object: what podctld answered, what the store holds.
Faults decode_json(std::string_view json, const Type& type, void* object,
                   Unknown unknown = Unknown::kIgnore);

template <class T>
Faults decode_json(std::string_view json, T& object, Unknown unknown = Unknown::kIgnore) {
  return decode_json(json, type_of<T>(), &object, unknown);
}

// A tree without positions.
Tree to_tree(const boost::json::value& value);
boost::json::value to_value(const Tree& tree);

}  // namespace podctl::api
