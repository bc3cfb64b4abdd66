// Closed devices on the real kernel: what is not on the list cannot be opened, even by root with
// the node.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>

#include "root/cgroup_support.hpp"

namespace podctl::cgroup {
namespace {

class ROOT_Devices : public CgroupTest {
 protected:
  void SetUp() override {
    CgroupTest::SetUp();
    std::string path = "/run/podctl-test-XXXXXX";
    dir_ = ::mkdtemp(path.data());
    node("kmsg", 1, 11);
    node("null", 1, 3);
    node("fuse", 10, 229);
  }
  void TearDown() override {
    CgroupTest::TearDown();
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }
  void node(const std::string& name, unsigned major, unsigned minor) {
    ASSERT_EQ(::mknod((dir_ + "/" + name).c_str(), S_IFCHR | 0666, makedev(major, minor)), 0);
  }
  // errno of opening the node inside the group; 0 when it opened.
  int open_inside(const Group& group, const std::string& name, int flags) {
    const std::string path = dir_ + "/" + name;
    const pid_t child = spawn_in(must_enter(group), [&] {
      return ::open(path.c_str(), flags | O_CLOEXEC) >= 0 ? 0 : errno;
    });
    return WEXITSTATUS(wait_status(child));
  }
  int make_inside(const Group& group) {
    const std::string path = dir_ + "/made";
    const pid_t child = spawn_in(must_enter(group), [&] {
      return ::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 11)) == 0 ? 0 : errno;
    });
    const int result = WEXITSTATUS(wait_status(child));
    ::unlink(path.c_str());
    return result;
  }

  std::string dir_;
};

TEST_F(ROOT_Devices, OnlyTheDefaultListOpens) {
  Group web = must_create("pods/pod1/web", {}, {.count = true, .close_devices = true});
  EXPECT_EQ(open_inside(web, "kmsg", O_RDONLY), EPERM);
  EXPECT_EQ(open_inside(web, "kmsg", O_WRONLY), EPERM);
  EXPECT_EQ(open_inside(web, "null", O_RDWR), 0);
  EXPECT_EQ(make_inside(web), 0);  // a node alone opens nothing
}

TEST_F(ROOT_Devices, AnAddedDeviceOpensWithThatAccessOnly) {
  DeviceRule kmsg;
  kmsg.type = 'c';
  kmsg.major = 1;
  kmsg.minor = 11;
  kmsg.access = "r";
  Group web =
      must_create("pods/pod1/web", {}, {.count = true, .close_devices = true, .devices = {kmsg}});
  Group log = must_create("pods/pod1/log", {}, {.count = true, .close_devices = true});
  EXPECT_EQ(open_inside(web, "kmsg", O_RDONLY), 0);
  EXPECT_EQ(open_inside(web, "kmsg", O_WRONLY), EPERM);
  EXPECT_EQ(open_inside(web, "fuse", O_RDWR), EPERM);
  EXPECT_EQ(open_inside(log, "kmsg", O_RDONLY), EPERM);
}

TEST_F(ROOT_Devices, StaysClosedForAnExecIntoAGroupFoundAgain) {
  Group web = must_create("pods/pod1/web", {}, {.count = true, .close_devices = true});
  const pid_t child = spawn_in(must_enter(web), [] { return ::pause(); });
  auto found = Tree::open(name_, MUST(Hierarchy::detect())).value().find("pods/pod1/web");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(open_inside(*found, "kmsg", O_RDONLY), EPERM);
  ASSERT_TRUE(found->kill());
  wait_status(child);
}

TEST_F(ROOT_Devices, APrivilegedContainerKeepsThem) {
  Group web = must_create("pods/pod1/web", {}, {.count = true});
  EXPECT_EQ(open_inside(web, "kmsg", O_RDONLY), 0);
}

}  // namespace
}  // namespace podctl::cgroup
