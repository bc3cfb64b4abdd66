// What the YAML and the JSON reader share: making faults, checking duplicate keys, counting nodes.
#pragma once

#include <algorithm>
#include <string>

#include "podctl/api/tree.hpp"

namespace podctl::api::reader {

struct Budget {
  const Limits& limits;
  std::size_t nodes = 0;
  std::size_t text = 0;  // bytes of keys and scalars
  std::size_t alias_nodes = 0;
  std::size_t alias_bytes = 0;
};

inline Fault syntax(Position at, std::string text) {
  return {"", "FieldValueInvalid", std::move(text), at};
}

inline std::string too_many_nodes(const Limits& limits) {
  return "too large: more than " + std::to_string(limits.nodes) + " values";
}
inline std::string too_deep(const Limits& limits) {
  return "nested too deeply: more than " + std::to_string(limits.depth) + " levels";
}

// Whether the map has the key already. Linear: maps of manifests are small, large ones are bounded
// below.
inline bool has_key(const Tree& map, std::string_view key) { return map.find(key) != nullptr; }

// Whether a YAML document is small enough to be parsed at all; else the fault that says why not.
bool guard_yaml(std::string_view text, std::uint32_t first_line, const Limits& limits,
                Fault& fault);

// Parses one YAML document; `first_line` is its 1-based line in the whole text.
void read_yaml(std::string_view text, std::uint32_t first_line, Budget& budget, Parsed& out);

// Reports keys that stand twice in a map of this tree.
void report_duplicates(const Tree& tree, const std::string& path, Faults& out);

// "a.b", "a[3]", and a["x/y"] for keys that are no plain names.
std::string child(const std::string& path, std::string_view key);
std::string child(const std::string& path, std::size_t index);

}  // namespace podctl::api::reader
