// What is made once a root, blocking: directories, the boot id, the cgroup of the shims, the sealed
// helpers, and the network all pods share. Runs on the engine's workers.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/ipam/subnet.hpp"
#include "podctl/nat/ports.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::engine {

struct Root {
  UniqueFd shim, pause;  // the programs, sealed (CVE-2019-5736)
  cgroup::Group shims;
};

// Another boot's run-time state is swept first. `in_service`: systemd has given this process a
// cgroup and counts on finding it there.
Result<Root> prepare_root(const Layout& layout, const std::string& helpers, bool in_service);

// Subnet, bridge, forwarding, masquerade; idempotent.
Result<ipam::Subnet> prepare_network(const Layout& layout);

// The protection of the groups above the pods; makes those that are missing. cgroup2 only.
Result<void> protect_memory(const Layout& layout, std::int64_t guaranteed, std::int64_t burstable);

// Leads ports of the machine to a pod, those of its loopback too. After prepare_network.
Result<void> publish_ports(const Layout& layout, const ipam::Subnet& subnet, const std::string& uid,
                           const std::vector<nat::HostPort>& ports);

struct SpawnedShim {
  sys::Child child;
  wire::Socket socket;
};
Result<SpawnedShim> spawn_shim(const Root& root, const Layout& layout, const std::string& uid);

// Bridge, nat, subnet, and the host's switches when no other root is left.
Result<void> reset_network(const Layout& layout);

// All of the root that no pod owns. Every pod is gone before.
Result<void> reset_root(const Layout& layout);

}  // namespace podctl::engine
