// What the cgroup tests share: a tree of their own, processes born in a group, and the check that
// no directory is left. Test code only: clone3 without exec is fine in a single-threaded test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "podctl/cgroup/tree.hpp"

namespace podctl::cgroup {

// Forks a child that is in the group before its first instruction of `body`, whose result is its
// exit code.
inline pid_t spawn_in(const Entry& entry, const std::function<int()>& body) {
  clone_args args{};
  args.exit_signal = SIGCHLD;
  if (entry.cgroup2 >= 0) {
    args.flags = CLONE_INTO_CGROUP;
    args.cgroup = static_cast<__u64>(entry.cgroup2);
  }
  int inside[2];
  if (::pipe2(inside, O_CLOEXEC) != 0) return -1;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid != 0) {
    char end = 0;
    ::close(inside[1]);
    (void)!::read(inside[0], &end, 1);  // until the child has entered
    ::close(inside[0]);
    return pid;
  }
  for (const UniqueFd& fd : entry.tasks) {
    if (::write(fd.get(), "0", 1) != 1) ::_exit(99);
  }
  ::close(inside[0]);
  ::close(inside[1]);
  ::_exit(body());
}

inline int wait_status(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> counter = 0;
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    name_ = "/podctl-test" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    auto tree = Tree::open(name_, MUST(Hierarchy::detect()));
    ASSERT_TRUE(tree) << tree.error().message();
    tree_ = std::make_unique<Tree>(std::move(*tree));
  }

  void TearDown() override {
    if (!tree_) return;
    auto destroyed = tree_->destroy();
    EXPECT_TRUE(destroyed) << destroyed.error().message();
    for (const Mount& mount : tree_->hierarchy().mounts) {
      EXPECT_FALSE(std::filesystem::exists(mount.point + name_))
          << "left behind: " << mount.point + name_;
    }
  }

  bool has(Controller c) const { return tree_->hierarchy().where(c) != nullptr; }
  bool v2(Controller c) const { return has(c) && tree_->hierarchy().where(c)->v2; }

  Group must_create(const std::string& path, const CgroupResources& r,
                    const GroupOptions& options = {}) {
    auto group = tree_->create(path, r, options);
    EXPECT_TRUE(group) << group.error().message();
    return std::move(*group);
  }
  Entry must_enter(const Group& group) {
    auto entry = group.entry();
    EXPECT_TRUE(entry) << entry.error().message();
    return std::move(*entry);
  }
  std::string limit(const Group& group, std::string_view file) {
    auto limits = group.limits();
    EXPECT_TRUE(limits) << limits.error().message();
    for (const Limit& l : *limits) {
      if (l.file == file) return l.value;
    }
    return "";
  }

  std::string name_;
  std::unique_ptr<Tree> tree_;
};

}  // namespace podctl::cgroup
