// Ports of the machine that lead to a pod (hostPort): entries of maps in the root's table, one a
// port, each marked with its pod's uid. The rules that look them up are made with the first entry.
//
// Used by podctld on its workers. Connections from other machines, from the host to any of its
// addresses (IPv4's loopback too) and from pods are led. IPv6's loopback is not, for the kernel
// routes nothing from ::1 to another link; nor is a pod to itself where the kernel shows bridged
// packets to its filters (bridge-nf-call-iptables) and sends none back out of a bridge's same port.
// Acts in the caller's network namespace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/nat/nat.hpp"

namespace podctl::nat {

struct HostPort {
  std::string protocol;    // "tcp", "udp", "sctp"
  std::uint16_t port = 0;  // of the machine
  IpAddress address;       // of the machine; family 0: every one of the pod's family
  IpAddress pod;           // where it leads to
  std::uint16_t pod_port = 0;
};

// Makes these the ports of `owner`, all or none; what it had before goes. kAlreadyExists when
// another owner has one of them; kUnsupported names the kernel option that is missing.
Result<void> publish_ports(const NatSpec& spec, const std::string& owner,
                           const std::vector<HostPort>& ports);
// Takes all of the owner's away. A table that is gone is no error.
Result<void> withdraw_ports(const std::string& table, const std::string& owner);

}  // namespace podctl::nat
