#include <gtest/gtest.h>

#include "mutate.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/messages.hpp"

namespace podctl::wire {
namespace {

std::string container() {
  ContainerSpec spec;
  spec.id = std::string(64, 'a');
  spec.argv = {"/bin/sh", "-c", "x"};
  spec.rootfs.layers = {"/l/1", "/l/2"};
  spec.mounts.push_back({.kind = MountKind::kHostPath, .source = "/x", .target = "/y"});
  spec.user.groups = {1, 2, 4294967295U};
  spec.security.masked_paths = {"/proc/kcore"};
  spec.resources.cpu_quota_us = -1;
  return encode(spec);
}

std::string sandbox() {
  SandboxSpec spec;
  spec.uid = "u-1";
  spec.hostname = "web";
  spec.sysctls = {{"net.ipv4.tcp_syncookies", "1"}};
  spec.volumes.push_back({.name = "v", .path = "/v"});
  return encode(spec);
}

// A body that is taken is one that could have been written: it is written the same again.
template <class T>
void take(const std::string& body) {
  const auto message = decode<T>(body);
  if (!message) return;
  const std::string written = encode(*message);
  const auto again = decode<T>(written);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(encode(*again), written);
}

TEST(FuzzWireMessages, AreTakenOrRefused) {
  fuzz::run({container(), sandbox()}, [](const std::string& body) {
    take<ContainerSpec>(body);
    take<SandboxSpec>(body);
    take<ExecSpec>(body);
  });
}

}  // namespace
}  // namespace podctl::wire
