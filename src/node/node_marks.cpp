#include "node/node_marks.hpp"

#include <boost/json.hpp>

#include "podctl/sys/files.hpp"

namespace podctl::node {
namespace {

namespace json = boost::json;

constexpr std::size_t kLimit = std::size_t{1} << 22U;

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
  const auto content = sys::read_file(path_of(layout), kLimit);
  if (!content && content.error().code == Code::kNotFound) return NodeMarks{};
  if (!content) return Failure(content.error());
  boost::system::error_code error;
  const auto value = json::parse(*content, error);
  if (error || !value.is_object()) {
    return fail(Code::kInternal, "read", path_of(layout),
                "it is not what podctld wrote: remove it, and the node's labels with it");
  }
  return NodeMarks{to_map(value.get_object(), "labels"), to_map(value.get_object(), "annotations")};
}

Result<void> write_marks(const Layout& layout, const NodeMarks& marks) {
  const json::object root{{"labels", to_object(marks.labels)},
                          {"annotations", to_object(marks.annotations)}};
  return sys::write_file(path_of(layout), json::serialize(root) + "\n", 0600);
}

}  // namespace podctl::node
