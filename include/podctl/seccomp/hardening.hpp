// The defaults of hardening: capabilities and masked paths as Kubernetes' container runtimes give
// them. Pure functions; used by node (and cri) to fill wire::SecuritySpec. Never asks the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::seccomp {

// containerd's default set: CHOWN, DAC_OVERRIDE, FSETID, FOWNER, MKNOD, NET_RAW, SETGID, SETUID,
// SETFCAP, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, KILL, AUDIT_WRITE.
std::uint64_t default_capabilities();

// securityContext.capabilities applied to `base`, in containerd's order: ALL of add, ALL of drop,
// the other adds, the other drops (so a capability named in both is dropped). The result is within
// `available` (what podctld itself has). kInvalidArgument naming the first unknown capability.
Result<std::uint64_t> apply_capabilities(std::uint64_t base, const std::vector<std::string>& add,
                                         const std::vector<std::string>& drop,
                                         std::uint64_t available);

// procMount Default: hidden, and read-only, paths of a container (empty for Unmasked and
// privileged).
const std::vector<std::string>& default_masked_paths();
const std::vector<std::string>& default_readonly_paths();

}  // namespace podctl::seccomp
