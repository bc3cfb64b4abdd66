// Host ports on the real kernel, in network namespaces of the test's own.
#include <net/if.h>
#include <sys/ioctl.h>

#include <boost/json/serialize.hpp>
#include <cstring>

#include "nat/flows.hpp"
#include "nat/nft.hpp"
#include "podctl/nat/ports.hpp"
#include "root/net_support.hpp"

namespace podctl::nat {
namespace {

NatSpec spec() {
  return {"podctl_test", "podctltest0", "podctl", {prefix("10.90.0.0/20"), prefix("fd12::/64")}};
}

HostPort port(std::uint16_t number, const char* pod = "10.90.0.2", const char* protocol = "tcp") {
  return {.protocol = protocol, .port = number, .address = {}, .pod = ip(pod), .pod_port = 80};
}

class ROOT_HostPorts : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped()) return;
    if (auto able = check_kernel(); !able) GTEST_SKIP() << able.error().message();
    ASSERT_TRUE(ensure_nat(spec()));
  }
  // How often the owner is named in all that there is.
  static int own(std::string_view owner) {
    const auto objects = Nft::open().value().list("list ruleset");
    if (!objects) return -1;
    const std::string text = boost::json::serialize(*objects);
    int found = 0;
    for (auto at = text.find(owner); at != std::string::npos; at = text.find(owner, at + 1))
      ++found;
    return found;
  }
};

TEST_F(ROOT_HostPorts, AreTheOwnersUntilTheyAreWithdrawn) {
  auto local = port(443, "10.90.0.2", "udp");
  local.address = ip("127.0.0.1");
  auto done = publish_ports(spec(), "uid-a", {port(80), port(80, "fd12::2"), local});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(own("uid-a"), 3);
  ASSERT_TRUE(publish_ports(spec(), "uid-a", {port(81, "10.90.0.3", "sctp")}));
  EXPECT_EQ(own("uid-a"), 1);
  ASSERT_TRUE(publish_ports(spec(), "uid-b", {port(80)}));
  ASSERT_TRUE(withdraw_ports("podctl_test", "uid-a"));
  ASSERT_TRUE(withdraw_ports("podctl_test", "uid-a"));
  EXPECT_EQ(own("uid-a"), 0);
  EXPECT_EQ(own("uid-b"), 1);
  ASSERT_TRUE(remove_nat("podctl_test"));
  EXPECT_TRUE(withdraw_ports("podctl_test", "uid-b"));
}

TEST_F(ROOT_HostPorts, OfAnotherAreRefusedWhole) {
  ASSERT_TRUE(publish_ports(spec(), "uid-a", {port(80)}));
  const auto refused =
      publish_ports(spec(), "uid-b", {port(81, "10.90.0.3"), port(80, "10.90.0.3")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kAlreadyExists);
  EXPECT_EQ(refused.error().message(),
            "lead host ports 81/tcp, 80/tcp: one of them leads to another pod of this root");
  EXPECT_EQ(own("uid-b"), 0);
}

TEST_F(ROOT_HostPorts, WordsThatAreCommandsAreRefused) {
  EXPECT_EQ(publish_ports(spec(), "x\" }; flush ruleset", {port(80)}).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(publish_ports(spec(), "uid-a", {port(80, "10.90.0.2", "tcp; drop")}).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(withdraw_ports("podctl_test", "a b").error().code, Code::kInvalidArgument);
}

// Sends one datagram, so that the kernel remembers the flow.
void send_to(const IpAddress& address, std::uint16_t number) {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  socklen_t size = 0;
  const auto where = socket_address(address, number, size);
  ASSERT_EQ(::sendto(fd.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&where), size), 1);
}

int flows_to(std::uint16_t number) {
  int found = 0;
  EXPECT_TRUE(forget_flows([&](const Flow& flow) {
    found += flow.target_port == number ? 1 : 0;
    return false;
  }));
  return found;
}

TEST_F(ROOT_HostPorts, DatagramsOnTheirWayAreLedAnew) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq up{};
  std::strcpy(up.ifr_name, "lo");
  up.ifr_flags = IFF_UP;
  ASSERT_EQ(::ioctl(control.get(), SIOCSIFFLAGS, &up), 0);
  ASSERT_TRUE(publish_ports(spec(), "uid-a", {port(1)}));  // from now on flows are remembered
  send_to(ip("127.0.0.1"), 5353);
  send_to(ip("127.0.0.1"), 5354);
  ASSERT_EQ(flows_to(5353), 1);
  ASSERT_TRUE(publish_ports(spec(), "uid-b", {port(5353, "127.0.0.9", "udp")}));
  EXPECT_EQ(flows_to(5353), 0);
  EXPECT_EQ(flows_to(5354), 1);
  send_to(ip("127.0.0.1"), 5353);
  ASSERT_EQ(flows_to(5353), 1);
  ASSERT_TRUE(withdraw_ports("podctl_test", "uid-b"));
  EXPECT_EQ(flows_to(5353), 0);
}

}  // namespace
}  // namespace podctl::nat
