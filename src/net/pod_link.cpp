#include "podctl/net/pod_link.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>

#include "net/messages.hpp"
#include "net/netns.hpp"
#include "net/sysctl.hpp"
#include "podctl/base/text.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/net/report.hpp"

namespace podctl::net {
namespace {

constexpr int kLoopback = 1;  // the first link of every network namespace

// The other end, as one attribute: its header, name, MAC and namespace. It cannot be born up: until
// both ends exist, veth's open is ENOTCONN.
void put_peer(nl_msg* message, const PodLinkSpec& spec, std::uint32_t mtu, int netns) {
  nlattr* peer = nla_nest_start(message, VETH_INFO_PEER);
  ifinfomsg info{};
  nlmsg_append(message, &info, sizeof info, NLMSG_ALIGNTO);
  put_text(message, IFLA_IFNAME, spec.pod_ifname);
  put_mac(message, PodLink::mac(spec));
  if (mtu != 0) nla_put_u32(message, IFLA_MTU, mtu);
  nla_put_u32(message, IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns));
  nla_nest_end(message, peer);
}

Message new_veth(const PodLinkSpec& spec, const Link& bridge, int netns) {
  const std::uint32_t mtu = spec.mtu != 0 ? spec.mtu : bridge.mtu;
  Message message = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP);
  put_text(message.get(), IFLA_IFNAME, spec.host_ifname);
  if (mtu != 0) nla_put_u32(message.get(), IFLA_MTU, mtu);
  nla_put_u32(message.get(), IFLA_MASTER, static_cast<std::uint32_t>(bridge.index));
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, "veth");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
  put_peer(message.get(), spec, mtu, netns);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return message;
}

Failure explained(Error error, const PodLinkSpec& spec) {
  if (error.sys_errno == EXFULL) {
    return fail(Code::kExhausted, "attach veth to", spec.bridge,
                "the bridge has its " + std::to_string(kMaxPorts) + " ports; use a second --root");
  }
  if (error.sys_errno == EEXIST) {
    return fail(Code::kAlreadyExists, "make veth", spec.host_ifname, "a link of that name exists");
  }
  if (error.sys_errno == EOPNOTSUPP) {
    return fail(Code::kUnsupported, "make veth", spec.host_ifname, "this kernel lacks CONFIG_VETH");
  }
  return Failure(std::move(error));
}

}  // namespace

std::string PodLink::mac(const PodLinkSpec& spec) {
  std::string digits;
  for (const IpPrefix& prefix : spec.addresses) {
    if (prefix.address.family != 4) continue;
    for (int i = 0; i < 4; ++i)
      digits += text::hex(prefix.address.bytes[static_cast<std::size_t>(i)], 2);
    break;
  }
  if (digits.empty()) digits = text::hex(text::hash64(spec.host_ifname), 8);
  std::string mac = "0a:58";
  for (std::size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

Result<PodLink> PodLink::open(int netns) {
  Socket host = TRY(Socket::open());
  Socket pod = TRY(in_netns(netns, []() -> Result<Socket> {
    // Routers are configured, not heard: another pod could pose as one (CVE-2020-10749). Before
    // eth0 exists.
    TRY(write_sysctl("/proc/sys/net/ipv6/conf/default/accept_ra", "0", true));
    return Socket::open();
  }));
  return PodLink(netns, std::move(host), std::move(pod));
}

Result<void> PodLink::add_veth(const PodLinkSpec& spec) {
  for (const std::string& name : {spec.host_ifname, spec.pod_ifname}) {
    if (name.empty() || name.size() >= IFNAMSIZ) {
      return fail(Code::kInvalidArgument, "make veth", name, "a link's name has 1-15 characters");
    }
  }
  const Link bridge = TRY_CONTEXT(link(host_, spec.bridge), "attach the pod to its bridge");
  auto made = host_.call(new_veth(spec, bridge, netns_), "make veth", spec.host_ifname);
  if (!made) return explained(std::move(made).error(), spec);
  return {};
}

Result<void> PodLink::loopback_up() { return pod_.call(set_up(kLoopback), "bring up", "lo"); }

Result<void> PodLink::configure(const PodLinkSpec& spec) {
  const int index = TRY(link(pod_, spec.pod_ifname)).index;
  std::vector<Socket::Step> steps;
  steps.push_back({set_up(kLoopback), "bring up", "lo"});
  for (const IpPrefix& prefix : spec.addresses) {
    steps.push_back(
        {new_address(index, prefix), "add address to " + spec.pod_ifname, prefix.str()});
  }
  steps.push_back({set_up(index), "bring up", spec.pod_ifname});
  for (const IpAddress& gateway : spec.gateways) {
    steps.push_back({new_default_route(index, gateway), "add default route by", gateway.str()});
  }
  return pod_.batch(std::move(steps));
}

Result<void> delete_link(const std::string& name) {
  Socket socket = TRY(Socket::open());
  Message message = link_request(RTM_DELLINK, 0, 0, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  auto deleted = socket.call(std::move(message), "delete link", name);
  if (!deleted && deleted.error().code == Code::kNotFound) return {};
  return deleted;
}

}  // namespace podctl::net
