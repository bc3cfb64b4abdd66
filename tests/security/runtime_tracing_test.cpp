// A container with CAP_SYS_PTRACE may look into all that it sees in its PID namespace
// (CVE-2016-9962): the pod's pause where that is shared, and whoever is on the way into it. Nothing
// of the host is to be found there.
#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class Tracing : public PodTest {
 protected:
  static constexpr std::uint64_t kPtrace = std::uint64_t{1} << 19;

  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!put_busybox()) GTEST_SKIP() << "needs a static /bin/busybox";
    fs::create_symlink("busybox", image() + "/bin/sh");
    std::ofstream(secret()) << "the host's secret\n";
  }
  std::string secret() const { return directory_ + "/secret"; }

  void make(bool share_pid) {
    auto sandbox = sandbox_spec();
    sandbox.share_pid = share_pid;
    make_sandbox(sandbox);
    ASSERT_TRUE(sandbox_);
  }
  wire::ContainerSpec tracer(const std::string& script, wire::PidMode pid) {
    auto spec = container_spec({});
    spec.argv = {"/bin/sh", "-c", script};
    spec.pid = pid;
    auto& caps = spec.security.capabilities;
    for (auto* set : {&caps.bounding, &caps.permitted, &caps.effective}) *set |= kPtrace;
    return spec;
  }
  // Tells of each process that it sees once, and of what it finds behind any.
  std::string look_around() const {
    return "while :; do for p in /proc/[0-9]*; do busybox cat $p/root" + secret() + " $p/cwd" +
           secret() +
           "; read -r c <$p/comm && [ \"$c\" = podctl-init ] && echo seen; done; done "
           "2>/dev/null";
  }
  std::string ended(Running running) {
    EXPECT_TRUE(running.container->kill());
    std::string output = read_to_end(running.output.get());
    stop(std::move(running));
    return output;
  }
};

TEST_F(Tracing, ROOT_PauseOfASharedPidNamespaceHasNothingOfTheHost) {
  make(true);
  const auto outcome =
      run(tracer("busybox cat /proc/1/root" + secret() +
                     "; busybox ls /proc/1/root; busybox grep -E 'Cap|Seccomp:|NoNew' "
                     "/proc/1/status; busybox cat /proc/1/mountinfo; echo end",
                 wire::PidMode::kPod));
  EXPECT_THAT(outcome.output, HasSubstr("end"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("the host's secret\n")));
  EXPECT_THAT(outcome.output, HasSubstr("CapPrm:\t0000000000000000"));
  EXPECT_THAT(outcome.output, HasSubstr("CapBnd:\t0000000000000000"));
  EXPECT_THAT(outcome.output, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(outcome.output, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("/proc rw"))) << "the host's mounts";
  EXPECT_THAT(outcome.lines(), ::testing::Contains("null"));
}

TEST_F(Tracing, ROOT_CVE_2016_9962_AnExecIsSeenWithNothingButItsOwn) {
  make(false);
  auto running = start(tracer(look_around(), wire::PidMode::kContainer));
  ASSERT_TRUE(running) << running.error().message();
  for (int n = 0; n < 40; ++n) EXPECT_EQ(exec(*running, exec_spec(*running, {"show"})).code, 0);
  EXPECT_THAT(ended(std::move(*running)), Not(HasSubstr("the host's secret")));
}

TEST_F(Tracing, ROOT_AContainerThatStartsInASharedPidNamespaceToo) {
  make(true);
  auto running = start(tracer(look_around(), wire::PidMode::kPod));
  ASSERT_TRUE(running) << running.error().message();
  for (int n = 0; n < 20; ++n) {
    auto spec = container_spec({"show"});
    spec.pid = wire::PidMode::kPod;
    EXPECT_EQ(run(spec).code, 0);
  }
  EXPECT_THAT(ended(std::move(*running)), Not(HasSubstr("the host's secret")));
}

}  // namespace
}  // namespace podctl
