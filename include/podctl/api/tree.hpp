// A manifest as a tree of values with positions: what stands between text (YAML, JSON) and the
// typed objects.
//
// Used by the CLI for files and by podctld for request bodies. Scalars are resolved as
// sigs.k8s.io/yaml does (YAML 1.1: 0644 is octal, yes a bool, quoted always a string). Limits are
// counted while parsing, so an oversized, deep or alias-expanding text is refused early. Nothing
// here throws or does I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podctl::api {

// 1-based; line 0 is "nowhere" (a tree made from a value without text). Columns count bytes.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Position&) const = default;
};

// One thing wrong with an object, as Kubernetes reports it.
struct Fault {
  std::string field;    // "spec.containers[0].image"; empty for the document itself
  std::string code;     // a StatusCause reason: FieldValueRequired, FieldValueInvalid, …
  std::string text;     // "Required value"
  Position at;          // where known
  bool hidden = false;  // what stands there is secret: its line is not shown
};
using Faults = std::vector<Fault>;

struct TreeEntry;

struct Tree {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kList, kMap };

  Kind kind = Kind::kNull;
  bool boolean = false;
  Position at;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;  // a string's value; of other scalars, as written
  std::vector<Tree> items;
  std::vector<TreeEntry> entries;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_string() const { return kind == Kind::kString; }
  // The value of a key, or null. On anything but a map: null.
  const Tree* find(std::string_view key) const;
  // The string at a key; empty when absent or no string.
  std::string_view string_at(std::string_view key) const;
};

struct TreeEntry {
  std::string key;
  Position at;
  Tree value;
};

// "null", "bool", "number", "string", "list", "map".
std::string_view kind_name(Tree::Kind kind);

struct Limits {
  std::size_t bytes = 3 * 1024 * 1024;  // etcd's and the apiserver's limit for a request
  std::size_t nodes = 30'000;           // of a text: what yaml-cpp reads in 100 ms
  std::size_t documents = 1'000;
  std::size_t lines = 100'000;
  std::size_t depth = 100;
  std::size_t alias_nodes = 2'000;        // made by all aliases of a document together
  std::size_t alias_bytes = 1024 * 1024;  // of text in these
};

struct Parsed {
  std::vector<Tree> documents;  // empty documents are left out, kind: List is taken apart
  Faults faults;                // syntax, duplicate keys, limits
};

// Every document of a text, YAML or JSON. A document with a syntax fault is left out; the others
// are there.
Parsed parse_documents(std::string_view text, const Limits& limits = {});

// One JSON value, strictly RFC 8259 (a request body, an image's config).
Parsed parse_json(std::string_view text, const Limits& limits = {});

// A plain YAML scalar as the value it stands for: "0644" is 420, "yes" true.
Tree resolve_scalar(std::string_view plain);

// What stands at a field path ("spec.containers[0].image") of a document; null when it is absent.
const Tree* find_field(const Tree& document, std::string_view path);

// The position of a field path in a document; of its nearest ancestor when the field is absent.
Position locate(const Tree& document, std::string_view path);

// "file:3:5: spec.x: text", the line of the source and a caret under the column.
// Of a long line what is around the column.
std::string render(const Fault& fault, std::string_view file, std::string_view source);
// The same for each of the first hundred, then how many more there are. Quick when they are in the
// order of the text.
std::string render(const Faults& faults, std::string_view file, std::string_view source);

}  // namespace podctl::api
