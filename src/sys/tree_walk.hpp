// Going through a tree of files that somebody else may be changing meanwhile: follows no symlink,
// enters no other mount, and needs two descriptors however deep the tree is. Used by sys for
// volumes that containers write to: nothing in the tree is trusted.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// Whatever lies below, and `path` itself as "." first; `name` is an entry of the directory. What is
// moved away meanwhile is left where it was lost.
using Visit = std::function<void(int directory, const char* name, const struct stat& st)>;
Result<void> walk_tree(const std::string& path, const Visit& visit);

// A directory, to be read. None, and errno: ELOOP or ENOTDIR where it is none, EXDEV where something
// is mounted, be it of the same file system: what lies there is not the tree's.
UniqueFd open_below(int directory, const char* name);

}  // namespace podctl::sys
