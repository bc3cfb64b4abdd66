// How much space a tree of files takes on its file system. Used by podctld's workers on volumes
// that containers write to: nothing in the tree is trusted.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/base/error.hpp"

namespace podctl::sys {

// Bytes of the blocks of all that lies below `path`, itself included; a file of several names
// counts once. Follows no symlink, enters no other file system, and needs two descriptors however
// deep the tree is. What changes meanwhile is counted as it was or as it is; a branch that is moved
// away meanwhile is left where it was lost.
Result<std::uint64_t> disk_usage(const std::string& path);

}  // namespace podctl::sys
