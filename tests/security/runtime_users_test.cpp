// Root of a pod with a user namespace of its own, with every capability there, against the host: it
// is nobody outside of its volumes, which show it the files of their owners (hostUsers: false,
// KEP-127).
#include <sys/mount.h>

#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr IdRange kIds{.first = 589824, .count = 65536};

class UsersEscape : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!put_busybox()) GTEST_SKIP() << "needs a static /bin/busybox";
    auto spec = sandbox_spec();
    spec.users = kIds;
    make_sandbox(spec);
    ASSERT_TRUE(sandbox_);
  }
  // As a privileged container's main process.
  wire::ContainerSpec mighty(const std::string& script) {
    auto spec = container_spec({});
    spec.argv = {"busybox", "sh", "-c", script};
    const std::uint64_t all = ~std::uint64_t{0};
    spec.security.privileged = true;
    spec.security.capabilities = {
        .bounding = all, .permitted = all, .effective = all, .inheritable = 0, .ambient = 0};
    return spec;
  }
};

TEST_F(UsersEscape, ROOT_NoDeviceCanBeMadeAndTheHostsAreNobodys) {
  const auto outcome = run(mighty(
      "busybox mknod /d b 8 0; busybox mknod /dev/d c 1 1; busybox mkdir /t; "
      "busybox mount -t tmpfs t /t && busybox mknod /t/d c 1 3; echo x >/t/null; "
      "for d in $(busybox find /dev -type b); do busybox head -c1 $d && echo read $d; done; "
      "busybox head -c1 /dev/mem && echo read; busybox head -c1 /dev/kmsg && echo read; echo end"));
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("end"), Not(HasSubstr("read"))));
  std::size_t refused = 0;
  for (const auto& line : outcome.lines()) refused += line.ends_with("Operation not permitted");
  EXPECT_GE(refused, 3U) << outcome.output;
}

TEST_F(UsersEscape, ROOT_ProcessesOfTheHostAreOutOfReach) {
  // With the host's process numbers, which no pod of its own users is given: the worst case.
  auto spec = mighty(
      "busybox kill -0 1 && echo killed; busybox ls /proc/1/root/ && echo entered; "
      "busybox nsenter -t 1 -m busybox true && echo entered; busybox nsenter -t 1 -n busybox true "
      "&& "
      "echo entered; busybox cat /proc/1/environ >/dev/null && echo read; "
      "echo 0 >/proc/1/oom_score_adj && echo wrote; echo -999 >/proc/self/oom_score_adj && echo "
      "wrote; echo end");
  spec.pid = wire::PidMode::kHost;
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("end"), Not(HasSubstr("killed")),
                                    Not(HasSubstr("entered")), Not(HasSubstr("wrote"))));
  for (const auto& line : outcome.lines()) EXPECT_NE(line, "read");
}

TEST_F(UsersEscape, ROOT_KernelParametersAndCgroupsOfTheHostAreNotItsToWrite) {
  const auto outcome = run(mighty(
      "for f in kernel/panic kernel/core_pattern kernel/modprobe vm/overcommit_memory fs/file-max "
      "kernel/hostname; do echo x >/proc/sys/$f && echo wrote $f; done; "
      "echo b >/proc/sysrq-trigger && echo wrote; busybox dmesg >/dev/null && echo wrote dmesg; "
      "for f in $(busybox find /sys/fs/cgroup -name cgroup.procs -o -name tasks); do echo 0 >$f && "
      "echo wrote $f; done; echo end"));
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("end"), Not(HasSubstr("wrote"))));
}

// Nothing of the host's files but its volumes, though it may mount and unmount as it likes.
TEST_F(UsersEscape, ROOT_NoFileOfTheHostIsFoundUnderItsMounts) {
  auto spec = container_spec({"uncover", ",", "list", "/"});
  spec.security = mighty("").security;
  const auto uncovered = run(spec);
  EXPECT_THAT(uncovered.output, HasSubstr("uncover ok"));
  EXPECT_EQ(uncovered.value("entry"), "null");
  const auto outcome = run(mighty(
      "busybox mkdir /t; for m in $(busybox awk '{print $2}' /proc/mounts); do busybox umount $m "
      "2>/dev/null; done; busybox mount -t ext4 /dev/null /t && echo mounted; busybox mount -t "
      "overlay -o lowerdir=/proc/1/root:/bin o /t && busybox ls /t/var && echo mounted; echo end"));
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("end"), Not(HasSubstr("mounted"))));
}

// A volume that is not idmapped shows what the host's users own as nobody's.
TEST_F(UsersEscape, ROOT_FilesThatAreNotMappedAreOthers) {
  const std::string volume = directory_ + "/volume";
  fs::create_directories(volume);
  std::ofstream(volume + "/secret") << "secret";
  fs::permissions(volume + "/secret", fs::perms::owner_read | fs::perms::owner_write);
  auto spec = mighty(
      "busybox cat /v/secret; echo x >/v/secret; echo x >/v/new && echo wrote; busybox chown 0 "
      "/v/secret && echo wrote; busybox chmod 666 /v/secret && echo wrote; busybox rm /v/secret && "
      "echo wrote; echo end");
  spec.mounts = {{.kind = wire::MountKind::kBind, .source = volume, .target = "/v", .name = "v"}};
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("end"), Not(HasSubstr("wrote"))));
  for (const auto& line : outcome.lines()) EXPECT_NE(line, "secret");
  EXPECT_TRUE(fs::exists(volume + "/secret"));
}

// While an exec is on its way in, it is the host's root that has joined: nobody inside may look,
// not even at which program it is. From execve on it is the workload, whatever its name says for an
// instant.
TEST_F(UsersEscape, ROOT_AnEnteringExecCannotBeTraced) {
  auto watcher = mighty(
      "while :; do for p in /proc/[0-9]*; do read -r c <$p/comm || continue; [ \"$c\" = "
      "podctl-init ] "
      "|| continue; echo seen; case $(busybox readlink $p/exe) in *podctl*) echo open;; esac; "
      "done; "
      "done 2>/dev/null");
  auto running = start(watcher);
  ASSERT_TRUE(running) << running.error().message();
  for (int n = 0; n < 40; ++n) (void)exec(*running, exec_spec(*running, {"show"}));
  EXPECT_TRUE(running->container->kill());
  const std::string seen = read_to_end(running->output.get());
  EXPECT_THAT(seen, Not(HasSubstr("open"))) << seen;
  stop(std::move(*running));
}

}  // namespace
}  // namespace podctl
