// What is led to a pod by its host ports.
#include <gtest/gtest.h>

#include "node/host_ports.hpp"

namespace podctl::node {
namespace {

api::Pod pod_with(std::string address, std::int32_t port, std::string protocol = "TCP") {
  api::Pod pod;
  auto& container = pod.spec.containers.emplace_back();
  container.ports.push_back({.hostPort = port,
                             .containerPort = 80,
                             .protocol = std::move(protocol),
                             .hostIP = std::move(address)});
  return pod;
}

wire::NetworkSpec both_families() {
  wire::NetworkSpec net;
  net.addresses = {*IpPrefix::parse("10.9.0.2/20"), *IpPrefix::parse("fd00::2/64")};
  return net;
}

TEST(HostPorts, AreLedInEveryFamilyUnlessAnAddressIsGiven) {
  const auto all = led_ports(pod_with("", 8080, "UDP"), both_families());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].protocol, "udp");
  EXPECT_EQ(all[0].port, 8080);
  EXPECT_EQ(all[0].address.family, 0);
  EXPECT_EQ(all[0].pod.str(), "10.9.0.2");
  EXPECT_EQ(all[0].pod_port, 80);
  EXPECT_EQ(all[1].pod.str(), "fd00::2");
  const auto four = led_ports(pod_with("0.0.0.0", 8080), both_families());
  ASSERT_EQ(four.size(), 1U);
  EXPECT_EQ(four[0].address.family, 0);
  const auto one = led_ports(pod_with("127.0.0.1", 8080), both_families());
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].address.str(), "127.0.0.1");
  auto host = pod_with("", 80);
  host.spec.hostNetwork = true;
  EXPECT_TRUE(led_ports(host, both_families()).empty());
  EXPECT_FALSE(has_host_ports(host));
}

}  // namespace
}  // namespace podctl::node
