// Objects to JSON and YAML text, empty fields left out as Go does.
//
// Used by podctld (answers, the store, watch) and the CLI (-o json, -o yaml). The JSON writer
// appends straight to a string: it is on the path of every apply. YAML is kubectl's: keys sorted,
// lists not indented.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "podctl/api/table.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

// Appends compact JSON, fields in the table's order.
void encode_json(const Type& type, const void* object, std::string& out);
void append_json_string(std::string& out, std::string_view text);

template <class T>
std::string to_json(const T& object) {
  std::string out;
  encode_json(type_of<T>(), &object, out);
  return out;
}
std::string to_json(const Tree& tree);

boost::json::value to_value(const Type& type, const void* object);
std::string to_yaml(const Type& type, const void* object);

// kubectl's -o yaml and -o json (four spaces); keys sorted, a newline at the end.
std::string to_yaml(const boost::json::value& value);
std::string to_pretty_json(const boost::json::value& value);

}  // namespace podctl::api
