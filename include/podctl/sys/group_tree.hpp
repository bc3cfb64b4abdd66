// Giving a volume to its pod's fsGroup. Used by runtime before a pod's containers start; the tree
// may be another pod's too, and nothing in it is trusted.
#pragma once

#include <string>

#include "podctl/base/error.hpp"

namespace podctl::sys {

// The kubelet's rule for all that lies below `path`, itself included: it is the group's, which may
// read and write, enter directories, and gets what is made in them (k8s pkg/volume/volume_linux.go,
// changeFilePermission). Owners stay; of symlinks only the group changes. `on_mismatch`: leaves the
// tree alone where its top is so already (fsGroupChangePolicy OnRootMismatch).
Result<void> give_tree_to_group(const std::string& path, unsigned gid, bool on_mismatch);

}  // namespace podctl::sys
