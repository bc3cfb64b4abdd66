// Groups on the real kernel, whatever its layout: limits that hold, counters that count, kill,
// removal.
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "patience.hpp"
#include "root/cgroup_support.hpp"
#include "scratch.hpp"

namespace podctl::cgroup {
namespace {

using std::chrono::milliseconds;

CgroupResources typical() {
  CgroupResources r;
  r.cpu_shares = 512;
  r.cpu_quota_us = 50000;
  r.cpu_period_us = 100000;
  r.memory_limit = 64 << 20;
  r.pids_limit = 50;
  return r;
}

class ROOT_Group : public CgroupTest {};

TEST_F(ROOT_Group, HasTheLimitsItWasGiven) {
  Group pod = must_create("pods/burstable/pod1", typical());
  EXPECT_EQ(limit(pod, "pids.max"), "50");
  EXPECT_EQ(limit(pod, v2(Controller::kMemory) ? "memory.max" : "memory.limit_in_bytes"),
            "67108864");
  if (v2(Controller::kCpu)) {
    EXPECT_EQ(limit(pod, "cpu.weight"), "59");
    EXPECT_EQ(limit(pod, "cpu.max"), "50000 100000");
  } else {
    EXPECT_EQ(limit(pod, "cpu.shares"), "512");
    EXPECT_EQ(limit(pod, "cpu.cfs_quota_us"), "50000");
  }
}

TEST_F(ROOT_Group, MakesOnlyTheDirectoriesThatAValueNeeds) {
  Group pause = must_create("pods/pod1/pause", {});
  EXPECT_TRUE(pause.controllers().empty());
  EXPECT_EQ(pause.directories().size(), tree_->hierarchy().unified() != nullptr ? 1U : 0U);
  EXPECT_TRUE(must_enter(pause).tasks.empty());
}

TEST_F(ROOT_Group, WhatAChildWillNeedIsMadeAheadAndGoesWithTheGroup) {
  const GroupOptions container{.count = true, .close_devices = true, .devices = {}};
  Group pod = must_create("pods/pod1", {});
  ASSERT_TRUE(tree_->expect_child("pods/pod1", container));
  const std::string memory = tree_->root(Controller::kMemory) + "/pods/pod1";
  EXPECT_EQ(::access(memory.c_str(), F_OK), 0) << memory;
  Group web = must_create("pods/pod1/web", typical(), container);
  EXPECT_TRUE(web.remove());
  ASSERT_TRUE(pod.remove());
  EXPECT_NE(::access(memory.c_str(), F_OK), 0) << memory;
}

TEST_F(ROOT_Group, AChildIsBornInsideAndCounted) {
  Group pod = must_create("pods/pod1", typical());
  Group web = must_create("pods/pod1/web", typical(), {.count = true, .close_devices = true});
  const pid_t child = spawn_in(must_enter(web), [] {
    // More than the kernel charges ahead for each CPU.
    std::vector<char> memory(1 << 20, 'x');
    volatile char* byte = memory.data();
    while (*byte != 0) *byte = 'y';
    return 0;
  });
  ASSERT_GT(child, 0);
  EXPECT_TRUE(eventually([&] {
    const auto so_far = web.stats();
    return so_far && so_far->cpu_usage_us > 1000 && so_far->memory_current > 1 << 20;
  }));
  EXPECT_EQ(web.procs().value(), std::vector<pid_t>{child});
  EXPECT_EQ(pod.procs(true).value(), std::vector<pid_t>{child});
  auto stats = web.stats();
  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_EQ(stats->pids_current, 1U);
  EXPECT_EQ(stats->oom_kills, 0U);
  ASSERT_TRUE(web.kill());
  EXPECT_EQ(WTERMSIG(wait_status(child)), SIGKILL);
  EXPECT_TRUE(web.wait_empty(patience(milliseconds(10000))));
  EXPECT_TRUE(web.remove());
  EXPECT_TRUE(pod.remove());
  EXPECT_EQ(tree_->find("pods/pod1/web").error().code, Code::kNotFound);
}

TEST_F(ROOT_Group, TheKernelCountsAnOomKill) {
  CgroupResources r = typical();
  r.memory_limit = 16 << 20;
  Group web = must_create("pods/pod1/web", r, {.count = true});
  const pid_t child = spawn_in(must_enter(web), [] {
    const std::size_t size = 64 << 20;
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(memory, 1, size);
    return 0;
  });
  const int status = wait_status(child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  EXPECT_EQ(web.stats().value().oom_kills, 1U);
}

TEST_F(ROOT_Group, AForkBombStopsAtThePidsLimit) {
  CgroupResources r;
  r.pids_limit = 10;
  Group web = must_create("pods/pod1/web", r, {.count = true});
  const pid_t child = spawn_in(must_enter(web), [] {
    int made = 0;
    while (made < 100 && ::fork() > 0) ++made;
    if (made > 0 && made < 100) ::pause();
    ::pause();
    return 0;
  });
  EXPECT_TRUE(eventually([&] {
    const auto so_far = web.stats();
    return so_far && so_far->pids_max_events > 0;
  }));
  auto stats = web.stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->pids_current, 10U);
  ASSERT_TRUE(web.kill());
  wait_status(child);
  EXPECT_TRUE(web.wait_empty(patience(milliseconds(10000))));
}

TEST_F(ROOT_Group, ThrottlingIsCounted) {
  CgroupResources r;
  r.cpu_quota_us = 5000;
  Group web = must_create("pods/pod1/web", r, {.count = true});
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = spawn_in(must_enter(web), [] {
    for (;;) {
    }
    return 0;
  });
  EXPECT_TRUE(eventually([&] {
    const auto so_far = web.stats();
    // For how long is known once it runs again.
    return so_far && so_far->cpu_throttled_periods >= 3 && so_far->cpu_throttled_us > 0;
  }));
  auto stats = web.stats();
  const std::chrono::microseconds passed(std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin));
  ASSERT_TRUE(stats);
  EXPECT_GE(stats->cpu_periods, stats->cpu_throttled_periods);
  // A twentieth of one CPU is allowed.
  EXPECT_LT(stats->cpu_usage_us, static_cast<std::uint64_t>(passed.count()) / 4);
  ASSERT_TRUE(web.kill());
  wait_status(child);
}

TEST_F(ROOT_Group, MemoryIsProtectedAndSlowedDown) {
  CgroupResources r;
  r.memory_min = 8 << 20;
  r.memory_low = 16 << 20;
  r.memory_high = 32 << 20;
  Group web = must_create("pods/pod1/web", r, {});
  const auto held = [&](const std::string& file) {
    const auto limits = web.limits();
    for (const Limit& limit : *limits) {
      if (limit.file == file) return limit.value;
    }
    return std::string("absent");
  };
  if (!v2(Controller::kMemory)) {
    EXPECT_FALSE(web.controllers().has(Controller::kMemory));  // nothing to write it to
    return;
  }
  EXPECT_EQ(held("memory.min"), "8388608");
  EXPECT_EQ(held("memory.low"), "16777216");
  EXPECT_EQ(held("memory.high"), "33554432");
  r.memory_min = 0;
  r.memory_high = -1;
  ASSERT_TRUE(web.apply(r));
  EXPECT_EQ(held("memory.min"), "0");
  EXPECT_EQ(held("memory.high"), "max");
}

TEST_F(ROOT_Group, WhatIsWrittenIsCounted) {
  Group web = must_create("pods/pod1/web", {}, {.count = true});
  const std::string scratch = scratch_directory("disk"), file = scratch + "/written";
  const pid_t child = spawn_in(must_enter(web), [&file] {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string block(1 << 20, 'x');
    if (::write(fd.get(), block.data(), block.size()) < 0 || ::fsync(fd.get()) != 0) return 1;
    return ::pause();
  });
  struct statfs fs {};
  ASSERT_EQ(::statfs(scratch.c_str(), &fs), 0);
  CgroupStats stats;
  if (fs.f_type != TMPFS_MAGIC) {
    EXPECT_TRUE(eventually([&] {
      stats = {};
      return web.add_disk_use(stats) && stats.io_written >= 1 << 20;
    })) << stats.io_written;
  }
  // cgroup2 tells pressure also of a group without controllers.
  const auto more = web.stats();
  ASSERT_TRUE(more);
  EXPECT_EQ(more->io_pressure.starts_with("some avg10="),
            web.cgroup2() >= 0 && ::access("/proc/pressure/io", F_OK) == 0)
      << more->io_pressure;
  ASSERT_TRUE(web.kill());
  wait_status(child);
  std::filesystem::remove_all(scratch);
}

TEST_F(ROOT_Group, ChangesWhileItRuns) {
  Group web = must_create("pods/pod1/web", typical(), {.count = true});
  const pid_t child = spawn_in(must_enter(web), [] { return ::pause(); });
  const char* memory = v2(Controller::kMemory) ? "memory.max" : "memory.limit_in_bytes";
  for (std::int64_t mib : {32, 128, 16, 256}) {
    CgroupResources r;
    r.memory_limit = mib << 20;
    r.cpu_quota_us = mib * 1000;
    auto applied = web.apply(r);
    ASSERT_TRUE(applied) << applied.error().message();
    EXPECT_EQ(limit(web, memory), std::to_string(mib << 20));
  }
  CgroupResources r;
  r.memory_limit = -1;
  r.cpu_quota_us = -1;
  r.pids_limit = -1;
  ASSERT_TRUE(web.apply(r));
  EXPECT_EQ(limit(web, "pids.max"), "max");
  r = {};
  r.cpuset_cpus = "0";
  EXPECT_EQ(web.apply(r).error().code, Code::kFailedPrecondition);
  ASSERT_TRUE(web.kill());
  wait_status(child);
}

TEST_F(ROOT_Group, CpusetHoldsAProcess) {
  if (!has(Controller::kCpuset)) GTEST_SKIP() << "no cpuset controller";
  CgroupResources r;
  r.cpuset_cpus = "0";
  Group web = must_create("pods/pod1/web", r);
  const pid_t child = spawn_in(must_enter(web), [] {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set) ? 7 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(wait_status(child)), 7);
}

TEST_F(ROOT_Group, IsFoundAgain) {
  must_create("pods/pod1", typical());
  Group web = must_create("pods/pod1/web", typical(), {.count = true, .close_devices = true});
  const pid_t child = spawn_in(must_enter(web), [] { return ::pause(); });
  auto other = Tree::open(name_, MUST(Hierarchy::detect()));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->list("pods").value(), std::vector<std::string>{"pod1"});
  EXPECT_EQ(other->list("pods/pod1").value(), std::vector<std::string>{"web"});
  EXPECT_TRUE(other->list("pods/gone").value().empty());
  auto found = other->find("pods/pod1/web");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->directories(), web.directories());
  EXPECT_EQ(found->entry().value().tasks.size(), web.entry().value().tasks.size());
  ASSERT_TRUE(found->kill());
  wait_status(child);
  EXPECT_TRUE(found->remove());
}

TEST_F(ROOT_Group, IsMadeOnce) {
  must_create("pods/pod1", typical());
  auto again = tree_->create("pods/pod1", typical(), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kAlreadyExists);
  EXPECT_EQ(tree_->create("pods/../x", {}, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(tree_->create("", {}, {}).error().code, Code::kInvalidArgument);
}

TEST_F(ROOT_Group, LeavesNothingWhenAValueIsRefused) {
  CgroupResources r = typical();
  r.cpuset_cpus = "4000";  // no machine of ours has it
  auto group = tree_->create("pods/pod1", r, {});
  ASSERT_FALSE(group);
  EXPECT_EQ(tree_->find("pods/pod1").error().code, Code::kNotFound);
}

TEST_F(ROOT_Group, RemovalWaitsOnlyItsBound) {
  Group web = must_create("pods/pod1/web", typical());
  const pid_t child = spawn_in(must_enter(web), [] { return ::pause(); });
  auto removed = web.remove(milliseconds(50));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Code::kTimedOut);
  EXPECT_EQ(web.wait_empty(milliseconds(20)).error().code, Code::kTimedOut);
  std::thread later([child] {
    std::this_thread::sleep_for(milliseconds(50));
    ::kill(child, SIGKILL);
  });
  EXPECT_TRUE(web.remove(patience(milliseconds(10000))));
  later.join();
  wait_status(child);
}

// The costs of a two-container pod's groups, printed for PERFORMANCE's budget; no assertion on
// time.
TEST_F(ROOT_Group, EnsureKeepsAGroupInUseAndMakesAnEmptyOneAnew) {
  if (tree_->hierarchy().unified() == nullptr) GTEST_SKIP() << "such a group needs cgroup2";
  auto shims = tree_->ensure("shims");
  ASSERT_TRUE(shims) << shims.error().message();
  const pid_t first = spawn_in(must_enter(*shims), [] { return ::pause(); });
  auto same = tree_->ensure("shims");
  ASSERT_TRUE(same) << same.error().message();
  EXPECT_EQ(same->procs(), std::vector<pid_t>{first});
  ASSERT_TRUE(same->kill());
  EXPECT_EQ(wait_status(first), SIGKILL);
  ASSERT_TRUE(same->wait_empty(patience(milliseconds(10000))));
  // Into the old one a child might be born dead (Linux 6.14).
  auto anew = tree_->ensure("shims");
  ASSERT_TRUE(anew) << anew.error().message();
  EXPECT_EQ(wait_status(spawn_in(must_enter(*anew), [] { return 7; })), 7 << 8);
}

TEST_F(ROOT_Group, TheCallerGetsOutOfTheGroupsThatItEnds) {
  if (tree_->hierarchy().unified() == nullptr) GTEST_SKIP() << "such a group needs cgroup2";
  auto shims = tree_->ensure("shims");
  ASSERT_TRUE(shims) << shims.error().message();
  const pid_t child = spawn_in(must_enter(*shims), [this] {
    auto tree = Tree::open(name_, MUST(Hierarchy::detect()));
    if (!tree || !tree->enter("daemon")) return 1;
    if (MUST(tree->find("daemon")).procs() != std::vector<pid_t>{::getpid()}) return 2;
    if (!MUST(tree->find("shims")).procs()->empty()) return 3;
    if (!tree->destroy()) return 4;
    if (MUST(tree->list("")) != std::vector<std::string>{"daemon"}) return 5;
    if (!tree->leave() || !tree->destroy()) return 6;
    return tree->find("").has_value() ? 7 : 0;
  });
  EXPECT_EQ(wait_status(child), 0) << "the step's number is in the high byte";
}

TEST_F(ROOT_Group, TimesOfAPod) {
  using Clock = std::chrono::steady_clock;
  const auto us = [](Clock::duration d) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
  };
  must_create("pods/burstable/pod0/web", typical(), {.count = true, .close_devices = true});
  std::vector<long> makes, removes;
  for (int i = 1; i <= 30; ++i) {
    auto tree = Tree::open(name_, MUST(Hierarchy::detect()));  // a shim opens it once a pod
    const std::string pod = "pods/burstable/pod" + std::to_string(i);
    const auto start = Clock::now();
    std::vector<Group> groups;
    groups.push_back(std::move(*tree->create(pod, typical(), {})));
    groups.push_back(std::move(*tree->create(pod + "/pause", {}, {})));
    for (const char* name : {"/web", "/log"}) {
      groups.push_back(
          std::move(*tree->create(pod + name, typical(), {.count = true, .close_devices = true})));
      (void)must_enter(groups.back());
    }
    const auto made = Clock::now();
    for (auto it = groups.rbegin(); it != groups.rend(); ++it) EXPECT_TRUE(it->remove());
    makes.push_back(us(made - start));
    removes.push_back(us(Clock::now() - made));
  }
  std::sort(makes.begin(), makes.end());
  std::sort(removes.begin(), removes.end());
  std::printf(
      "groups of a two-container pod, us: make median %ld min %ld, remove median %ld min %ld\n",
      makes[15], makes[0], removes[15], removes[0]);
}

}  // namespace
}  // namespace podctl::cgroup
