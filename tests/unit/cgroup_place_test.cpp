// Where a root's groups lie: at the top, in the unit that systemd delegates, or where they already
// are.
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "podctl/cgroup/tree.hpp"
#include "scratch.hpp"

namespace podctl::cgroup {
namespace {

namespace fs = std::filesystem;

class Place : public ::testing::Test {
 protected:
  void SetUp() override {
    prefix_ = scratch_directory("place");
    fs::create_directories(top());
    std::ofstream(top() + "/cgroup.controllers") << "cpu memory pids\n";
  }
  void TearDown() override { fs::remove_all(prefix_); }

  std::string top() const { return prefix_ + "/sys/fs/cgroup"; }
  std::string unit() const { return top() + "/system.slice/podctl-pods.service"; }
  // False where this file system keeps no such attribute.
  bool delegate() const {
    fs::create_directories(unit());
    return ::setxattr(unit().c_str(), "user.delegate", "1", 1, 0) == 0;
  }
  std::string root(bool systemd, const std::string& own,
                   Tree::Home home = Tree::Home::kService) const {
    auto hierarchy = Hierarchy::parse("29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                                      "0::" + own + "\n", prefix_);
    EXPECT_TRUE(hierarchy) << hierarchy.error().message();
    hierarchy->systemd = systemd;
    auto tree = Tree::open("/podctl-0a0a0a0a", std::move(*hierarchy), home);
    EXPECT_TRUE(tree) << tree.error().message();
    return tree->root(Controller::kMemory);
  }

  std::string prefix_;
};

TEST_F(Place, IsTheTopWithoutSystemd) {
  EXPECT_EQ(root(false, "/"), top() + "/podctl-0a0a0a0a");
  EXPECT_EQ(root(false, "/user.slice/x.scope"), top() + "/podctl-0a0a0a0a");
}

TEST_F(Place, IsTheTopWhereSystemdDelegatesNothing) {
  EXPECT_EQ(root(true, "/user.slice/x.scope"), top() + "/podctl-0a0a0a0a");
  fs::create_directories(unit());  // there, but not handed over
  EXPECT_EQ(root(true, "/"), top() + "/podctl-0a0a0a0a");
}

TEST_F(Place, IsTheUnitThatSystemdDelegates) {
  if (!delegate()) GTEST_SKIP() << "no user attributes on " << prefix_;
  EXPECT_EQ(root(true, "/system.slice/podctld.service"), unit() + "/podctl-0a0a0a0a");
  EXPECT_EQ(root(true, "/user.slice/x.scope"), unit() + "/podctl-0a0a0a0a");
}

TEST_F(Place, IsTheTopForEveryOtherRoot) {
  if (!delegate()) GTEST_SKIP() << "no user attributes on " << prefix_;
  EXPECT_EQ(root(true, "/user.slice/x.scope", Tree::Home::kTop), top() + "/podctl-0a0a0a0a");
}

TEST_F(Place, IsWhereTheRootAlreadyIs) {
  if (!delegate()) GTEST_SKIP() << "no user attributes on " << prefix_;
  fs::create_directories(top() + "/podctl-0a0a0a0a");  // made before the unit ran
  EXPECT_EQ(root(true, "/"), top() + "/podctl-0a0a0a0a");
  fs::remove(top() + "/podctl-0a0a0a0a");
  fs::create_directories(top() + "/podctl-0b0b0b0b");  // another root
  EXPECT_EQ(root(true, "/"), unit() + "/podctl-0a0a0a0a");
}

TEST_F(Place, IsAboveTheCallerThatIsInsideAlready) {
  EXPECT_EQ(root(false, "/podctl-0a0a0a0a/shims"), top() + "/podctl-0a0a0a0a");
  // A shim of a unit that has been stopped meanwhile, and so is no longer marked.
  EXPECT_EQ(root(true, "/system.slice/podctl-pods.service/podctl-0a0a0a0a/shims"),
            unit() + "/podctl-0a0a0a0a");
  EXPECT_EQ(root(false, "/podctl-0a0a0a0ab/shims"), top() + "/podctl-0a0a0a0a");
}

}  // namespace
}  // namespace podctl::cgroup
