// CVE-2020-10749: a pod that sends router advertisements must not become anybody's router.
#include <net/if.h>
#include <netinet/icmp6.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "patience.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/net/pod_link.hpp"
#include "podctl/net/report.hpp"
#include "root/net_support.hpp"

namespace podctl::net {
namespace {

class ROOT_Advertisement : public NetTest {};

PodLinkSpec pod_spec(const char* name, const char* address) {
  PodLinkSpec spec;
  spec.bridge = "podctltest0";
  spec.host_ifname = name;
  spec.addresses = {prefix(address)};
  return spec;
}

UniqueFd pod(const PodLinkSpec& spec) {
  UniqueFd netns = new_netns();
  auto link = PodLink::open(netns.get());
  EXPECT_TRUE(link && link->add_veth(spec) && link->configure(spec));
  return netns;
}

// A router advertisement with a lifetime of 1800 s to all nodes, from eth0's link-local address.
void advertise() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
  const int hops = 255;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
  nd_router_advert packet{};
  packet.nd_ra_type = ND_ROUTER_ADVERT;
  packet.nd_ra_router_lifetime = htons(1800);
  socklen_t size = 0;
  auto to = socket_address(ip("ff02::1"), 0, size);
  reinterpret_cast<sockaddr_in6*>(&to)->sin6_scope_id = ::if_nametoindex("eth0");
  for (int i = 0; i < 40; ++i) {  // until the link-local address is usable
    if (::sendto(fd.get(), &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&to), size) > 0)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ADD_FAILURE() << "no advertisement could be sent";
}

int default_routes(Socket& socket) {
  int count = 0;
  const auto all_routes = routes(socket).value();  // a temporary would end before the loop
  for (const Route& route : all_routes) {
    if (route.destination.length == 0 && route.destination.address.family == 6) ++count;
  }
  return count;
}

TEST_F(ROOT_Advertisement, CVE_2020_10749) {
  ASSERT_TRUE(ensure_bridge({"podctltest0", {prefix("fd12:3456:789a::1/64")}, 0}));
  const UniqueFd evil = pod(pod_spec("vethtest1", "fd12:3456:789a::2/64"));
  const UniqueFd victim = pod(pod_spec("vethtest2", "fd12:3456:789a::3/64"));
  // The victim's link-local address is usable too, so nothing but accept_ra keeps it safe.
  std::this_thread::sleep_for(std::chrono::milliseconds(2000));
  inside(evil.get(), advertise);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  auto pod_socket = Socket::open_in(victim.get());
  auto host_socket = Socket::open();
  ASSERT_TRUE(pod_socket && host_socket);
  EXPECT_EQ(default_routes(*pod_socket), 0);
  EXPECT_EQ(default_routes(*host_socket), 0);
  // The same message does make a router where it is heard: the test itself works.
  inside(victim.get(), [] { std::ofstream("/proc/sys/net/ipv6/conf/eth0/accept_ra") << "1"; });
  EXPECT_TRUE(eventually([&] {
    inside(evil.get(), advertise);
    return default_routes(*pod_socket) == 1;
  }));
}

}  // namespace
}  // namespace podctl::net
