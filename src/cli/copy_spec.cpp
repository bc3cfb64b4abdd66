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

CopyPlace copy_place(bool is_file, std::string_view source, std::string_view target,
                     bool target_is_directory) {
  const std::string name = base_name(source);
  if (!is_file) {
    // "/", "." and ".." can be nothing but directories, and have no name to be put under.
    const bool content = name.empty() || source.ends_with('/') || source.ends_with("/.");
    return {std::string(target), target_is_directory && !content ? name : "."};
  }
  if (target_is_directory || target.ends_with('/')) return {std::string(target), name};
  const auto slash = target.rfind('/');
  const auto parent = slash == std::string_view::npos ? "." : target.substr(0, slash + 1);
  return {std::string(parent), base_name(target)};
}

}  // namespace podctl::cli
