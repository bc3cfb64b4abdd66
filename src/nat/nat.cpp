#include "podctl/nat/nat.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <thread>

#include "nat/nft.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::nat {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object* part(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* inner = object == nullptr ? nullptr : object->if_contains(key);
  return inner == nullptr ? nullptr : inner->if_object();
}

// Names go into nft's command language: nothing but what our Layout makes.
Result<void> check(const std::string& table, const std::string& bridge) {
  if (!text::valid_id(table))
    return fail(Code::kInvalidArgument, "use nft table", table, "not a valid name");
  if (!text::valid_id(bridge) || bridge.size() >= IFNAMSIZ) {
    return fail(Code::kInvalidArgument, "use bridge", bridge, "not a valid name");
  }
  return {};
}

constexpr const char* kPostrouting =
    "{ type nat hook postrouting priority srcnat; policy accept; }";
constexpr const char* kForward = "{ type filter hook forward priority filter; policy accept; }";

std::string empty_chain(const std::string& chain, const char* hook) {
  return "add chain " + chain + " " + hook + "\nflush chain " + chain + "\n";
}

std::string table_commands(const NatSpec& spec) {
  const std::string chain = "inet " + spec.table + " postrouting";
  const std::string forward = "inet " + spec.table + " forward";
  std::string out = "add table inet " + spec.table + "\n" + empty_chain(chain, kPostrouting) +
                    empty_chain(forward, kForward);
  // Filled by the first host port (ports.cpp).
  out += "add chain inet " + spec.table + " hostports_forward\n";
  out += "add rule " + forward + " jump hostports_forward\n";
  // The host forwards between all its links, so also from another root's bridge to ours.
  out += "add rule " + forward + " oifname \"" + spec.bridge + "\" iifname \"" + spec.bridges +
         "*\" iifname != \"" + spec.bridge + "\" drop\n";
  for (const IpPrefix& subnet : spec.subnets) {
    const char* family = subnet.address.family == 4 ? "ip" : "ip6";
    out += "add rule " + chain + " " + family + " saddr " + subnet.nth(0).str() + "/" +
           std::to_string(subnet.length) + " oifname != \"" + spec.bridge + "\" masquerade\n";
  }
  return out;
}

// Step by step in an empty namespace, so that the first refusal names what is missing.
Result<void> try_features() {
  struct Feature {
    const char* command;
    const char* option;
  };
  constexpr std::array<Feature, 7> kFeatures = {{
      {"add table inet podctl_probe", "CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET"},
      {"add chain inet podctl_probe c { type nat hook postrouting priority 100; }",
       "CONFIG_NFT_NAT and CONFIG_NF_NAT"},
      {"add rule inet podctl_probe c ip saddr 10.0.0.0/8 oifname != \"lo\" masquerade",
       "CONFIG_NFT_MASQ"},
      {"add rule inet podctl_probe c ip6 saddr fd00::/8 oifname != \"lo\" masquerade",
       "CONFIG_NFT_MASQ and CONFIG_IPV6"},
      {"add rule inet podctl_probe c ct status dnat accept", "CONFIG_NFT_CT"},
      {"add chain inet podctl_probe d { type nat hook prerouting priority -100; }",
       "CONFIG_NF_NAT"},
      {"add rule inet podctl_probe d fib daddr type local tcp dport 80 dnat ip to 10.0.0.1:80",
       "CONFIG_NFT_FIB_INET"},
  }};
  Nft nft = TRY(Nft::open());
  for (const Feature& feature : kFeatures) {
    auto done = nft.run(feature.command, "use", "nftables");
    if (done) continue;
    if (done.error().code == Code::kPermissionDenied) return done;
    return fail(
        Code::kUnsupported, "use", "nftables",
        std::string("this kernel lacks ") + feature.option + " (" + done.error().detail + ")");
  }
  return {};
}

std::string mark(const std::string& table) { return "podctl " + table; }

std::vector<ForwardChain> dropping(const json::array& objects) {
  std::vector<ForwardChain> out;
  for (const json::value& value : objects) {
    const auto* chain = part(value, "chain");
    if (chain == nullptr || text_of(*chain, "hook") != "forward" ||
        text_of(*chain, "policy") != "drop")
      continue;
    out.push_back({text_of(*chain, "family"), text_of(*chain, "table"), text_of(*chain, "name")});
  }
  return out;
}

// nft's language has no quoting for table and chain names: only these can be spoken of.
bool speakable(const ForwardChain& chain) {
  const auto plain = [](const std::string& name) {
    return !name.empty() &&
           (std::isalpha(static_cast<unsigned char>(name[0])) != 0 || name[0] == '_') &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
             return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-' || c == '/';
           });
  };
  return plain(chain.table) && plain(chain.chain);
}

std::string spoken(const ForwardChain& chain) {
  return chain.family + " " + chain.table + " " + chain.chain;
}

// All chains of the machine. Where somebody else's table goes while the kernel tells of it, the
// list fails as if what was asked for were not there.
Result<json::array> list_chains(Nft& nft) {
  constexpr int kTries = 20;
  for (int tries = 1;; ++tries) {
    auto listed = nft.list("list chains");
    if (listed || listed.error().code != Code::kNotFound || tries == kTries) return listed;
  }
}

// Handles of the rules in the chain that carry our mark.
Result<std::vector<std::int64_t>> our_rules(Nft& nft, const ForwardChain& chain,
                                            const std::string& comment) {
  std::vector<std::int64_t> out;
  const auto listed = nft.list("list chain " + spoken(chain));
  if (!listed && listed.error().code == Code::kNotFound) return out;  // it has gone meanwhile
  if (!listed) return Failure(listed.error());
  for (const json::value& value : *listed) {
    const auto* rule = part(value, "rule");
    if (rule == nullptr || text_of(*rule, "comment") != comment) continue;
    const auto* handle = rule->if_contains("handle");
    if (handle != nullptr && handle->is_int64()) out.push_back(handle->get_int64());
  }
  return out;
}

Result<void> open_chain(Nft& nft, const ForwardChain& chain, const NatSpec& spec) {
  std::string commands;
  for (const char* direction : {"oifname", "iifname"}) {
    commands += "insert rule " + spoken(chain) + " " + direction + " \"" + spec.bridge +
                "\" counter accept comment \"" + mark(spec.table) + "\"\n";
  }
  return nft.run(commands, "let pods through chain", chain.table + " " + chain.chain);
}

bool legacy_in_use() {
  for (const char* path :
       {"/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names"}) {
    const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
    std::array<char, 256> names{};
    const ssize_t got = fd ? ::read(fd.get(), names.data(), names.size()) : 0;
    if (got > 0 && std::string_view(names.data(), static_cast<std::size_t>(got)).find("filter") !=
                       std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<void> ensure_nat(const NatSpec& spec) {
  TRY(check(spec.table, spec.bridge));
  TRY(check(spec.table, spec.bridges));
  Nft nft = TRY(Nft::open());
  auto made = nft.run(table_commands(spec), "make nft table", spec.table);
  if (made || made.error().code == Code::kPermissionDenied) return made;
  TRY(check_kernel());  // names the missing option, if that is the cause
  return made;
}

Result<ForwardReport> ensure_forward(const NatSpec& spec) {
  TRY(check(spec.table, spec.bridge));
  ForwardReport report;
  report.iptables_legacy = legacy_in_use();
  Nft nft = TRY(Nft::open());
  for (const ForwardChain& chain : dropping(TRY(list_chains(nft)))) {
    if (!speakable(chain)) {
      report.closed.push_back(chain);
      continue;
    }
    if (TRY(our_rules(nft, chain, mark(spec.table))).empty()) TRY(open_chain(nft, chain, spec));
    report.opened.push_back(chain);
  }
  return report;
}

Result<void> remove_nat(const std::string& table) {
  TRY(check(table, "lo"));
  Nft nft = TRY(Nft::open());
  for (const json::value& value : TRY(list_chains(nft))) {
    const auto* chain = part(value, "chain");
    if (chain == nullptr || text_of(*chain, "hook") != "forward") continue;
    const ForwardChain where{text_of(*chain, "family"), text_of(*chain, "table"),
                             text_of(*chain, "name")};
    if (!speakable(where)) continue;  // then no rule of ours is there
    for (std::int64_t handle : TRY(our_rules(nft, where, mark(table)))) {
      TRY(nft.run("delete rule " + spoken(where) + " handle " + std::to_string(handle),
                  "remove rule from", where.table + " " + where.chain));
    }
  }
  auto removed = nft.run("delete table inet " + table, "remove nft table", table);
  if (!removed && removed.error().code == Code::kNotFound) return {};
  return removed;
}

Result<void> check_kernel() {
  Result<void> outcome;
  std::thread probe([&outcome] {
    if (::unshare(CLONE_NEWNET) != 0) {
      outcome = fail_errno(errno, "make", "network namespace");
    } else {
      outcome = try_features();
    }
  });
  probe.join();
  return outcome;
}

}  // namespace podctl::nat
