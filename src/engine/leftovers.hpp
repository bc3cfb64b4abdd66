// What a pod leaves, removed by the names that derive from root and uid: after a shim has died, and
// the last bits after one that has done its work. Blocking; runs on the engine's workers.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::engine {

// Exit records that nobody has taken, from the pod's run directory.
std::vector<wire::ExitRecord> read_exits(const Layout& layout, const std::string& uid);
// SIGKILL to everything of the pod, by cgroup: numbers may belong to others by now.
Result<void> kill_pod(const Layout& layout, const std::string& uid);
// All of it: processes, cgroups, writable layers, run directory, veth, addresses. Volumes and logs
// stay.
Result<void> clean_pod(const Layout& layout, const std::string& uid);
// Waits for the veth to vanish with its namespace (after 5 s deletes it) and frees the addresses.
Result<void> release_network(const Layout& layout, const std::string& uid);

}  // namespace podctl::engine
