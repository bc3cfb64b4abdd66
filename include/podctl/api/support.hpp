// Which fields of an object podctl acts on: the one table behind apply's warnings and explain's
// marks.
//
// A field that is valid but not in the table is accepted and reported. To add one, add its name to
// its type's row in src/api/support.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/table.hpp"

namespace podctl::api {

// Whether podctl acts on a field of a type, for some value at least.
bool supported(const Type& type, const Field& field);

// The same as a word for explain: "supported", "supported: " and for what alone, "refused: " and
// why, or "not yet".
std::string support_word(const Type& type, const Field& field);

// Paths that are set but not acted on, status aside. Call it on the object before its defaults, or
// on one read back: default values are never reported.
std::vector<std::string> unsupported_fields(const Type& type, const void* object);
inline std::vector<std::string> unsupported_fields(const Pod& pod) {
  return unsupported_fields(type_of<Pod>(), &pod);
}

}  // namespace podctl::api
