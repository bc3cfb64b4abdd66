// A container's root file system: from a list of layer directories to an overlay mount.
//
// Used by init's second half, in the container's own mount namespace. Planning is pure. Knows
// nothing of images; layers are never written. What is written goes with the container: it is not
// kept over a crash of the machine (fsync does nothing), and upper is mounted once. overlayfs:
// https://docs.kernel.org/filesystems/overlayfs.html
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::rootfs {

struct Sources {
  std::vector<std::string> layers;  // absolute directories, topmost first
  std::string upper, work;          // both empty: a mount without a writable layer
};

// mount(2) takes one page of options. Long lists are named relative to their common directory; when
// that does not do either, or a path has a character that is special to overlayfs, layers are named
// by number below /proc/thread-self/fd.
struct OverlayPlan {
  std::string
      directory;  // the working directory that `options` is relative to; empty: absolute paths
  std::string options;
  bool by_descriptor = false;
};
inline constexpr std::size_t kMaxOptions = 4095;  // bytes
inline constexpr std::size_t kMaxLayers = 500;    // OVL_MAX_STACK

// `descriptors`: the layers', then upper's and work's, used when names do not do. kInvalidArgument
// without layers, kUnsupported beyond kMaxLayers.
Result<OverlayPlan> plan_overlay(const Sources& sources, const std::vector<int>& descriptors = {});

// Mounts the overlay over `target` in this mount namespace (its own) and yields the new root. A
// single layer without upper is a read-only bind. Changes the working directory to "/". Needs
// /proc.
Result<UniqueFd> mount_root(const Sources& sources, const std::string& target);

}  // namespace podctl::rootfs
