// A root's bridge: made once, found again, removed by reset. Used by podctld and podctl-cri, never
// by a shim.
//
// Netlink only; acts in the caller's network namespace. NAT rules are nat's, addresses are chosen
// by ipam.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"

namespace podctl::net {

inline constexpr std::size_t kMaxPorts = 1023;  // BR_MAX_PORTS - 1, linux/net/bridge/br_private.h

struct BridgeSpec {
  std::string name;                 // Layout::bridge()
  std::vector<IpPrefix> addresses;  // the gateways, each with its subnet's length
  std::uint32_t mtu = 0;            // 0: the kernel's default
};

// Makes the bridge, or completes one that is there: up, a MAC of its own that never changes with
// its ports, the addresses (NODAD: usable at once), no router advertisements heard
// (CVE-2020-10749). Returns its interface index. Idempotent. kAlreadyExists when a link of that
// name is not a bridge.
Result<int> ensure_bridge(const BridgeSpec& spec);
// A bridge that is gone is no error.
Result<void> remove_bridge(const std::string& name);

// Lets what comes from 127.0.0.1 out to the bridge, and its answers in (ip-sysctl.rst,
// route_localnet): for host ports. Whoever calls it has closed the way from the bridge to what
// listens on loopback (nat/ports.hpp).
Result<void> route_loopback(const std::string& bridge);

// The MAC a bridge of this name gets: locally administered, from the name's hash.
std::string bridge_mac(const std::string& name);

}  // namespace podctl::net
