// Pods through a real shim: start, output, ends, exec, removal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "engine_fixture.hpp"

namespace podctl::engine {
namespace {

using ::testing::HasSubstr;

TEST_F(ROOT_Engine, RunsTwoContainersAndTellsTheirEnds) {
  const auto info = create(sandbox());
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_GT(info->pause_pid, 0);
  const auto zero = start(container("zero", "echo out; echo err >&2; printf rest"));
  ASSERT_TRUE(zero) << zero.error().message();
  ASSERT_TRUE(start(container("seven", "exit 7")));
  EXPECT_EQ(exit_of("zero").exit_code, 0);
  EXPECT_EQ(exit_of("seven").exit_code, 7);
  EXPECT_THAT(log_text("zero"), HasSubstr("out\n"));
  EXPECT_THAT(log_text("zero"), HasSubstr("rest\n"));
  for (const auto& step : info->trace) {
    std::printf("%8.3f ms  %s %s %s\n", static_cast<double>(step.duration_ns) / 1e6,
                step.process.c_str(), step.name.c_str(), step.detail.c_str());
  }
  for (const auto& step : zero->trace) {
    std::printf("%8.3f ms  %s %s %s\n", static_cast<double>(step.duration_ns) / 1e6,
                step.process.c_str(), step.name.c_str(), step.detail.c_str());
  }
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

// Containers start side by side; what is asked for before them is not overtaken, and a kill ends
// whatever there is of a container by then.
TEST_F(ROOT_Engine, PipelinedRequestsKeepTheirOrder) {
  auto spec = sandbox();
  std::vector<std::string> order;
  const auto note = [&order](std::string what) {
    return [&order, what = std::move(what)](auto r) {
      order.push_back(r ? what : r.error().message());
    };
  };
  engine_->create_sandbox(std::move(spec), note("pod"));
  const auto one = container("one", "sleep 100"), two = container("two", "sleep 100");
  engine_->start_container(kUid, one, note("one"));
  engine_->start_container(kUid, two, note("two"));
  engine_->kill(kUid, one.id, note("killed"));
  ASSERT_TRUE(run_until([&] { return order.size() == 4; }));
  EXPECT_EQ(order.front(), "pod");
  EXPECT_THAT(order, ::testing::IsSupersetOf({"killed", "two"}));
  if (::testing::Value(order, ::testing::Contains("one"))) {
    EXPECT_EQ(exit_of("one").exit_code, 137);
  } else {
    EXPECT_THAT(order, ::testing::Contains(HasSubstr("was killed before it had started")));
  }
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

// A lease on a program that its user may execute and not read holds execve up, and so may a file
// system that does not answer.
class ROOT_EngineLease : public ROOT_Engine {
 protected:
  void SetUp() override {
    ROOT_Engine::SetUp();
    if (IsSkipped()) return;
    const std::string program = dir_ + "/rootfs/bin/leased";
    std::filesystem::copy_file("/bin/busybox", program);
    ASSERT_EQ(::chmod(program.c_str(), 0711), 0);
    asked_ = false;
    ::signal(SIGIO, [](int) { asked_ = true; });
    leased_ = UniqueFd(::open(program.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::fcntl(leased_.get(), F_SETLEASE, F_WRLCK), 0);
  }
  // Starts a container of this name that hangs, and returns when it does.
  wire::ContainerSpec start_hanging(const std::string& name, Callback<wire::ContainerInfo> done) {
    auto spec = container(name, "");
    spec.argv = {"/bin/leased", "true"};
    spec.user = {.uid = 2000, .gid = 2000};
    engine_->start_container(kUid, spec, std::move(done));
    EXPECT_TRUE(run_until([] { return asked_.load(); }));
    return spec;
  }

  static inline std::atomic<bool> asked_;  // by the kernel, for the lease back
  UniqueFd leased_;
};

TEST_F(ROOT_EngineLease, AStartThatHangsHoldsUpNothingElse) {
  ASSERT_TRUE(create(sandbox(false)));
  const auto main = container("main", "sleep 1000");
  ASSERT_TRUE(start(main));
  std::optional<Result<wire::ContainerInfo>> outcome;
  const auto hanging = start_hanging("hanging", [&](auto r) { outcome.emplace(std::move(r)); });

  ASSERT_TRUE(call<wire::SandboxStats>([&](auto cb) { engine_->stats(kUid, cb); }));
  wire::ExecSpec exec{.container_id = main.id, .argv = {"/bin/sh", "-c", "exit 3"}, .cwd = "/"};
  std::optional<Result<int>> code;
  ASSERT_TRUE(call<ExecStarted>([&](auto cb) {
    engine_->exec(kUid, exec, {}, cb, [&](Result<int> r) { code = std::move(r); });
  }));
  ASSERT_TRUE(run_until([&] { return code.has_value(); }));
  EXPECT_EQ(code->value(), 3);
  ASSERT_TRUE(call<void>([&](auto cb) { engine_->kill(kUid, main.id, cb); }));
  EXPECT_EQ(exit_of("main").exit_code, 137);
  EXPECT_FALSE(outcome.has_value());

  ASSERT_TRUE(call<void>([&](auto cb) { engine_->kill(kUid, hanging.id, cb); }));
  // It hangs in execve itself: what has been killed there counts as the workload.
  EXPECT_EQ(exit_of("hanging").exit_code, 137);
  EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
  leased_.reset();
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

// The shim settles it first, for ten seconds, before it greets anybody.
TEST_F(ROOT_EngineLease, AStartThatHangsCostsNoPodWhenPodctldComesBack) {
  ASSERT_TRUE(create(sandbox(false)));
  ASSERT_TRUE(start(container("main", "sleep 1000")));
  (void)start_hanging("hanging", [](auto) {});
  abandon();
  open();
  std::optional<std::vector<RecoveredSandbox>> found;
  engine_->recover([&](auto list) { found = std::move(list); });
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  ASSERT_EQ(found->size(), 1U);
  EXPECT_TRUE((*found)[0].state.alive) << (*found)[0].state.death;
  ASSERT_EQ((*found)[0].state.containers.size(), 1U);
  EXPECT_EQ((*found)[0].state.containers[0].name, "main");
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, KilledContainerEndsWith137) {
  ASSERT_TRUE(create(sandbox(false)));
  const auto spec = container("sleeper", "sleep 1000 & sleep 1000");
  ASSERT_TRUE(start(spec));
  ASSERT_TRUE(call<void>([&](auto cb) { engine_->kill(kUid, spec.id, cb); }));
  EXPECT_EQ(exit_of("sleeper").exit_code, 137);
  EXPECT_EQ(exit_of("sleeper").signal, SIGKILL);
  EXPECT_FALSE(exit_of("sleeper").oom_killed_main);
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, OomKillIsCounted) {
  ASSERT_TRUE(create(sandbox(false)));
  auto spec = container("hog", "");
  spec.resources.memory_limit = 16 << 20;
  spec.argv = {"/bin/busybox", "tail", "/dev/zero"};
  ASSERT_TRUE(start(spec));
  EXPECT_EQ(exit_of("hog").exit_code, 137);
  EXPECT_TRUE(exit_of("hog").oom_killed_main);
  ASSERT_TRUE(destroy());
}

TEST_F(ROOT_Engine, ExecGivesOutputAndExitCode) {
  ASSERT_TRUE(create(sandbox(false)));
  const auto spec = container("main", "sleep 1000");
  ASSERT_TRUE(start(spec));
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const UniqueFd reader(pipe[0]);
  ExecStdio stdio;
  stdio.out = UniqueFd(pipe[1]);
  wire::ExecSpec exec{.container_id = spec.id,
                      .argv = {"/bin/sh", "-c", "echo hi; exit 3"},
                      .env = {"PATH=/bin"},
                      .cwd = "/"};
  std::optional<Result<int>> code;
  const auto started = call<ExecStarted>([&](auto cb) {
    engine_->exec(kUid, exec, std::move(stdio), cb, [&](Result<int> r) { code = std::move(r); });
  });
  ASSERT_TRUE(started) << started.error().message();
  ASSERT_TRUE(run_until([&] { return code.has_value(); }));
  EXPECT_EQ(code->value(), 3);
  char buffer[16] = {};
  EXPECT_EQ(::read(reader.get(), buffer, sizeof(buffer)), 3);
  EXPECT_STREQ(buffer, "hi\n");
  ASSERT_TRUE(destroy());
}

wire::ExecSpec shell(const wire::ContainerSpec& in, const std::string& script) {
  return {
      .container_id = in.id, .argv = {"/bin/sh", "-c", script}, .env = {"PATH=/bin"}, .cwd = "/"};
}

TEST_F(ROOT_Engine, ACommandIsRunToItsEnd) {
  ASSERT_TRUE(create(sandbox(false)));
  const auto spec = container("main", "sleep 1000");
  ASSERT_TRUE(start(spec));
  const auto run = [&](const std::string& script, RunLimits limits) {
    return call<RunResult>(
        [&](auto cb) { engine_->run(kUid, shell(spec, script), limits, std::move(cb)); });
  };
  const auto told = run("echo out; echo err >&2; exit 3", {});
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_EQ(told->exit_code, 3);
  EXPECT_EQ(told->output, "out\nerr\n");
  // A flood does not hold it up, and what it leaves behind is not waited for.
  const auto flood = run("sleep 500 & head -c 1000000 /dev/zero", {.output = 100});
  ASSERT_TRUE(flood) << flood.error().message();
  EXPECT_EQ(flood->exit_code, 0);
  EXPECT_EQ(flood->output.size(), 100U);
  // Nor one that goes on for ever behind it, as fast as anybody reads.
  for (const std::size_t output : {std::size_t{100}, std::size_t{1} << 40U}) {
    const auto endless = run("yes & true", {.output = output});
    ASSERT_TRUE(endless) << endless.error().message();
    EXPECT_EQ(endless->exit_code, 0);
  }
  EXPECT_FALSE(run("true; nothing", {.timeout = kBound})->timed_out);
  auto missing = shell(spec, "");
  missing.argv = {"/no/such/program"};
  EXPECT_FALSE(call<RunResult>([&](auto cb) { engine_->run(kUid, missing, {}, std::move(cb)); }));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, ACommandThatTakesTooLongIsKilledWithWhatItStarted) {
  ASSERT_TRUE(create(sandbox(false)));
  const auto spec = container("main", "sleep 1000");
  ASSERT_TRUE(start(spec));
  std::weak_ptr<const void> running;
  const auto late = call<RunResult>([&](auto cb) {
    running = engine_->run(kUid, shell(spec, "sleep 700 & sleep 700; true"),
                           {.timeout = std::chrono::milliseconds(300)}, std::move(cb));
  });
  ASSERT_TRUE(late) << late.error().message();
  EXPECT_TRUE(late->timed_out);
  EXPECT_TRUE(run_until([&] { return running.expired(); }));
  // Its process group has been killed as a whole, and does not end at one moment.
  EXPECT_TRUE(eventually([&] {
    const auto left = call<RunResult>([&](auto cb) {
      engine_->run(kUid, shell(spec, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), {}, std::move(cb));
    });
    return left && left->output.find("sleep 700") == std::string::npos;
  }));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, FailedStartSaysWhyAndLeavesTheSandbox) {
  ASSERT_TRUE(create(sandbox(false)));
  auto spec = container("bad", "");
  spec.argv = {"/no/such/program"};
  const auto failed = start(spec);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("/no/such/program"));
  EXPECT_FALSE(std::filesystem::exists(layout_.container_lib(kUid, "bad", 0)));
  ASSERT_TRUE(start(container("good", "sleep 100")));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

// The log is opened while init is at work already.
TEST_F(ROOT_Engine, WithoutItsLogAContainerDoesNotStart) {
  ASSERT_TRUE(create(sandbox(false)));
  auto spec = container("bad", "sleep 100");
  spec.log_path = "/dev/null/0.log";
  const auto failed = start(spec);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("/dev/null"));
  EXPECT_FALSE(std::filesystem::exists(layout_.container_lib(kUid, "bad", 0)));
  ASSERT_TRUE(start(container("good", "sleep 100")));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, StatsTellCgroupsAndNetwork) {
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(start(container("main", "sleep 1000")));
  const auto stats = call<wire::SandboxStats>([&](auto cb) { engine_->stats(kUid, cb); });
  ASSERT_TRUE(stats) << stats.error().message();
  ASSERT_EQ(stats->groups.size(), 2U);
  EXPECT_GT(stats->groups[1].stats.memory_current, 0U);
  EXPECT_FALSE(stats->network.addresses.empty());
  EXPECT_THAT(stats->network.routes, ::testing::Contains(HasSubstr("default via")));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

}  // namespace
}  // namespace podctl::engine
