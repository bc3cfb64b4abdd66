// The way out of a root's bridge: one nftables table a root that masquerades and keeps other roots'
// pods out, and the accept rule that a foreign FORWARD policy of drop makes necessary.
//
// Used by podctld and podctl-cri once a root, never by a shim (libnftables is dynamic only); no
// rule a pod. Acts in the caller's network namespace. Never runs a program, never touches a rule it
// has not made.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"

namespace podctl::nat {

struct NatSpec {
  std::string table;              // Layout::nft_table()
  std::string bridge;             // Layout::bridge()
  std::string bridges;            // what the name of every root's begins with
  std::vector<IpPrefix> subnets;  // of the root's pods, IPv4 and IPv6
};

// Makes or completes the table in one transaction: what leaves the subnets by another link than the
// bridge gets the address of that link, and what comes from another root's bridge is dropped.
// Idempotent. kUnsupported names the kernel option that is missing.
Result<void> ensure_nat(const NatSpec& spec);
// Removes the table and our rules in foreign chains. A table that is gone is no error.
Result<void> remove_nat(const std::string& table);

// A base chain on the forward hook whose policy is drop (Docker and many firewalls set one).
struct ForwardChain {
  std::string family, table, chain;  // "ip", "filter", "FORWARD"
  bool operator==(const ForwardChain&) const = default;
};

struct ForwardReport {
  // They let our bridge through: two rules each, marked with our table's name.
  std::vector<ForwardChain> opened;
  // They drop, and their names cannot be written in nft's language: only their owner can open them.
  std::vector<ForwardChain> closed;
  // Legacy tables are in use too; only iptables-legacy can change those.
  bool iptables_legacy = false;
};

// Lets the bridge's traffic through foreign forward chains that drop by policy. Only expressions
// that iptables-nft can read are used, so that the chain's owner still can. Idempotent; call again
// when a firewall was restarted.
Result<ForwardReport> ensure_forward(const NatSpec& spec);

// For doctor: that this kernel can do all of it, tried in a network namespace that is dropped at
// once.
Result<void> check_kernel();

}  // namespace podctl::nat
