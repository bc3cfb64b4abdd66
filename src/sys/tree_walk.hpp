// Going through a tree of files that somebody else may be changing meanwhile: follows no symlink,
// enters no other file system, and needs two descriptors however deep the tree is. Used by sys for
// volumes that containers write to: nothing in the tree is trusted.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "podctl/base/error.hpp"

namespace podctl::sys {

// Whatever lies below, and `path` itself as "." first; `name` is an entry of the directory. What is
// moved away meanwhile is left where it was lost.
using Visit = std::function<void(int directory, const char* name, const struct stat& st)>;
Result<void> walk_tree(const std::string& path, const Visit& visit);

}  // namespace podctl::sys
