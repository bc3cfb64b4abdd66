#include "podctl/net/bridge.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/messages.hpp"
#include "net/sysctl.hpp"
#include "podctl/base/text.hpp"
#include "podctl/net/pod_link.hpp"
#include "podctl/net/report.hpp"

namespace podctl::net {
namespace {

Result<void> make(Socket& socket, const BridgeSpec& spec) {
  Message message = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
  put_text(message.get(), IFLA_IFNAME, spec.name);
  put_mac(message.get(), bridge_mac(spec.name));
  if (spec.mtu != 0) nla_put_u32(message.get(), IFLA_MTU, spec.mtu);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, "bridge");
  nla_nest_end(message.get(), info);
  auto made = socket.call(std::move(message), "make bridge", spec.name);
  if (!made && made.error().code == Code::kUnsupported) {
    return fail(Code::kUnsupported, "make bridge", spec.name, "this kernel lacks CONFIG_BRIDGE");
  }
  return made;
}

Result<Link> made_or_found(Socket& socket, const BridgeSpec& spec) {
  auto found = link(socket, spec.name);
  if (!found && found.error().code == Code::kNotFound) {
    auto made = make(socket, spec);
    if (!made && made.error().code != Code::kAlreadyExists) return Failure(std::move(made).error());
    found = link(socket, spec.name);
  }
  const Link bridge = TRY(std::move(found));
  if (bridge.kind != "bridge") {
    return fail(Code::kAlreadyExists, "make bridge", spec.name,
                "a link of that name is not a bridge");
  }
  return bridge;
}

// Addresses of an earlier subnet would still answer for it.
Result<void> drop_others(Socket& socket, int index, const std::vector<Address>& present,
                         const std::vector<IpPrefix>& wanted) {
  for (const Address& address : present) {
    if (address.index != index || address.scope != "global") continue;
    if (std::find(wanted.begin(), wanted.end(), address.prefix) != wanted.end()) continue;
    Message message = new_address(index, address.prefix);
    nlmsg_hdr(message.get())->nlmsg_type = RTM_DELADDR;
    nlmsg_hdr(message.get())->nlmsg_flags = 0;
    TRY(socket.call(std::move(message), "remove address", address.prefix.str()));
  }
  return {};
}

}  // namespace

std::string bridge_mac(const std::string& name) {
  const std::string digits = text::hex(text::hash64("bridge " + name), 10);
  std::string mac = "0e";  // locally administered, unicast
  for (std::size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

Result<int> ensure_bridge(const BridgeSpec& spec) {
  if (spec.name.empty() || spec.name.size() >= IFNAMSIZ) {
    return fail(Code::kInvalidArgument, "make bridge", spec.name,
                "a link's name has 1-15 characters");
  }
  Socket socket = TRY(Socket::open());
  const Link bridge = TRY(made_or_found(socket, spec));
  // A pod could advertise itself as the host's router: CVE-2020-10749. Before the link is up.
  TRY(write_sysctl("/proc/sys/net/ipv6/conf/" + spec.name + "/accept_ra", "0", true));
  std::vector<Socket::Step> steps;
  if (bridge.mac != bridge_mac(spec.name)) {
    Message message = link_request(RTM_SETLINK, 0, bridge.index, 0);
    put_mac(message.get(), bridge_mac(spec.name));
    steps.push_back({std::move(message), "set MAC of bridge", spec.name});
  }
  const std::vector<Address> present = TRY(addresses(socket));
  TRY(drop_others(socket, bridge.index, present, spec.addresses));
  for (const IpPrefix& prefix : spec.addresses) {
    steps.push_back(
        {new_address(bridge.index, prefix), "add address to bridge", prefix.str(), EEXIST});
  }
  if (!bridge.up) steps.push_back({set_up(bridge.index), "bring up bridge", spec.name});
  TRY(socket.batch(std::move(steps)));
  return bridge.index;
}

Result<void> remove_bridge(const std::string& name) { return delete_link(name); }

Result<void> route_loopback(const std::string& bridge) {
  return write_sysctl("/proc/sys/net/ipv4/conf/" + bridge + "/route_localnet", "1", false);
}

}  // namespace podctl::net
