#include "podctl/nat/ports.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <optional>

#include "nat/flows.hpp"
#include "nat/nft.hpp"
#include "podctl/base/text.hpp"

namespace podctl::nat {
namespace {

namespace json = boost::json;

// A map for each family, and for ports of every address or of one.
struct Map {
  const char* name;
  const char* key;
  const char* value;
  const char* rule;  // what looks it up
};
constexpr std::array<Map, 4> kMaps = {{
    {"hostports4_at", "ipv4_addr . inet_proto . inet_service", "ipv4_addr . inet_service",
     "dnat ip to ip daddr . meta l4proto . th dport map @hostports4_at"},
    {"hostports6_at", "ipv6_addr . inet_proto . inet_service", "ipv6_addr . inet_service",
     "dnat ip6 to ip6 daddr . meta l4proto . th dport map @hostports6_at"},
    {"hostports4", "inet_proto . inet_service", "ipv4_addr . inet_service",
     "dnat ip to meta l4proto . th dport map @hostports4"},
    {"hostports6", "inet_proto . inet_service", "ipv6_addr . inet_service",
     "dnat ip6 to meta l4proto . th dport map @hostports6"},
}};

const char* map_of(const HostPort& port) {
  const bool four = port.pod.family == 4;
  return kMaps.at((port.address.family == 0 ? 2U : 0U) + (four ? 0U : 1U)).name;
}

Result<void> check(const NatSpec& spec, const std::string& owner,
                   const std::vector<HostPort>& ports) {
  if (!text::valid_id(spec.table) || !text::valid_id(spec.bridge) || !text::valid_id(owner))
    return fail(Code::kInvalidArgument, "lead host ports to", owner, "not a valid name");
  for (const HostPort& port : ports) {
    const bool known = port.protocol == "tcp" || port.protocol == "udp" || port.protocol == "sctp";
    const bool fits = port.address.family == 0 || port.address.family == port.pod.family;
    if (!known || !fits || port.pod.family == 0)
      return fail(Code::kInvalidArgument, "lead host port", std::to_string(port.port),
                  "its protocol or family is none that there is");
  }
  return {};
}

std::string chain(const std::string& table, const char* name, const std::string& hook) {
  const std::string spoken = "inet " + table + " " + name;
  return "add chain " + spoken + (hook.empty() ? "" : " { " + hook + " policy accept; }") +
         "\nflush chain " + spoken + "\n";
}

std::string rule(const std::string& table, const char* chain, const std::string& words) {
  return "add rule inet " + table + " " + chain + " " + words + "\n";
}

// What comes for one of the machine's own addresses is looked up. Two things ask for more than
// that:
// - a pod on the same bridge would answer another one past the host, which has to undo the
//   translation: such connections, and those from the host's loopback, get the bridge's address;
// - for loopback the bridge has route_localnet, with which a pod could reach what listens on the
//   host's 127.0.0.1 alone (CVE-2020-8558): nothing that comes from the bridge is from there or for
//   it, and all that says so is dropped before connections are known.
std::string rules(const NatSpec& spec) {
  const std::string& table = spec.table;
  const std::string from_bridge = "iifname \"" + spec.bridge + "\" ";
  const std::string to_bridge = "oifname \"" + spec.bridge + "\" ";
  std::string out;
  for (const Map& map : kMaps) {
    out += "add map inet " + table + " " + map.name + " { type " + map.key + " : " + map.value +
           "; }\n";
  }
  // What a host port leads to our pods is meant for everybody, other roots' pods included.
  out += chain(table, "hostports_forward", "") +
         rule(table, "hostports_forward", "ct status dnat accept");
  out += chain(table, "hostports", "");
  for (const Map& map : kMaps) out += rule(table, "hostports", map.rule);
  out += chain(table, "hostports_in", "type nat hook prerouting priority dstnat;") +
         rule(table, "hostports_in", "fib daddr type local jump hostports");
  out += chain(table, "hostports_own", "type nat hook output priority -100;") +
         rule(table, "hostports_own", "fib daddr type local jump hostports");
  out += chain(table, "hostports_back", "type nat hook postrouting priority srcnat;") +
         rule(table, "hostports_back", to_bridge + "ip saddr 127.0.0.0/8 masquerade");
  for (const IpPrefix& subnet : spec.subnets) {
    const char* family = subnet.address.family == 4 ? "ip" : "ip6";
    out += rule(table, "hostports_back",
                to_bridge + family + " saddr " + subnet.nth(0).str() + "/" +
                    std::to_string(subnet.length) + " ct status dnat masquerade");
  }
  out += chain(table, "hostports_guard", "type filter hook prerouting priority raw;") +
         rule(table, "hostports_guard", from_bridge + "ip saddr 127.0.0.0/8 drop") +
         rule(table, "hostports_guard", from_bridge + "ip daddr 127.0.0.0/8 drop");
  return out;
}

std::string add_element(const std::string& table, const std::string& owner, const HostPort& port) {
  std::string key = port.protocol + " . " + std::to_string(port.port);
  if (port.address.family != 0) key = port.address.str() + " . " + key;
  return "add element inet " + table + " " + map_of(port) + " { " + key + " comment \"" + owner +
         "\" : " + port.pod.str() + " . " + std::to_string(port.pod_port) + " }\n";
}

// The parts of a key or a value as the library prints it: {"concat": ["tcp", 8080]}.
std::vector<std::string> parts_of(const json::value& value) {
  std::vector<std::string> parts;
  const auto* object = value.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains("concat");
  if (list == nullptr || !list->is_array()) return parts;
  for (const json::value& part : list->get_array())
    parts.push_back(part.is_string() ? std::string(part.get_string()) : json::serialize(part));
  return parts;
}

// An element of one of the maps.
struct Lead {
  const char* map = nullptr;
  std::string owner, key;
  bool udp = false;
  IpAddress pod;
  std::uint16_t pod_port = 0;
};

// [{"elem": {"val": KEY, "comment": OWNER}}, VALUE]; nothing when it is something else.
std::optional<Lead> lead_of(const json::value& element) {
  const auto* pair = element.if_array();
  if (pair == nullptr || pair->size() != 2) return std::nullopt;
  const auto* object = (*pair)[0].if_object();
  const auto* inner = object == nullptr ? nullptr : object->if_contains("elem");
  if (inner == nullptr || !inner->is_object()) return std::nullopt;
  const auto* owner = inner->get_object().if_contains("comment");
  const auto* key = inner->get_object().if_contains("val");
  if (owner == nullptr || !owner->is_string() || key == nullptr) return std::nullopt;
  const auto words = parts_of(*key), target = parts_of((*pair)[1]);
  if (words.size() < 2 || target.size() != 2) return std::nullopt;
  Lead lead;
  lead.owner = std::string_view(owner->get_string());
  lead.key = text::join(words, " . ");
  // Its number where the machine has no /etc/protocols to name it by.
  const auto& protocol = words[words.size() - 2];
  lead.udp = protocol == "udp" || protocol == std::to_string(IPPROTO_UDP);
  lead.pod = IpAddress::parse(target[0]).value_or(IpAddress{});
  lead.pod_port = static_cast<std::uint16_t>(text::parse_u64(target[1]).value_or(0));
  return lead;
}

// Where somebody else's table goes while the kernel tells of a map, the list fails as if the map
// were not there.
Result<json::array> list_map(Nft& nft, const std::string& table, const char* map) {
  constexpr int kTries = 5;
  for (int tries = 1;; ++tries) {
    auto listed = nft.list("list map inet " + table + " " + map);
    if (listed || listed.error().code != Code::kNotFound || tries == kTries) return listed;
  }
}

// What the owner has, in all maps.
Result<std::vector<Lead>> leads_of(Nft& nft, const std::string& table, const std::string& owner) {
  std::vector<Lead> leads;
  for (const Map& map : kMaps) {
    const auto listed = list_map(nft, table, map.name);
    if (!listed && listed.error().code == Code::kNotFound) continue;
    if (!listed) return Failure(listed.error());
    for (const json::value& entry : *listed) {
      const auto* object = entry.is_object() ? entry.get_object().if_contains("map") : nullptr;
      const auto* elements = object == nullptr ? nullptr : object->as_object().if_contains("elem");
      if (elements == nullptr || !elements->is_array()) continue;
      for (const json::value& element : elements->get_array()) {
        auto lead = lead_of(element);
        if (!lead || lead->owner != owner) continue;
        lead->map = map.name;
        leads.push_back(std::move(*lead));
      }
    }
  }
  return leads;
}

std::string deletions(const std::string& table, const std::vector<Lead>& leads) {
  std::string commands;
  for (const Lead& lead : leads)
    commands += "delete element inet " + table + " " + lead.map + " { " + lead.key + " }\n";
  return commands;
}

// Flows of datagrams that were for the host itself until now, and those that led to where nothing
// leads any more.
Result<void> forget_old_flows(const std::vector<HostPort>& ports, const std::vector<Lead>& gone) {
  const bool datagrams =
      std::any_of(ports.begin(), ports.end(), [](const auto& p) { return p.protocol == "udp"; }) ||
      std::any_of(gone.begin(), gone.end(), [](const auto& lead) { return lead.udp; });
  if (!datagrams) return {};
  return forget_flows([&](const Flow& flow) {
    if (flow.protocol != IPPROTO_UDP) return false;
    const auto taken = [&](const HostPort& port) {
      return flow.plain() && port.protocol == "udp" && flow.target_port == port.port &&
             flow.target.family == port.pod.family &&
             (port.address.family == 0 || port.address == flow.target);
    };
    const auto led = [&](const Lead& lead) {
      return !flow.plain() && lead.udp && flow.answers_from == lead.pod &&
             flow.answers_port == lead.pod_port;
    };
    return std::any_of(ports.begin(), ports.end(), taken) ||
           std::any_of(gone.begin(), gone.end(), led);
  });
}

std::string listed(const std::vector<HostPort>& ports) {
  std::string text;
  for (const HostPort& port : ports) {
    text += (text.empty() ? "" : ", ") + std::to_string(port.port) + "/" + port.protocol;
  }
  return text;
}

}  // namespace

Result<void> publish_ports(const NatSpec& spec, const std::string& owner,
                           const std::vector<HostPort>& ports) {
  TRY(check(spec, owner, ports));
  Nft nft = TRY(Nft::open());
  const auto before = TRY(leads_of(nft, spec.table, owner));
  std::string commands = rules(spec) + deletions(spec.table, before);
  for (const HostPort& port : ports) commands += add_element(spec.table, owner, port);
  auto done = nft.run(commands, "lead host ports", listed(ports));
  if (done) {
    auto forgotten = forget_old_flows(ports, before);
    if (forgotten) return {};
    const auto added = TRY(leads_of(nft, spec.table, owner));
    (void)nft.run(deletions(spec.table, added), "withdraw host ports of", owner);
    return forgotten;
  }
  if (done.error().code == Code::kPermissionDenied) return done;
  if (done.error().code == Code::kAlreadyExists) {
    return fail(Code::kAlreadyExists, "lead host ports", listed(ports),
                "one of them leads to another pod of this root");
  }
  TRY(check_kernel());  // names the missing option, if that is the cause
  return done;
}

Result<void> withdraw_ports(const std::string& table, const std::string& owner) {
  if (!text::valid_id(table) || !text::valid_id(owner))
    return fail(Code::kInvalidArgument, "withdraw host ports of", owner, "not a valid name");
  auto nft = Nft::open();
  // Where there is no nftables nothing was ever led.
  if (!nft && nft.error().code == Code::kUnsupported) return {};
  if (!nft) return Failure(nft.error());
  const auto leads = TRY(leads_of(*nft, table, owner));
  if (leads.empty()) return {};
  auto done = nft->run(deletions(table, leads), "withdraw host ports of", owner);
  if (!done && done.error().code == Code::kNotFound) return {};  // a reset came in between
  if (!done) return done;
  return forget_old_flows({}, leads);
}

}  // namespace podctl::nat
