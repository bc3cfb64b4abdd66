// Bridge and pod links on the real kernel, in namespaces of the test's own.
#include <net/if.h>
#include <poll.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "patience.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/net/pod_link.hpp"
#include "podctl/net/report.hpp"
#include "podctl/net/watch.hpp"
#include "root/net_support.hpp"

namespace podctl::net {
namespace {

BridgeSpec bridge_spec() {
  BridgeSpec spec;
  spec.name = "podctltest0";
  spec.addresses = {prefix("10.88.0.1/20"), prefix("fd12:3456:789a::1/64")};
  return spec;
}

PodLinkSpec pod_spec(int n) {
  PodLinkSpec spec;
  spec.bridge = "podctltest0";
  spec.host_ifname = "vethtest" + std::to_string(n);
  spec.addresses = {prefix(("10.88.0." + std::to_string(n % 250 + 2) + "/20").c_str()),
                    prefix(("fd12:3456:789a::" + std::to_string(n % 250 + 2) + "/64").c_str())};
  spec.gateways = {ip("10.88.0.1"), ip("fd12:3456:789a::1")};
  return spec;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

class ROOT_PodLink : public NetTest {
 protected:
  UniqueFd pod(int n) {
    UniqueFd netns = new_netns();
    auto link = PodLink::open(netns.get());
    EXPECT_TRUE(link) << link.error().message();
    const PodLinkSpec spec = pod_spec(n);
    auto added = link->add_veth(spec);
    EXPECT_TRUE(added) << added.error().message();
    auto configured = link->configure(spec);
    EXPECT_TRUE(configured) << configured.error().message();
    return netns;
  }
};

TEST_F(ROOT_PodLink, BridgeIsMadeOnce) {
  auto first = ensure_bridge(bridge_spec());
  ASSERT_TRUE(first) << first.error().message();
  auto again = ensure_bridge(bridge_spec());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*first, *again);
  auto socket = Socket::open();
  auto bridge = link(*socket, "podctltest0");
  ASSERT_TRUE(bridge);
  EXPECT_EQ(bridge->kind, "bridge");
  EXPECT_TRUE(bridge->up);
  EXPECT_EQ(bridge->mac, bridge_mac("podctltest0"));
  EXPECT_EQ(content("/proc/sys/net/ipv6/conf/podctltest0/accept_ra"), "0");
  int global = 0;
  const auto all_addresses = addresses(*socket).value();  // a temporary would end before the loop
  for (const Address& address : all_addresses) {
    if (address.index == bridge->index && address.scope == "global") ++global;
  }
  EXPECT_EQ(global, 2);
  EXPECT_TRUE(remove_bridge("podctltest0"));
  EXPECT_TRUE(remove_bridge("podctltest0"));
  EXPECT_FALSE(link_exists("podctltest0"));
}

TEST_F(ROOT_PodLink, BridgeDropsTheAddressOfAnEarlierSubnet) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  BridgeSpec moved = bridge_spec();
  moved.addresses = {prefix("10.89.16.1/20")};
  ASSERT_TRUE(ensure_bridge(moved));
  auto socket = Socket::open();
  std::vector<std::string> seen;
  const auto all_addresses = addresses(*socket).value();  // a temporary would end before the loop
  for (const Address& address : all_addresses) {
    if (address.scope == "global") seen.push_back(address.prefix.str());
  }
  EXPECT_EQ(seen, std::vector<std::string>{"10.89.16.1/20"});
}

TEST_F(ROOT_PodLink, ALinkThatIsNoBridgeIsRefused) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  UniqueFd netns = pod(1);
  BridgeSpec spec = bridge_spec();
  spec.name = "vethtest1";
  EXPECT_EQ(ensure_bridge(spec).error().code, Code::kAlreadyExists);
  spec.name = "a-name-that-is-too-long";
  EXPECT_EQ(ensure_bridge(spec).error().code, Code::kInvalidArgument);
}

TEST_F(ROOT_PodLink, PodsReachTheHostAndEachOtherAtOnce) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  const UniqueFd one = pod(1);
  const UniqueFd two = pod(2);
  const UniqueFd host4 = listener(ip("10.88.0.1"), 8080);
  const UniqueFd host6 = listener(ip("fd12:3456:789a::1"), 8080);
  UniqueFd pod4, pod6;
  inside(two.get(), [&] {
    pod4 = listener(ip("10.88.0.4"), 8080);
    pod6 = listener(ip("fd12:3456:789a::4"), 8080);
  });
  inside(one.get(), [] {
    for (const char* address :
         {"10.88.0.1", "fd12:3456:789a::1", "10.88.0.4", "fd12:3456:789a::4"}) {
      EXPECT_EQ(dial(ip(address), 8080), 0) << address;
    }
    EXPECT_EQ(dial(ip("127.0.0.1"), 8080), ECONNREFUSED);  // loopback is up
  });
  EXPECT_EQ(dial(ip("10.88.0.4"), 8080), 0);
  EXPECT_EQ(dial(ip("fd12:3456:789a::4"), 8080), 0);
}

// The kernel marks a list that changed while it was told; whoever asked must not fail for that.
TEST_F(ROOT_PodLink, AListThatChangesMeanwhileIsReadAnew) {
  // More than one datagram of addresses: between them the kernel looks whether something changed.
  for (int n = 0; n < 5; ++n) {
    BridgeSpec many{.name = "podctlmany" + std::to_string(n), .addresses = {}};
    for (int i = 1; i <= 100; ++i) {
      const std::string text = "10." + std::to_string(100 + n) + "." + std::to_string(i) + ".1/24";
      many.addresses.push_back(prefix(text.c_str()));
    }
    auto made = ensure_bridge(many);
    ASSERT_TRUE(made) << made.error().message();
  }
  std::atomic<bool> ended = false;
  std::thread changer([&ended] {
    BridgeSpec other{.name = "podctltest1", .addresses = {}};
    for (int i = 0; i < 250; ++i) {
      other.addresses = {prefix(i % 2 == 0 ? "10.99.0.1/24" : "10.99.1.1/24")};
      auto changed = ensure_bridge(other);
      EXPECT_TRUE(changed) << changed.error().message();
    }
    ended = true;
  });
  auto socket = Socket::open();
  while (!ended) {
    const auto all = addresses(*socket);
    EXPECT_TRUE(all) << all.error().message();
    EXPECT_TRUE(routes(*socket) && links(*socket));
  }
  changer.join();
}

TEST_F(ROOT_PodLink, ReportShowsBothEnds) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  const UniqueFd one = pod(1);
  auto host = Socket::open();
  auto inner = Socket::open_in(one.get());
  ASSERT_TRUE(inner);
  // The kernel tells of a carrier from a work queue.
  EXPECT_TRUE(eventually(
      [&] { return link(*inner, "eth0")->running && link(*host, "vethtest1")->running; }));
  auto outer_end = link(*host, "vethtest1");
  auto inner_end = link(*inner, "eth0");
  ASSERT_TRUE(outer_end && inner_end);
  EXPECT_EQ(outer_end->kind, "veth");
  EXPECT_EQ(outer_end->peer, inner_end->index);
  EXPECT_EQ(inner_end->peer, outer_end->index);
  EXPECT_EQ(outer_end->master, link(*host, "podctltest0")->index);
  EXPECT_EQ(inner_end->mac, "0a:58:0a:58:00:03");
  EXPECT_TRUE(inner_end->up && outer_end->up);
  int defaults = 0;
  const auto all_routes = routes(*inner).value();  // a temporary would end before the loop
  for (const Route& route : all_routes) {
    if (route.destination.length == 0 && route.gateway) ++defaults;
  }
  EXPECT_EQ(defaults, 2);
  EXPECT_EQ(links(*inner)->size(), links(*host)->size() - 1);  // lo, eth0 against lo, bridge, veth
}

TEST_F(ROOT_PodLink, ErrorsSayWhy) {
  UniqueFd netns = new_netns();
  auto link = PodLink::open(netns.get());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->add_veth(pod_spec(1)).error().code, Code::kNotFound);
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  ASSERT_TRUE(link->add_veth(pod_spec(1)));
  auto taken = link->add_veth(pod_spec(1));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::kAlreadyExists);
  PodLinkSpec bad = pod_spec(1);
  bad.gateways = {ip("10.200.0.1")};
  auto refused = link->configure(bad);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("10.200.0.1"), std::string::npos)
      << refused.error().message();
}

TEST_F(ROOT_PodLink, AVethGoesWithItsNamespaceAndIsTold) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  UniqueFd one = pod(1);
  auto watch = LinkWatch::open();
  ASSERT_TRUE(watch);
  EXPECT_EQ(wait_gone("vethtest1", std::chrono::milliseconds(20)).error().code, Code::kTimedOut);
  one.reset();
  auto gone = wait_gone("vethtest1", patience(std::chrono::milliseconds(30000)));
  ASSERT_TRUE(gone) << gone.error().message();
  // The name is free a moment before the event is out.
  pollfd event{watch->fd(), POLLIN, 0};
  std::vector<std::string> names;
  const auto bound = static_cast<int>(patience(std::chrono::milliseconds(10000)).count());
  while (names.empty() && ::poll(&event, 1, bound) > 0) names = watch->read().value();
  EXPECT_EQ(names, std::vector<std::string>{"vethtest1"});
  EXPECT_TRUE(delete_link("vethtest1"));
}

TEST_F(ROOT_PodLink, TimesOfAPod) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  Stopwatch open, veth, configure, bridge;
  for (int i = 0; i < 20; ++i) {
    const UniqueFd netns = new_netns();
    const PodLinkSpec spec = pod_spec(i);
    open.start();
    auto link = PodLink::open(netns.get());
    open.stop();
    ASSERT_TRUE(link);
    veth.start();
    ASSERT_TRUE(link->add_veth(spec));
    veth.stop();
    configure.start();
    ASSERT_TRUE(link->configure(spec));
    configure.stop();
    bridge.start();
    auto again = ensure_bridge(bridge_spec());
    bridge.stop();
    ASSERT_TRUE(again) << again.error().message();
  }
  open.print("PodLink::open");
  veth.print("add_veth");
  configure.print("configure (IPv4 and IPv6)");
  bridge.print("ensure_bridge again");
}

// linux/net/bridge/br_private.h: BR_MAX_PORTS. Takes seconds, so it fills the bridge once.
TEST_F(ROOT_PodLink, AFullBridgeIsNamed) {
  ASSERT_TRUE(ensure_bridge(bridge_spec()));
  const UniqueFd netns = new_netns();
  auto link = PodLink::open(netns.get());
  ASSERT_TRUE(link);
  Result<void> last;
  std::size_t made = 0;
  while (last && made <= kMaxPorts) {
    PodLinkSpec spec = pod_spec(static_cast<int>(made));
    spec.addresses = {};
    spec.pod_ifname = "eth" + std::to_string(made);
    last = link->add_veth(spec);
    if (last) ++made;
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(made, kMaxPorts);
  EXPECT_EQ(last.error().code, Code::kExhausted) << last.error().message();
}

}  // namespace
}  // namespace podctl::net
