// What `cp` copies from and to: "[[NAMESPACE/]POD:]PATH", kubectl's file spec. Pure.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::cli {

struct FileSpec {
  std::string ns, pod;  // empty pod: a local path; empty ns: the one asked for
  std::string path;
  bool remote() const { return !pod.empty(); }
};

// What begins with "/" or "." is a local path, whatever colons it has. kInvalidArgument.
Result<FileSpec> parse_file_spec(std::string_view text);

// The last component, as a copy into a directory is named; "/" and ".." have none.
std::string base_name(std::string_view path);

}  // namespace podctl::cli
