// The formats of -o that are no table.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "podctl/api/encode.hpp"
#include "podctl/api/jsonpath.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string name_of(View object) {
  std::string text;
  if (object["kind"].str() == "List") {
    for (const auto& item : object["items"].items()) text += name_of(item);
    return text;
  }
  return lower(object["kind"].str("pod")) + "/" + std::string(object["metadata"]["name"].str()) +
         "\n";
}

// "{.a.b}", ".a.b", "a.b" and "$.a.b" all mean {.a.b}, as kubectl's relaxed form has it.
std::string braced(std::string_view path) {
  if (path.find('{') != std::string_view::npos) return std::string(path);
  if (path.starts_with('$')) path.remove_prefix(1);
  const bool dotted = path.starts_with('.') || path.starts_with('[');
  return "{" + std::string(dotted ? "" : ".") + std::string(path) + "}";
}

Result<std::string> custom_columns(const Format& format, const boost::json::value& object) {
  const auto columns = TRY(CustomColumns::parse(format.argument));
  Table table{columns.headings(), {}};
  if (View(object)["kind"].str() == "List") {
    for (const auto& item : View(object)["items"].items())
      table.rows.push_back(TRY(columns.row(item)));
  } else {
    table.rows.push_back(TRY(columns.row(object)));
  }
  return table.str(format.headings);
}

// A key that sorts as the value does: numbers and quantities by size, the rest as text.
struct SortKey {
  bool numeric = false;
  double number = 0;
  std::string text;
  bool operator<(const SortKey& other) const {
    if (numeric && other.numeric) return number < other.number;
    return text < other.text;
  }
};

SortKey sort_key(View value) {
  SortKey key{false, 0, value.scalar()};
  if (auto quantity = api::Quantity::parse(key.text)) {
    key.numeric = true;
    key.number = static_cast<double>(quantity->milli_value());
  }
  return key;
}

}  // namespace

Result<CustomColumns> CustomColumns::parse(std::string_view spec) {
  if (spec.empty()) {
    return fail(Code::kInvalidArgument,
                "custom-columns format specified but no custom columns given", {});
  }
  CustomColumns columns;
  // Those of a file come in lines: a JSONPath may hold commas.
  const char between = spec.find('\n') == std::string_view::npos ? ',' : '\n';
  if (between == '\n') spec.remove_suffix(1);
  for (std::string_view column : text::split(spec, between)) {
    const std::size_t colon = column.find(':');
    if (colon == std::string_view::npos || colon + 1 == column.size()) {
      return fail(Code::kInvalidArgument, "unexpected custom-columns spec: " + std::string(column),
                  {}, "expected <header>:<json-path-expr>");
    }
    columns.headings_.emplace_back(column.substr(0, colon));
    columns.paths_.push_back(TRY(api::JsonPath::parse(braced(column.substr(colon + 1)))));
  }
  return columns;
}

Result<std::vector<std::string>> CustomColumns::row(const boost::json::value& object) const {
  std::vector<std::string> cells;
  for (const auto& path : paths_) {
    std::vector<std::string> values;
    for (const auto* value : TRY(path.find(object))) {
      values.push_back(value->is_structured() ? boost::json::serialize(*value)
                                              : View(value).scalar());
    }
    cells.push_back(values.empty() ? "<none>" : utf8::printable(text::join(values, ",")));
  }
  return cells;
}

namespace {

Result<std::string> read_template(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Code::kNotFound, "read", path, "no such file");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Of custom-columns-file: the headings in one line, their paths in the next, parted by blanks.
Result<std::string> columns_of_file(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  for (std::string_view line : text::split(text, '\n')) {
    std::istringstream in{std::string(line)};
    std::vector<std::string> words(std::istream_iterator<std::string>(in), {});
    if (!words.empty()) lines.push_back(std::move(words));
  }
  if (lines.size() != 2 || lines[0].size() != lines[1].size()) {
    return fail(Code::kInvalidArgument, "unexpected custom-columns-file", {},
                "it must have two lines: the headings, and as many JSONPaths");
  }
  std::string spec;
  for (std::size_t i = 0; i < lines[0].size(); ++i) {
    spec += lines[0][i] + ":" + lines[1][i] + "\n";
  }
  return spec;
}

}  // namespace

Result<Format> parse_format(std::string_view text) {
  using Kind = Format::Kind;
  if (text.empty()) return Format{};
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  std::string argument(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (text == "wide") return Format{Kind::kWide, {}};
  if (text == "json") return Format{Kind::kJson, {}};
  if (text == "yaml") return Format{Kind::kYaml, {}};
  if (text == "name") return Format{Kind::kName, {}};
  if (name == "custom-columns-file") argument = TRY(columns_of_file(TRY(read_template(argument))));
  if (name == "custom-columns" || name == "custom-columns-file") {
    TRY(CustomColumns::parse(argument));
    return Format{Kind::kColumns, argument};
  }
  if (equals != std::string_view::npos && argument.empty() && name.starts_with("jsonpath")) {
    return fail(Code::kInvalidArgument, "template format specified but no template given", {});
  }
  if (name == "jsonpath-file") argument = TRY(read_template(argument));
  if (name == "jsonpath" || name == "jsonpath-file") {
    TRY(api::JsonPath::parse(argument));
    return Format{Kind::kJsonPath, argument};
  }
  return fail(
      Code::kInvalidArgument,
      "unable to match a printer suitable for the output format \"" + std::string(text) + "\"", {});
}

Result<std::string> format_object(const Format& format, const boost::json::value& object) {
  switch (format.kind) {
    case Format::Kind::kJson:
      return api::to_pretty_json(object);
    case Format::Kind::kYaml:
      return api::to_yaml(object);
    case Format::Kind::kName:
      return name_of(object);
    case Format::Kind::kJsonPath:
      return TRY(api::JsonPath::parse(format.argument)).print(object);
    case Format::Kind::kColumns:
      return custom_columns(format, object);
    default:
      break;
  }
  return fail(Code::kInternal, "print", "a table", "no format");
}

Result<std::vector<const boost::json::value*>> path_values(std::string_view path,
                                                           const boost::json::value& object) {
  return TRY(api::JsonPath::parse(braced(path))).find(object);
}

Result<void> sort_objects(std::string_view path, std::vector<boost::json::value>& objects,
                          std::string_view member) {
  const auto parsed = TRY(api::JsonPath::parse(braced(path)));
  std::vector<std::pair<SortKey, std::size_t>> keys;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto values =
        TRY(parsed.find(member.empty() ? objects[i] : objects[i].as_object().at(member)));
    keys.emplace_back(values.empty() ? SortKey{} : sort_key(values[0]), i);
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<boost::json::value> sorted;
  for (const auto& [key, index] : keys) sorted.push_back(std::move(objects[index]));
  objects = std::move(sorted);
  return {};
}

boost::json::value list_of(std::vector<boost::json::value> objects) {
  // In the objects' own storage, so that they are moved and not copied.
  const auto storage = objects.empty() ? boost::json::storage_ptr() : objects[0].storage();
  boost::json::array items(storage);
  items.reserve(objects.size());
  for (auto& object : objects) items.push_back(std::move(object));
  boost::json::object list(storage);
  list["apiVersion"] = "v1";
  list["items"] = std::move(items);
  list["kind"] = "List";
  list["metadata"] = {{"resourceVersion", ""}};
  return list;
}

}  // namespace podctl::cli
