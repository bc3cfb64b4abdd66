// What a workload is left with, as the kernel tells it from inside: session, capabilities, seccomp,
// no_new_privs, groups, what it may write.
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Confinement : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto sandbox = sandbox_spec();
    sandbox.share_pid = shared_pid();
    make_sandbox(sandbox);
    ASSERT_TRUE(sandbox_);
  }
  virtual bool shared_pid() const { return false; }
  static std::string allow_all() {
    const sock_filter filter = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return {reinterpret_cast<const char*>(&filter), sizeof filter};
  }
};

class SharedPid : public Confinement {
  bool shared_pid() const override { return true; }
};

// A process of ours in the same session could be fed keystrokes.
TEST_F(Confinement, ROOT_CVE_2017_5226_AWorkloadHasItsOwnSession) {
  const auto outcome = probe({"show", ",", "tiocsti"});
  EXPECT_EQ(outcome.value("sid"), outcome.value("pid"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("tiocsti ok")));
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  const auto inside = exec(*running, exec_spec(*running, {"show"}));
  EXPECT_EQ(inside.value("sid"), inside.value("pid"));
  EXPECT_NE(inside.value("sid"), "1");
  stop(std::move(*running));
}

// With a shared PID namespace pause is in view; its program and descriptors must not be.
TEST_F(SharedPid, ROOT_CVE_2016_9962_PauseIsClosedToThePod) {
  auto spec =
      container_spec({"open-exe", "1", ",", "list", "/proc/1/fd", ",", "list", "/proc/1/root/"});
  spec.pid = wire::PidMode::kPod;
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, HasSubstr("open-exe error="));
  EXPECT_EQ(outcome.value("entry"), "");
}

TEST_F(Confinement, ROOT_PrivilegesAreDroppedInBothOrders) {
  for (const bool no_new_privs : {false, true}) {
    auto spec = container_spec({"show"});
    spec.security.no_new_privs = no_new_privs;
    spec.security.seccomp = allow_all();
    spec.security.capabilities = {};
    const auto outcome = run(spec);
    EXPECT_EQ(outcome.value("NoNewPrivs"), no_new_privs ? "1" : "0");
    EXPECT_EQ(outcome.value("Seccomp"), "2");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
      EXPECT_EQ(outcome.value(set), "0000000000000000") << set;
    }
  }
}

TEST_F(Confinement, ROOT_APlainUserKeepsOnlyAmbientCapabilities) {
  auto spec = container_spec({"show"});
  spec.user.uid = 1000;
  spec.user.gid = 2000;
  EXPECT_EQ(run(spec).value("CapEff"), "0000000000000000");
  spec.security.capabilities.ambient = spec.security.capabilities.inheritable = 1U << 10;
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.value("uid"), "1000");
  EXPECT_EQ(outcome.value("groups"), "2000") << "the host's groups came along";
  EXPECT_EQ(outcome.value("CapEff"), "0000000000000400");
  EXPECT_EQ(outcome.value("CapAmb"), "0000000000000400");
}

TEST_F(Confinement, ROOT_AnExecIsConfinedToo) {
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  auto command = exec_spec(*running, {"show", ",", "write", "/proc/sys/kernel/core_pattern"});
  command.security.no_new_privs = true;
  command.security.seccomp = allow_all();
  command.security.capabilities = {};
  command.user.uid = 1000;
  const auto outcome = exec(*running, command);
  EXPECT_EQ(outcome.value("NoNewPrivs"), "1");
  EXPECT_EQ(outcome.value("Seccomp"), "2");
  EXPECT_EQ(outcome.value("CapBnd"), "0000000000000000");
  EXPECT_EQ(outcome.value("uid"), "1000");
  EXPECT_THAT(outcome.output, HasSubstr("write error="));
  stop(std::move(*running));
}

// The root lies over the stage's: neither a step out of a chroot nor its unmounting, which takes
// every privilege, finds anything of the host.
TEST_F(Confinement, ROOT_NothingOfTheHostLiesUnderTheRoot) {
  auto spec = container_spec({"climb", ",", "list", "/"});
  const auto climbed = run(spec);
  EXPECT_THAT(climbed.output, AllOf(HasSubstr("climb ok"), HasSubstr("entry=below")));
  EXPECT_THAT(climbed.output, Not(HasSubstr("entry=null")));

  spec = container_spec({"uncover", ",", "list", "/"});
  const std::uint64_t all = ~std::uint64_t{0};
  spec.security.privileged = true;
  spec.security.capabilities = {
      .bounding = all, .permitted = all, .effective = all, .inheritable = 0, .ambient = 0};
  const auto uncovered = run(spec);
  EXPECT_THAT(uncovered.output, HasSubstr("uncover ok"));
  EXPECT_EQ(uncovered.value("entry"), "null");
  EXPECT_EQ(uncovered.lines().size(), 2U) << uncovered.output;
}

TEST_F(Confinement, ROOT_KernelFilesAreReadOnly) {
  const auto outcome =
      probe({"mounts", ",", "write", "/proc/sys/kernel/hostname", ",", "write", "/sys/new", ",",
             "write", "/sys/fs/cgroup/new", ",", "list", "/sys/class/net"});
  EXPECT_THAT(outcome.output, HasSubstr("mount=/sys sysfs ro,nosuid,nodev,noexec"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/proc/sys proc ro"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("write ok")));
  EXPECT_THAT(outcome.output, HasSubstr("write error=EROFS"));
  EXPECT_EQ(outcome.value("entry"), "lo") << "another network namespace's sysfs";
}

}  // namespace
}  // namespace podctl
