#include "cli/copy_spec.hpp"

#include "podctl/base/text.hpp"

namespace podctl::cli {

Result<FileSpec> parse_file_spec(std::string_view text) {
  const auto colon = text.find(':');
  const bool local =
      colon == std::string_view::npos || text.starts_with('/') || text.starts_with('.');
  FileSpec spec;
  spec.path = local ? text : text.substr(colon + 1);
  if (!local) {
    const auto parts = text::split(text.substr(0, colon), '/');
    if (parts.size() > 2 || parts[0].empty() || parts.back().empty())
      return fail(Code::kInvalidArgument,
                  "filespec must match the canonical format: [[namespace/]pod:]file/path", {});
    spec.pod = parts.back();
    if (parts.size() == 2) spec.ns = parts[0];
  }
  if (spec.path.empty()) return fail(Code::kInvalidArgument, "filepath can not be empty", {});
  return spec;
}

std::string base_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name == "." || name == ".." ? std::string() : std::string(name);
}

}  // namespace podctl::cli
