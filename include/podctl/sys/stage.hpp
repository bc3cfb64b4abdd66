// The mount namespace on which containers' roots are put together. It holds a tmpfs, read-only and
// empty but for the null device, and nothing of the host.
//
// Made once for a pod by pause, which has the pod's mounts; a container's mount namespace is a copy
// of it, entered by init. To leave the host's mounts behind (pivot_root, then MNT_DETACH) waits for
// an expedited RCU grace period: where every CPU is at work for another container's start, for up
// to 1.6 ms. In a copy of the stage there is nothing to leave behind. pivot_root(2), setns(2),
// mount_namespaces(7). The callers must have one thread.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// `target`: any directory, mounted over for a moment in a copy of the caller's mount namespace. An
// error may leave the caller in that copy. The host's /proc and /dev must be in view.
Result<UniqueFd> make_stage(const std::string& target);
// A copy of the stage becomes the caller's mount namespace and "/" its tmpfs. Yields its null
// device: the only one whose mount can be cloned here, and surely it (CVE-2025-31133).
// `users`: a user namespace, whose root the caller becomes on the way (become_root_of), so that the
// copy belongs to it; -1: none.
Result<UniqueFd> enter_stage(int stage, int users = -1);
// Attaches a detached mount over the stage's root: what is mounted on it afterwards is seen.
Result<void> attach_root(int mount_fd);
// Makes that mount "/", and the working directory. What lies under it cannot be reached: ".." at a
// mount over a namespace's own root stays there.
Result<void> enter_root(int mount_fd);

}  // namespace podctl::sys
