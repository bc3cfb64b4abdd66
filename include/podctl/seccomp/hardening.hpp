// The defaults of hardening: capabilities and masked paths as Kubernetes' container runtimes give
// them. Pure functions; used by node (and cri) to fill wire::SecuritySpec. Never asks the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::seccomp {

// Number of a capability, "NET_ADMIN" or "CAP_NET_ADMIN", any case. capabilities(7)
std::optional<int> capability_number(std::string_view name);
// "CAP_NET_ADMIN"; "CAP_63" style for a number without a name.
std::string capability_name(int number);
// Names of the bits of a mask, by number.
std::vector<std::string> capability_names(std::uint64_t mask);

// containerd's default set: CHOWN, DAC_OVERRIDE, FSETID, FOWNER, MKNOD, NET_RAW, SETGID, SETUID,
// SETFCAP, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, KILL, AUDIT_WRITE.
std::uint64_t default_capabilities();
// Every capability this build knows a name for.
std::uint64_t all_capabilities();

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
