// Inits that are made before their containers: a container is the same by either way, and of one
// that no container came for nothing is left.
#include <signal.h>
#include <sys/resource.h>

#include "pod_fixture.hpp"
#include "podctl/sys/borrower.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;

class RuntimeWaiting : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!sys::Borrower::available()) GTEST_SKIP() << "no memory is borrowed in this build";
    make_sandbox(sandbox_spec());
    ASSERT_TRUE(sandbox_);
  }

  wire::ContainerSpec named(std::vector<std::string> arguments) {
    auto spec = container_spec(std::move(arguments));
    spec.name = "expected";
    return spec;
  }
  struct Waiting {
    std::unique_ptr<runtime::WaitingInit> init;
    UniqueFd output;
  };
  Waiting expect(const wire::ContainerSpec& spec) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd writer(ends[1]);
    auto made = runtime::WaitingInit::begin(*sandbox_, *wire::expectation(spec),
                                            {.in = -1, .out = ends[1], .err = ends[1]});
    EXPECT_TRUE(made) << made.error().message();
    return {std::move(*made), UniqueFd(ends[0])};
  }
  Result<Running> start(wire::ContainerSpec spec, Waiting waiting) {
    auto begun =
        TRY(runtime::ContainerStart::begin(*sandbox_, std::move(spec), std::move(waiting.init)));
    TRY(await([&] { return begun->advance(); }, begun->fd()));
    return Running{std::make_unique<runtime::Container>(begun->take()), std::move(waiting.output)};
  }
  std::string cgroup() const { return sandbox_->cgroup_of("expected"); }
  bool left() {
    return sandbox_->tree().find(cgroup()) ||
           std::filesystem::exists(layout_.container_lib(kUid, "expected", 0));
  }
};

// Without what is another one's for each container: the numbers of namespaces and of mounts.
std::string comparable(const Outcome& outcome) {
  std::string out;
  for (const auto& line : outcome.lines()) {
    if (!line.starts_with("ns=") && line.find("upperdir=") == std::string::npos) out += line + "\n";
  }
  return out;
}

TEST_F(RuntimeWaiting, ROOT_AContainerIsTheSameByEitherWay) {
  const auto spec = named({"show", ",", "mounts", ",", "env", ",", "limits", ",", "fds", ",",
                           "list", "/dev/", ",", "exit", "3"});
  const auto plain = run(spec);
  auto running = start(spec, expect(spec));
  ASSERT_TRUE(running) << running.error().message();
  const auto info = running->container->info();
  const auto outcome = finish(std::move(*running));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(comparable(outcome), comparable(plain));
  EXPECT_EQ(outcome.value("pid"), "1");
  for (const auto& ns : info.namespaces) {
    if (ns.type == "user") continue;
    EXPECT_THAT(outcome.value("ns"), HasSubstr(ns.type + ":[" + std::to_string(ns.inode) + "]"));
  }
  // What was done before there was a container is in nobody's record.
  ASSERT_FALSE(info.trace.empty());
  EXPECT_EQ(info.trace.front().detail, "expected");
  EXPECT_FALSE(left());
}

TEST_F(RuntimeWaiting, ROOT_OneThatIsNotWantedLeavesNothing) {
  auto waiting = expect(named({}));
  ASSERT_TRUE(waiting.init);
  EXPECT_TRUE(left());
  waiting.init.reset();
  EXPECT_FALSE(left());
  EXPECT_EQ(read_to_end(waiting.output.get()), "");
}

TEST_F(RuntimeWaiting, ROOT_ServesOnlyWhatIsExpected) {
  auto spec = named({"show"});
  const auto waiting = expect(spec);
  ASSERT_TRUE(waiting.init);
  EXPECT_TRUE(waiting.init->serves(spec));
  spec.argv = {"/bin/probe", "fds"};
  EXPECT_TRUE(waiting.init->serves(spec));
  spec.resources.memory_limit = 32 << 20;
  EXPECT_FALSE(waiting.init->serves(spec));
  spec = named({"show"});
  spec.security.privileged = true;
  EXPECT_FALSE(waiting.init->serves(spec));
}

TEST_F(RuntimeWaiting, ROOT_OneThatWasKilledFailsAndMakesRoom) {
  const auto spec = named({"exit", "4"});
  auto waiting = expect(spec);
  ASSERT_TRUE(waiting.init);
  pid_t pid = -1;
  while ((pid = waiting.init->pid()) < 0) ::usleep(100);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  const UniqueFd process = MUST(sys::open_pidfd(pid));
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ended, 1, 20'000), 1);
  const auto refused = start(spec, std::move(waiting));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(left());
  EXPECT_EQ(run(spec).code, 4);
}

TEST_F(RuntimeWaiting, ROOT_AContainerThatCannotBeExecutedIsRefusedAsEver) {
  auto spec = named({"exit", "5"});
  auto waiting = expect(spec);
  ASSERT_TRUE(waiting.init);
  spec.argv = {"/bin/absent"};
  const auto refused = start(spec, std::move(waiting));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("no such file or directory"));
  EXPECT_FALSE(left());
}

TEST_F(RuntimeWaiting, ROOT_LimitsAndUsersAreTheContainers) {
  auto spec = named({"show", ",", "limits"});
  spec.user.uid = 1234;
  spec.oom_score_adj = 321;
  spec.rlimits = {{RLIMIT_NOFILE, 77, 88}};
  spec.rootfs.read_only = true;
  const auto plain = run(spec);
  auto running = start(spec, expect(spec));
  ASSERT_TRUE(running) << running.error().message();
  EXPECT_EQ(running->container->info().uid, 1234U);
  const auto outcome = finish(std::move(*running));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(comparable(outcome), comparable(plain));
}

}  // namespace
}  // namespace podctl
