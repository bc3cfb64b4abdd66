// The host's forwarding switches: turned on for pods, recorded, and put back by the last root's
// reset.
//
// Used by podctld and podctl-cri once a root. The record is one text file shared by all roots of
// the machine
// ("<sysctl> <value before> <value written>" a line); the caller holds the global lock while
// calling.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::net {

struct SysctlChange {
  std::string name;  // with slashes: "net/ipv4/ip_forward"
  std::string before, after;
  bool operator==(const SysctlChange&) const = default;
};

// Turns on IPv4 and IPv6 forwarding where it is off. Before IPv6's: accept_ra 1 becomes 2 on every
// interface (ip-sysctl.rst: a forwarding host ignores router advertisements unless it is 2), or the
// host would lose its default route. Each change is in `record` before it is made, so a crash
// between loses nothing. `proc_sys` is for tests.
Result<void> enable_forwarding(const std::string& record,
                               const std::string& proc_sys = "/proc/sys");

// Puts back, newest first, every recorded value that still is what we wrote, and removes the
// record. What somebody else has changed since stays theirs.
Result<void> restore_sysctls(const std::string& record, const std::string& proc_sys = "/proc/sys");

Result<std::vector<SysctlChange>> recorded_sysctls(const std::string& record);

}  // namespace podctl::net
