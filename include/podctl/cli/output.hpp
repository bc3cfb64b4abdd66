// What `get` prints: the server's tables, and the other formats of -o, made from the objects
// themselves.
//
// Pure functions.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/jsonpath.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct TableOptions {
  bool with_namespace = false;
  bool wide = false;
  bool show_labels = false;
  bool with_kind = false;  // "pod/web" when several types, or "all", are asked for
  std::vector<std::string> label_columns;
};

// The typed pod behind a JSON object of the server.
api::Pod to_pod(const boost::json::value& object);

// The Accept header that asks for tables (docs/api.md).
inline constexpr std::string_view kAcceptTable = "application/json;as=Table;v=v1;g=meta.k8s.io";
// What the rows' objects must hold for these options: a value of includeObject.
std::string_view include_object(const TableOptions& options);

// A Table of the server as it is printed: which of its columns, and what is put beside them.
class TableView {
 public:
  TableView(const Resource& resource, TableOptions options, View table);
  std::vector<std::string> headings() const;
  std::vector<std::string> row(View row) const;

 private:
  struct Column {
    std::size_t cell;
    std::string heading;
    bool names;  // the object: "pod/web" when several types are shown
  };
  const Resource* resource_;
  TableOptions options_;
  std::vector<Column> columns_;
};

// What somebody wrote, fit for a cell: its first line, and nothing that a terminal would obey.
std::string cell_text(std::string_view text);

// Rows of a watch: a column never gets narrower than it was before. Rows that wait for each other
// are laid out together.
class StreamTable {
 public:
  void add(std::vector<std::string> cells);
  std::size_t waiting() const { return rows_.size(); }
  // The lines of those that wait.
  std::string take();

 private:
  std::string line(const std::vector<std::string>& cells) const;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

// A compiled -o: json, yaml, name, jsonpath=, jsonpath-file=, custom-columns=,
// custom-columns-file=.
struct Format {
  enum class Kind { kTable, kWide, kJson, kYaml, kName, kJsonPath, kColumns };
  Kind kind = Kind::kTable;
  std::string argument;
  bool headings = true;  // of custom-columns
};
// kInvalidArgument for an unknown format or a faulty path.
Result<Format> parse_format(std::string_view text);

// The table of custom-columns=HEAD:PATH,...
class CustomColumns {
 public:
  static Result<CustomColumns> parse(std::string_view spec);
  const std::vector<std::string>& headings() const { return headings_; }
  // Of values nothing is left that a terminal would obey (CVE-2021-25743).
  Result<std::vector<std::string>> row(const boost::json::value& object) const;

 private:
  std::vector<std::string> headings_;
  std::vector<api::JsonPath> paths_;
};

// One object, or a v1 List, in a format that is no table.
Result<std::string> format_object(const Format& format, const boost::json::value& object);
// The values of a JSONPath in an object.
Result<std::vector<const boost::json::value*>> path_values(std::string_view path,
                                                           const boost::json::value& object);
// Sorts by the value of a JSONPath: numbers, quantities and times by value, else as text. With
// `member` the path is one in that member of each.
Result<void> sort_objects(std::string_view path, std::vector<boost::json::value>& objects,
                          std::string_view member = {});

// {"apiVersion": "v1", "kind": "List", "items": objects}
boost::json::value list_of(std::vector<boost::json::value> objects);

}  // namespace podctl::cli
