// A container's root file system: from a list of layer directories to an overlay mount.
//
// Used by init's first half, with the host's directories in view. Planning is pure. Knows
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

// fsconfig(2) takes short strings. Longer lists are named relative to their common directory; when
// that does not do either, or a path has a character that is special to overlayfs, layers are named
// by number below /proc/thread-self/fd. Beyond some sixty layers only mount(2) takes it, whose
// options fill a page.
struct OverlayPlan {
  std::string directory;  // the working directory that names are relative to; empty: absolute paths
  std::string lower, upper, work;  // names, `lower` with colons between them
  bool by_descriptor = false;

  std::string options() const;  // as mount(2) takes them
  bool short_enough() const;    // each for fsconfig(2)
};
inline constexpr std::size_t kMaxOptions = 4095;  // bytes
inline constexpr std::size_t kMaxLayers = 500;    // OVL_MAX_STACK

// `descriptors`: the layers', then upper's and work's, used when names do not do. kInvalidArgument
// without layers, kUnsupported beyond kMaxLayers.
Result<OverlayPlan> plan_overlay(const Sources& sources, const std::vector<int>& descriptors = {});

// The new root, attached nowhere. A single layer without upper is a read-only bind. Changes the
// working directory to "/". Needs /proc. Only a plan that is not short enough needs `target`, any
// directory, and leaves the caller in a copy of its mount namespace.
// `users`: a user namespace, whose ids those of the layers are (upper and work have the host's);
// -1: none. An overlay cannot be idmapped, so its layers are: in a copy of the caller's mount
// namespace, where the caller is left, over `target`.
Result<UniqueFd> make_root(const Sources& sources, const std::string& target, int users = -1);

}  // namespace podctl::rootfs
