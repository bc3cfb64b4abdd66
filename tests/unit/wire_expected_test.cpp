// Which containers can be expected, and when two are served by the same init.
#include <gtest/gtest.h>

#include <functional>

#include "podctl/wire/codec.hpp"
#include "podctl/wire/expected.hpp"

namespace podctl::wire {
namespace {

ContainerSpec plain() {
  ContainerSpec spec;
  spec.id = "0123";
  spec.name = "web";
  spec.resources.memory_limit = 64 << 20;
  return spec;
}

std::string encoded(const ContainerSpec& spec) {
  const auto expected = expectation(spec);
  return expected ? encode(*expected) : "nothing";
}

struct Change {
  const char* what;
  std::function<void(ContainerSpec&)> make;
};

TEST(Expectation, IsOfAPlainContainersNameAndResources) {
  const auto expected = expectation(plain());
  ASSERT_TRUE(expected);
  EXPECT_EQ(expected->name, "web");
  EXPECT_EQ(expected->resources.memory_limit, 64 << 20);
}

TEST(Expectation, StaysTheSameWhateverTheContainerRuns) {
  const Change changes[] = {
      {"id", [](auto& c) { c.id = "4567"; }},
      {"argv", [](auto& c) { c.argv = {"other"}; }},
      {"env", [](auto& c) { c.env = {"A=1"}; }},
      {"image", [](auto& c) { c.rootfs.layers = {"/other"}; }},
      {"mounts", [](auto& c) { c.mounts = {{.source = "/a", .target = "/b"}}; }},
      {"user", [](auto& c) { c.user.uid = 1000; }},
      {"seccomp", [](auto& c) { c.security.seccomp = "12345678"; }},
      {"capabilities", [](auto& c) { c.security.capabilities.bounding = 1; }},
      {"limits",
       [](auto& c) {
         c.rlimits = {{7, 1, 1}};
       }},
      {"oom score", [](auto& c) { c.oom_score_adj = 1000; }},
  };
  for (const Change& change : changes) {
    auto spec = plain();
    change.make(spec);
    EXPECT_EQ(encoded(spec), encoded(plain())) << change.what;
  }
}

TEST(Expectation, IsAnotherOneForAnotherCgroup) {
  const Change changes[] = {
      {"name", [](auto& c) { c.name = "db"; }},
      {"memory", [](auto& c) { c.resources.memory_limit = 32 << 20; }},
      {"cpu", [](auto& c) { c.resources.cpu_shares = 2; }},
      {"cpuset", [](auto& c) { c.resources.cpuset_cpus = "0"; }},
  };
  for (const Change& change : changes) {
    auto spec = plain();
    change.make(spec);
    EXPECT_NE(encoded(spec), encoded(plain())) << change.what;
    EXPECT_NE(encoded(spec), "nothing") << change.what;
  }
}

TEST(Expectation, IsNoneWhereTheInitWouldNeedMore) {
  const Change changes[] = {
      {"a restart", [](auto& c) { c.attempt = 1; }},
      {"the pod's processes", [](auto& c) { c.pid = PidMode::kPod; }},
      {"the host's processes", [](auto& c) { c.pid = PidMode::kHost; }},
      {"a container's processes", [](auto& c) { c.pid = PidMode::kTarget; }},
      {"a terminal", [](auto& c) { c.tty = true; }},
      {"an input", [](auto& c) { c.stdin_open = true; }},
      {"all devices", [](auto& c) { c.security.privileged = true; }},
      {"a device", [](auto& c) { c.devices = {{.path = "/dev/fuse"}}; }},
      {"a device's rule",
       [](auto& c) {
         c.device_rules = {{'c', 10, 229, "rwm"}};
       }},
  };
  for (const Change& change : changes) {
    auto spec = plain();
    change.make(spec);
    EXPECT_EQ(encoded(spec), "nothing") << change.what;
  }
}

TEST(Expectation, ADeviceIsGivenByAHostPathOfItsTypeAlone) {
  MountSpec mount{.kind = MountKind::kHostPath, .source = "/dev/fuse", .target = "/dev/fuse"};
  EXPECT_FALSE(gives_device(mount)) << "untyped";
  mount.host_type = HostPathType::kDirectory;
  EXPECT_FALSE(gives_device(mount));
  for (const auto type : {HostPathType::kCharDevice, HostPathType::kBlockDevice}) {
    mount.host_type = type;
    EXPECT_TRUE(gives_device(mount));
    auto part = mount;
    part.sub_path = "x";
    EXPECT_FALSE(gives_device(part));
    auto spec = plain();
    spec.mounts = {mount};
    EXPECT_FALSE(expectation(spec)) << "the cgroup that waits has not its device";
  }
}

}  // namespace
}  // namespace podctl::wire
