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

struct CopyPlace {
  std::string directory, name;  // name: "." is the directory itself; empty: the paths name nothing
};
// Where what came from `source` is put, as cp -r and docker cp put it: a target that is no
// directory yet becomes it, a directory gets it under its own name. Only who asks for the content
// ("/log/",
// "/log/.") gets that next to what is in the target. It is the container that says whether it sends
// a file or a directory; without the name of its own it could choose what it writes over.
CopyPlace copy_place(bool is_file, std::string_view source, std::string_view target,
                     bool target_is_directory);

}  // namespace podctl::cli
