// Pure v1, where no cgroup2 mount helps: shown on any machine that has v1 hierarchies, by not
// looking at its cgroup2.
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

#include "patience.hpp"
#include "root/cgroup_support.hpp"

namespace podctl::cgroup {
namespace {

using std::chrono::milliseconds;

class ROOT_PureV1 : public CgroupTest {
 protected:
  void SetUp() override {
    CgroupTest::SetUp();
    if (!tree_) return;
    Hierarchy hierarchy = Hierarchy::detect().value();
    std::erase_if(hierarchy.mounts, [](const Mount& mount) { return mount.v2; });
    const auto there = [&](Controller c) { return hierarchy.where(c) != nullptr; };
    tree_.reset();
    if (!there(Controller::kFreezer) || !there(Controller::kMemory))
      GTEST_SKIP() << "this machine has no v1 hierarchies";
    tree_ = std::make_unique<Tree>(Tree::open(name_, std::move(hierarchy)).value());
  }
};

TEST_F(ROOT_PureV1, AChildIsBornInsideAndCounted) {
  CgroupResources r;
  r.memory_limit = 64 << 20;
  Group web = must_create("pods/pod1/web", r, {.count = true, .close_devices = true});
  const pid_t child = spawn_in(must_enter(web), [] {
    const std::vector<char> memory(1 << 20, 'x');  // more than is charged ahead for each CPU
    ::pause();
    return static_cast<int>(memory.size() > 0);
  });
  EXPECT_EQ(web.procs().value(), std::vector<pid_t>{child});
  EXPECT_TRUE(eventually([&] { return web.stats().value().memory_current > 1 << 20; }));
  ASSERT_TRUE(web.kill());
  EXPECT_EQ(WTERMSIG(wait_status(child)), SIGKILL);
  EXPECT_TRUE(web.wait_empty(patience(milliseconds(10000))));
  EXPECT_TRUE(web.remove());
}

// Each process of the chain makes the next and goes: a list of pids is old when it has been read.
TEST_F(ROOT_PureV1, AChainOfForksIsKilledToTheLast) {
  for (int round = 0; round < 10; ++round) {
    Group web = must_create("pods/pod1/web" + std::to_string(round), {}, {.count = true});
    const pid_t child = spawn_in(must_enter(web), [] {
      // The dead of the chain come to us and are reaped at once.
      ::prctl(PR_SET_CHILD_SUBREAPER, 1);
      ::signal(SIGCHLD, SIG_IGN);
      if (::fork() != 0) return ::pause();
      while (::fork() == 0) {
      }
      return 0;
    });
    ASSERT_TRUE(web.kill());
    wait_status(child);
    ASSERT_TRUE(web.wait_empty(patience(milliseconds(10000)))) << "a process outlived the kill";
    EXPECT_TRUE(web.remove());
  }
}

}  // namespace
}  // namespace podctl::cgroup
