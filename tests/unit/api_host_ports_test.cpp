// Which ports of the machine a pod asks for, and which of two exclude each other.
#include <gtest/gtest.h>

#include "podctl/api/host_ports.hpp"

namespace podctl::api {
namespace {

Container with_port(std::int32_t port) {
  Container container;
  container.ports.push_back({.hostPort = port, .containerPort = 80});
  return container;
}

TEST(HostPorts, ThoseOfWhatRunsForLong) {
  Pod pod;
  pod.spec.containers = {with_port(1), with_port(0)};
  pod.spec.initContainers = {with_port(2), with_port(3)};
  pod.spec.initContainers[1].restartPolicy = "Always";
  const auto uses = host_ports(pod);
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].port, 3);
  EXPECT_EQ(uses[1].port, 1);
  EXPECT_EQ(uses[1].container_port, 80);
}

TEST(HostPorts, CollideByPortProtocolAndAddress) {
  const auto use = [](const char* protocol, const char* address, std::int32_t port) {
    return HostPortUse{protocol, address, port, 80};
  };
  EXPECT_TRUE(collide(use("TCP", "", 80), use("TCP", "", 80)));
  EXPECT_TRUE(collide(use("TCP", "10.0.0.1", 80), use("TCP", "", 80)));
  EXPECT_TRUE(collide(use("TCP", "0.0.0.0", 80), use("TCP", "10.0.0.1", 80)));
  EXPECT_TRUE(collide(use("TCP", "10.0.0.1", 80), use("TCP", "10.0.0.1", 80)));
  EXPECT_TRUE(collide(use("TCP", "::", 80), use("TCP", "::0", 80)));
  EXPECT_TRUE(collide(use("TCP", "::", 80), use("TCP", "", 80)));
  EXPECT_FALSE(collide(use("TCP", "10.0.0.1", 80), use("TCP", "10.0.0.2", 80)));
  EXPECT_FALSE(collide(use("TCP", "::1", 80), use("TCP", "::2", 80)));
  EXPECT_FALSE(collide(use("TCP", "", 80), use("UDP", "", 80)));
  EXPECT_FALSE(collide(use("TCP", "", 80), use("TCP", "", 81)));
}

}  // namespace
}  // namespace podctl::api
