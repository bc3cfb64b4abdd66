// Closing devices: the default allow-list, its text for v1's devices.allow, and the BPF program for
// v2.
//
// Used by Tree::create. Pure but for load(); what is not allowed is refused by the kernel with
// EPERM.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/resources.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::cgroup {

// null zero full random urandom tty console ptmx pts/*, and mknod of anything (a node alone opens
// nothing). OCI runtime-spec config-linux.md "Default Devices", as runc and crun complete it.
const std::vector<DeviceRule>& default_device_rules();

// "c 1:3 rwm", "b *:* m"; 'a' stands alone. devices.allow's syntax (cgroup-v1/devices.rst).
std::string device_rule_text(const DeviceRule& rule);
// kInvalidArgument for a rule that says nothing or something else than r, w, m.
Result<void> check(const DeviceRule& rule);

// The BPF_PROG_TYPE_CGROUP_DEVICE program for the list, as 8-byte instructions.
std::vector<std::uint64_t> device_program(const std::vector<DeviceRule>& rules);
// Loads it: a program descriptor. It lives on by attachment alone.
Result<UniqueFd> load_device_program(const std::vector<DeviceRule>& rules);
// Attaches it to a cgroup2 directory.
Result<void> attach_device_program(int program, int cgroup2);

}  // namespace podctl::cgroup
