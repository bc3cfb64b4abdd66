// Mount tables of real machines: pure v2, hybrid, v1, a container's, and broken ones.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "podctl/cgroup/hierarchy.hpp"

namespace podctl::cgroup {
namespace {

// A directory with a cgroup.controllers file where a cgroup2 mount point is expected.
class FakeTree {
 public:
  FakeTree() {
    std::string path = "/tmp/podctl-test-XXXXXX";
    prefix_ = ::mkdtemp(path.data());
  }
  ~FakeTree() { std::filesystem::remove_all(prefix_); }
  void offer(const std::string& point, const std::string& controllers) {
    std::filesystem::create_directories(prefix_ + point);
    std::ofstream(prefix_ + point + "/cgroup.controllers") << controllers << "\n";
  }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
};

constexpr const char* kHybrid =
    "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    "35 30 0:32 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices\n"
    "39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(Hierarchy, ReadsAHybridLayout) {
  FakeTree tree;
  tree.offer("/sys/fs/cgroup/unified", "");
  auto h = Hierarchy::parse(kHybrid, "4:memory:/user\n2:cpu,cpuacct:/a\n1:name=systemd:/x\n0::/x\n",
                            tree.prefix());
  ASSERT_TRUE(h) << h.error().message();
  EXPECT_EQ(h->mode(), Mode::kHybrid);
  EXPECT_EQ(h->mounts.size(), 4U);  // the named hierarchy is left out
  ASSERT_NE(h->where(Controller::kMemory), nullptr);
  EXPECT_EQ(h->where(Controller::kMemory)->own, "/user");
  EXPECT_EQ(h->where(Controller::kCpu), h->where(Controller::kCpuacct));
  EXPECT_EQ(h->where(Controller::kPids), nullptr);
  EXPECT_FALSE(h->where(Controller::kDevices)->v2);  // v1 has it, so no program is needed
  EXPECT_EQ(h->unified()->own, "/x");
}

TEST(Hierarchy, ReadsPureV2) {
  FakeTree tree;
  tree.offer("/sys/fs/cgroup", "cpuset cpu io memory hugetlb pids rdma misc");
  auto h = Hierarchy::parse("29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n",
                            "0::/user.slice\n", tree.prefix());
  ASSERT_TRUE(h) << h.error().message();
  EXPECT_EQ(h->mode(), Mode::kV2);
  const ControllerSet expected{Controller::kCpu, Controller::kCpuset, Controller::kMemory,
                               Controller::kPids, Controller::kDevices};
  EXPECT_EQ(h->available(), expected);
  EXPECT_EQ(h->mounts[0].own, "/user.slice");
}

TEST(Hierarchy, PrefersTheMountThatShowsMost) {
  FakeTree tree;
  tree.offer("/sys/fs/cgroup", "memory");
  tree.offer("/mnt/part", "memory");
  auto h = Hierarchy::parse(
      "50 1 0:26 /user.slice /mnt/part rw - cgroup2 cgroup2 rw\n"
      "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "0::/\n", tree.prefix());
  ASSERT_TRUE(h) << h.error().message();
  ASSERT_EQ(h->mounts.size(), 1U);
  EXPECT_EQ(h->mounts[0].root, "/");
}

TEST(Hierarchy, UnescapesMountPoints) {
  auto h = Hierarchy::parse("29 23 0:26 / /a\\040b rw - cgroup cgroup rw,pids\n", "1:pids:/\n");
  ASSERT_TRUE(h) << h.error().message();
  EXPECT_EQ(h->mounts[0].point, "/a b");
  EXPECT_EQ(h->mode(), Mode::kV1);
}

TEST(Hierarchy, SaysWhenThereIsNone) {
  auto h = Hierarchy::parse("30 22 0:27 / / rw - ext4 /dev/vda rw\n", "0::/\n");
  ASSERT_FALSE(h);
  EXPECT_EQ(h.error().code, Code::kUnsupported);
}

TEST(Hierarchy, RefusesWhatIsNoMountTable) {
  for (const char* line :
       {"garbage\n", "1 2 3\n", "29 23 0:26 / /a\\04 rw - cgroup cgroup rw,pids\n",
        "29 23 0:26 / relative rw - cgroup cgroup rw,pids\n", "29 23 0:26 / /a rw - cgroup\n",
        "29 23 0:26 / /a\\777 rw - cgroup cgroup rw,pids\n"}) {
    auto h = Hierarchy::parse(line, "");
    ASSERT_FALSE(h) << line;
    EXPECT_EQ(h.error().code, Code::kCorrupt) << line;
  }
  for (const char* own : {"x", "1:pids", "a:pids:/", "1:pids:relative"}) {
    auto h = Hierarchy::parse("29 23 0:26 / /a rw - cgroup cgroup rw,pids\n", own);
    ASSERT_FALSE(h) << own;
    EXPECT_EQ(h.error().code, Code::kCorrupt) << own;
  }
}

TEST(ControllerSet, IsASet) {
  ControllerSet set{Controller::kCpu, Controller::kPids};
  EXPECT_TRUE(set.has(Controller::kPids));
  set.remove(Controller::kPids);
  EXPECT_EQ(set.list(), std::vector<Controller>{Controller::kCpu});
  EXPECT_TRUE(set.minus(set).empty());
  for (std::size_t i = 0; i < kControllerCount; ++i) {
    const auto c = static_cast<Controller>(i);
    EXPECT_EQ(controller_from_name(controller_name(c)), c);
  }
  EXPECT_FALSE(controller_from_name("name=systemd"));
}

}  // namespace
}  // namespace podctl::cgroup
