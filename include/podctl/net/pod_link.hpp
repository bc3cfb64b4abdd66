// A pod's way out: the veth pair into its network namespace, its loopback, addresses and default
// routes.
//
// Used by the shim (single-threaded); each call is one step of a start, so that it can be timed.
// Every address is NODAD: usable at once. Nothing here deletes a veth on the usual path: dropping
// the namespace does.
//
//   auto pod = TRY(net::PodLink::open(netns));  // first: no router advertisements are heard
//   TRY(pod.add_veth(spec));                    // one RTM_NEWLINK: both ends, namespace, master
//   TRY(pod.configure(spec));                   // lo, addresses, up, routes: one batch
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/net/socket.hpp"

namespace podctl::net {

struct PodLinkSpec {
  std::string bridge;       // must exist
  std::string host_ifname;  // Layout::host_veth
  std::string pod_ifname = "eth0";
  std::vector<IpPrefix> addresses;
  std::vector<IpAddress> gateways;  // a default route each
  std::uint32_t mtu = 0;            // 0: the bridge's
};

class PodLink {
 public:
  // `netns` is borrowed and must stay open until add_veth has returned.
  static Result<PodLink> open(int netns);

  // kNotFound: no such bridge; kAlreadyExists: the host name is taken; kExhausted: the bridge has
  // 1023 ports.
  Result<void> add_veth(const PodLinkSpec& spec);
  Result<void> configure(const PodLinkSpec& spec);
  // Only loopback: for a pod without a veth.
  Result<void> loopback_up();

  // The pod end's MAC: 0a:58 and the IPv4 address, so that a reused address never meets a stale
  // neighbour entry; without IPv4, from the host name's hash.
  static std::string mac(const PodLinkSpec& spec);

 private:
  PodLink(int netns, Socket host, Socket pod)
      : netns_(netns), host_(std::move(host)), pod_(std::move(pod)) {}
  int netns_;
  Socket host_, pod_;
};

// RTM_DELLINK by name: slow (9-25 ms), the last resort for a veth whose namespace somebody else
// holds. A link that is gone is no error.
Result<void> delete_link(const std::string& name);

}  // namespace podctl::net
