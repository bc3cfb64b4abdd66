// What a pod leaves, removed by the names that derive from root and uid: after a shim has died, and
// the last bits after one that has done its work. Blocking; runs on the engine's workers.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/wire/socket.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::engine {

// Pods that have a run directory: of whom something may run.
std::vector<std::string> pods_on_disk(const Layout& layout);
// Exit records that nobody has taken, from the pod's run directory.
std::vector<wire::ExitRecord> read_exits(const Layout& layout, const std::string& uid);
// The process of the shim that listens there; nothing when it ends just now.
UniqueFd process_of(const wire::Socket& socket);
// SIGKILL to everything of the pod, by cgroup: numbers may belong to others by now.
Result<void> kill_pod(const Layout& layout, const std::string& uid);
// All of it: a shim that still listens, processes and cgroups, what clear_pod removes, and last the
// run directory.
Result<void> clean_pod(const Layout& layout, const std::string& uid, const Removal& removal,
                       sys::Remains& remains);
// What a living shim leaves to podctld, once nothing of the pod runs: its files on disk and, unless
// that may come later, its addresses.
Result<void> clear_pod(const Layout& layout, const std::string& uid, const Removal& removal,
                       sys::Remains& remains);
// Waits for the veth to vanish with its namespace (after 5 s deletes it) and frees the addresses.
Result<void> release_network(const Layout& layout, const std::string& uid);

}  // namespace podctl::engine
