// A root's subnet: a /20 of IPv4 and a ULA /64 of IPv6, chosen once and kept until reset.
//
// Used by the engine (podctld, podctl-cri). Roots agree through one directory outside every root,
// under one lock (Layout: /run/podctl-subnets). Touches files only; what the host uses is told by
// the caller (net::routes, net::addresses).
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::ipam {

inline constexpr const char* kRegistry = "/run/podctl-subnets";

struct Subnet {
  IpPrefix v4, v6;  // the networks
  IpPrefix gateway4() const { return {v4.nth(1), v4.length}; }
  IpPrefix gateway6() const { return {v6.nth(1), v6.length}; }
  bool operator==(const Subnet&) const = default;
};

// The global lock, for what all roots of the machine share (the registry, sysctls). Held until
// destroyed.
Result<UniqueFd> lock_registry(const std::string& registry = kRegistry);

// The root's subnet, the same every time. The first time, the first /20 of 10.90.0.0
// - 10.95.255.255 that neither another root nor `in_use` (routes and addresses of the host; default
// routes do not count) has; the /64 is fd + a hash of the root + the /20 (RFC 4193). A subnet whose
// root is gone from the disk is free again. kExhausted when all 96 are taken. Takes the lock.
Result<Subnet> acquire_subnet(const Layout& layout, const std::vector<IpPrefix>& in_use,
                              const std::string& registry = kRegistry);
// Roots of the registry that are gone from the disk (somebody deleted the directory without a
// reset), whose links may still hold their subnets; and what ends such an entry. Both under the
// caller's lock_registry.
Result<std::vector<Layout>> deserted_roots(const std::string& registry = kRegistry);
Result<void> forget_root(const Layout& layout, const std::string& registry = kRegistry);
// What acquire_subnet has recorded; kNotFound.
Result<Subnet> recorded_subnet(const Layout& layout);

// What release_subnet answers.
struct Released {
  bool last_root = false;  // no other root is left: the moment to put sysctls back
  UniqueFd lock;  // still held: finish what is shared, then drop it
};
// Gives the root's subnet back (reset, after its bridge is gone).
Result<Released> release_subnet(const Layout& layout, const std::string& registry = kRegistry);

}  // namespace podctl::ipam
