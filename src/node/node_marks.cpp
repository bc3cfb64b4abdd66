#include "node/node_marks.hpp"

#include <boost/json.hpp>

#include "node/state_file.hpp"

namespace podctl::node {
namespace {

namespace json = boost::json;

std::string path_of(const Layout& layout) { return layout.lib() + "/node_marks"; }

json::object to_object(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}

std::map<std::string, std::string> to_map(const json::object& root, std::string_view name) {
  std::map<std::string, std::string> out;
  const auto* found = root.if_contains(name);
  if (found == nullptr || !found->is_object()) return out;
  for (const auto& [key, value] : found->get_object()) {
    if (value.is_string()) out.emplace(key, std::string_view(value.get_string()));
  }
  return out;
}

}  // namespace

Result<NodeMarks> read_marks(const Layout& layout) {
  const auto root =
      TRY(read_state_file(path_of(layout), "remove it, and the node's labels with it"));
  if (!root) return NodeMarks{};
  return NodeMarks{to_map(*root, "labels"), to_map(*root, "annotations")};
}

Result<void> write_marks(const Layout& layout, const NodeMarks& marks) {
  return write_state_file(path_of(layout), {{"labels", to_object(marks.labels)},
                                            {"annotations", to_object(marks.annotations)}});
}

}  // namespace podctl::node
