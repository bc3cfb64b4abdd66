// The sandbox that is made before its pod: taken over, replaced, given up, never left behind.
#include <net/if.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "engine_fixture.hpp"
#include "podctl/sys/borrower.hpp"
#include "podctl/sys/process.hpp"

namespace podctl::engine {
namespace {

namespace fs = std::filesystem;

class ROOT_EngineReady : public ROOT_Engine {
 protected:
  static constexpr const char* kNext = "0a1b2c3d-0000-4000-8000-000000000002";

  void SetUp() override {
    // The first is kNext; later ones are nobody's business here.
    new_uid_ = [n = 2]() mutable {
      return "0a1b2c3d-0000-4000-8000-00000000000" + std::to_string(n++);
    };
    ROOT_Engine::SetUp();
  }
  // A first pod, after which another sandbox of its kind is made.
  void create_first() {
    const auto made = create(sandbox());
    ASSERT_TRUE(made) << made.error().message();
  }
  std::optional<std::string> take(const wire::SandboxSpec& like) {
    std::optional<std::string> uid;
    run_until([&] {
      if (!uid) uid = engine_->take_ready(like);
      return uid.has_value();
    });
    return uid;
  }
  bool shim_made(const std::string& uid) {
    return run_until([&] { return fs::exists(layout_.pod_run(uid) + "/shim.pid"); });
  }
  pid_t shim_of(const std::string& uid) const {
    pid_t pid = 0;
    std::ifstream(layout_.pod_run(uid) + "/shim.pid") >> pid;
    return pid;
  }
  bool gone(const std::string& uid) {
    return run_until([&] { return !fs::exists(layout_.pod_run(uid)); });
  }

  // Containers of these names are expected after a pod that has begun with them.
  void begin_first(const std::vector<std::string>& names) {
    create_first();
    // All at once, as podctld starts a pod's containers: what comes after the next sandbox was
    // begun is not expected.
    std::size_t started = 0;
    for (const auto& name : names) {
      engine_->start_container(kUid, container(name, "exec /bin/busybox sleep 1000"),
                               [&started](const auto& info) {
                                 EXPECT_TRUE(info) << info.error().message();
                                 ++started;
                               });
    }
    ASSERT_TRUE(run_until([&] { return started == names.size(); }));
  }
  static std::string group_of(const std::string& container) {
    return std::string("pods/burstable/pod") + kNext + "/" + container;
  }
  // The processes of a container's cgroup in the next pod.
  std::vector<pid_t> procs(const std::string& container) const {
    auto tree = MUST(cgroup::Tree::open(layout_));
    const auto group = tree.find(group_of(container));
    return group ? MUST(group->procs()) : std::vector<pid_t>{};
  }
  bool waits(const std::string& container) {
    return run_until([&] { return procs(container).size() == 1; });
  }
  std::vector<std::string> groups() const {
    auto tree = MUST(cgroup::Tree::open(layout_));
    return MUST(tree.list(std::string("pods/burstable/pod") + kNext));
  }
  void create_next() {
    ASSERT_EQ(take(sandbox(false)), kNext);
    const auto made = create(sandbox(true, kNext));
    ASSERT_TRUE(made) << made.error().message();
  }
  static bool was_handed_over(const wire::ContainerInfo& info) {
    return std::ranges::any_of(info.trace, [](const wire::TraceStep& step) {
      return step.name == "hand over to podctl-init";
    });
  }
};

TEST_F(ROOT_EngineReady, PodTakesOverWhatWasMadeBeforeIt) {
  create_first();
  ASSERT_EQ(take(sandbox(false)), kNext);
  const pid_t shim = shim_of(kNext);
  ASSERT_GT(shim, 0);

  auto spec = sandbox(true, kNext);
  spec.hostname = "second";
  spec.files = {{.name = "hosts", .content = "127.0.0.1 second\n"}};
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(shim_of(kNext), shim);
  std::vector<std::string> steps;
  for (const auto& step : made->trace) steps.push_back(step.name);
  EXPECT_EQ(steps, (std::vector<std::string>{"write pod files", "set names"}));
  EXPECT_EQ(made->pod_mac.substr(0, 5), "0a:58");
  std::ifstream hosts(layout_.pod_run(kNext) + "/files/hosts");
  std::string line;
  std::getline(hosts, line);
  EXPECT_EQ(line, "127.0.0.1 second");

  const auto started =
      start(container("c", "/bin/busybox hostname; /bin/busybox ip -o addr"), kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("c").exit_code, 0);
  const std::string said = log_text("c");
  EXPECT_TRUE(said.starts_with("second\n")) << said;
  EXPECT_NE(said.find(spec.net->addresses[0].str()), std::string::npos) << said;
  EXPECT_TRUE(destroy(kNext));
  expect_pod_gone(kNext);
}

TEST_F(ROOT_EngineReady, FilesAreThereBeforeThePodAndFilledWhenItComes) {
  auto first = sandbox(false);
  first.files = {{.name = "hosts", .content = "127.0.0.1 first\n"}};
  ASSERT_TRUE(create(first));
  ASSERT_EQ(take(sandbox(false)), kNext);
  const std::string hosts = layout_.pod_run(kNext) + "/files/hosts";
  ASSERT_TRUE(fs::exists(hosts));
  EXPECT_EQ(fs::file_size(hosts), 0U);

  auto spec = sandbox(true, kNext);
  spec.files = {{.name = "hosts", .content = "second\n"}, {.name = "more", .content = "third\n"}};
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(fs::file_size(hosts), 7U);
  EXPECT_EQ(fs::file_size(layout_.pod_run(kNext) + "/files/more"), 6U);
  EXPECT_TRUE(destroy(kNext));
  expect_pod_gone(kNext);
}

TEST_F(ROOT_EngineReady, OneThatDoesNotServeIsNotGivenAway) {
  create_first();
  auto other = sandbox(false);
  other.share_pid = true;
  ASSERT_TRUE(shim_made(kNext));
  EXPECT_EQ(engine_->take_ready(other), std::nullopt);
  ASSERT_EQ(take(sandbox(false)), kNext);

  // Whoever asks for another one all the same gets what it asks for.
  auto spec = sandbox(true, kNext);
  spec.share_pid = true;
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  auto main = container("c", "/bin/busybox cat /proc/1/comm");
  main.pid = wire::PidMode::kPod;
  const auto started = start(main, kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("c").exit_code, 0);
  EXPECT_EQ(log_text("c"), "podctl-pause\n");
}

TEST_F(ROOT_EngineReady, AnotherKindOfPodMakesWayForItsOwn) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  const std::string second = "0a1b2c3d-0000-4000-8000-00000000000a";
  auto spec = sandbox(true, second);
  spec.shm_size = 1 << 20;
  ASSERT_TRUE(create(spec));
  EXPECT_TRUE(gone(kNext));
  EXPECT_EQ(take(spec), "0a1b2c3d-0000-4000-8000-000000000003");
}

TEST_F(ROOT_EngineReady, EndsWithThePodctldThatMadeIt) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  const UniqueFd shim = MUST(sys::open_pidfd(shim_of(kNext)));
  abandon();
  EXPECT_TRUE(sys::wait_child(shim.get(), true));
  // The kernel takes the veth down a little after its namespace.
  EXPECT_TRUE(eventually([&] { return ::if_nametoindex(layout_.host_veth(kNext).c_str()) == 0; }));
  expect_pod_gone(kNext);
  EXPECT_TRUE(fs::exists(layout_.pod_run(kUid)));
  open();
  std::vector<RecoveredSandbox> found;
  bool recovered = false;
  engine_->recover([&](auto all) {
    found = std::move(all);
    recovered = true;
  });
  ASSERT_TRUE(run_until([&] { return recovered; }));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].uid, kUid);
}

TEST_F(ROOT_EngineReady, DeadOneIsCleanedAwayAndNobodyHearsOfIt) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  ASSERT_EQ(::kill(shim_of(kNext), SIGKILL), 0);
  EXPECT_TRUE(gone(kNext));
  EXPECT_EQ(engine_->take_ready(sandbox(false)), std::nullopt);
  EXPECT_EQ(death_, "");
}

class ROOT_EngineExpected : public ROOT_EngineReady {
 protected:
  void SetUp() override {
    if (!sys::Borrower::available()) GTEST_SKIP() << "no memory is borrowed in this build";
    ROOT_EngineReady::SetUp();
  }
};

TEST_F(ROOT_EngineExpected, ContainersLikeTheLastPodsWaitForThem) {
  begin_first({"a", "b"});
  ASSERT_TRUE(waits("a"));
  ASSERT_TRUE(waits("b"));
  const auto waiting = procs("a");
  create_next();
  // Both at once, as podctld starts a pod's containers: what is not taken ends when the first start
  // is over.
  const pid_t shim = shim_of(kNext);
  ASSERT_EQ(::kill(shim, SIGSTOP), 0);
  std::map<std::string, wire::ContainerInfo> started;
  for (const std::string name : {"a", "b"}) {
    engine_->start_container(kNext, container(name, "echo " + name), [&, name](auto info) {
      EXPECT_TRUE(info) << info.error().message();
      if (info) started[name] = *info;
    });
  }
  ASSERT_EQ(::kill(shim, SIGCONT), 0);
  ASSERT_TRUE(run_until([&] { return started.size() == 2; }));
  EXPECT_EQ(std::vector<pid_t>{started["a"].pid}, waiting);
  for (const std::string name : {"a", "b"}) {
    EXPECT_TRUE(was_handed_over(started[name]));
    EXPECT_EQ(exit_of(name).exit_code, 0);
    EXPECT_EQ(log_text(name), name + "\n");
  }
  EXPECT_TRUE(destroy(kNext));
  expect_pod_gone(kNext);
}

TEST_F(ROOT_EngineExpected, WhatNobodyTakesEndsWithTheFirstStart) {
  begin_first({"a", "b"});
  ASSERT_TRUE(waits("a"));
  ASSERT_TRUE(waits("b"));
  create_next();
  const auto started = start(container("c", "exec /bin/busybox sleep 1000"), kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_FALSE(was_handed_over(*started));
  EXPECT_TRUE(run_until([&] { return groups() == std::vector<std::string>{"c", "pause"}; }));
  EXPECT_FALSE(fs::exists(layout_.container_lib(kNext, "a", 0)));
}

TEST_F(ROOT_EngineExpected, OneOfAnotherKindMakesWayForItsNamesake) {
  begin_first({"a"});
  ASSERT_TRUE(waits("a"));
  create_next();
  auto other = container("a", "exec /bin/busybox sleep 1000");
  other.resources.memory_limit = 32 << 20;
  const auto started = start(other, kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_FALSE(was_handed_over(*started));
  EXPECT_EQ(procs("a"), std::vector<pid_t>{started->pid});
}

TEST_F(ROOT_EngineExpected, StatsCountWhatIsThePodsOnly) {
  begin_first({"a"});
  ASSERT_TRUE(waits("a"));
  create_next();
  const auto stats = call<wire::SandboxStats>([&](auto cb) { engine_->stats(kNext, cb); });
  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_EQ(groups(), std::vector<std::string>{"pause"});
  ASSERT_FALSE(stats->groups.empty());
  EXPECT_LE(stats->groups[0].stats.pids_current, 1U);
}

TEST_F(ROOT_EngineExpected, OneThatIsKilledIsMadeAgainWithItsContainer) {
  begin_first({"a"});
  ASSERT_TRUE(waits("a"));
  const pid_t waiting = procs("a").front();
  const UniqueFd process = MUST(sys::open_pidfd(waiting));
  ASSERT_EQ(::kill(waiting, SIGKILL), 0);
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ended, 1, 20'000), 1);
  create_next();
  const auto started = start(container("a", "echo there"), kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("a").exit_code, 0);
  EXPECT_EQ(log_text("a"), "there\n");
}

TEST_F(ROOT_EngineExpected, EndsWithItsShimAndWithItsPause) {
  begin_first({"a"});
  ASSERT_TRUE(waits("a"));
  const UniqueFd waiting = MUST(sys::open_pidfd(procs("a").front()));
  ASSERT_EQ(::kill(shim_of(kNext), SIGKILL), 0);
  EXPECT_TRUE(gone(kNext));
  pollfd ended{.fd = waiting.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
}

TEST_F(ROOT_EngineExpected, EndsWithThePodctldThatTookItsSandbox) {
  begin_first({"a"});
  ASSERT_TRUE(waits("a"));
  create_next();
  abandon();
  EXPECT_TRUE(eventually([&] { return groups() == std::vector<std::string>{"pause"}; }));
  open();
  bool recovered = false;
  engine_->recover([&](const auto&) { recovered = true; });
  ASSERT_TRUE(run_until([&] { return recovered; }));
  const auto started = start(container("a", "echo there"), kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("a").exit_code, 0);
}

}  // namespace
}  // namespace podctl::engine
