// RuntimeDefault entered for real: the kernel takes the filter, and a child in it is refused what a
// container must not do.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/seccomp/filter.hpp"
#include "podctl/seccomp/hardening.hpp"

namespace podctl::seccomp {
namespace {

bool enter(const std::string& filter) {
  std::vector<sock_filter> ops(filter.size() / sizeof(sock_filter));
  filter.copy(reinterpret_cast<char*>(ops.data()), filter.size());
  sock_fprog program{static_cast<unsigned short>(ops.size()), ops.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

bool refused(long result, int expected) { return result == -1 && errno == expected; }

// 0 when all is as it must be, else which check failed.
int checks(const std::string& filter) {
  if (!enter(filter)) return 1;
  if (!refused(::unshare(CLONE_NEWUSER), EPERM)) return 2;
  if (!refused(::syscall(SYS_clone3, nullptr, 0), ENOSYS)) return 3;
  if (!refused(::socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), EPERM)) return 4;
  if (!refused(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), EPERM)) return 5;
  if (!refused(::syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM)) return 6;
  if (!refused(::syscall(SYS_io_uring_setup, 1, nullptr), EPERM)) return 7;
  if (!refused(::syscall(SYS_open_by_handle_at, -1, nullptr, 0), EPERM)) return 8;
  if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) return 9;
  if (::openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0) return 10;
  return 0;
}

TEST(SeccompFilter, CVE_2022_0185_TheKernelRefusesWhatRuntimeDefaultLeavesOut) {
  const auto filter = MUST(compile(runtime_default(), default_capabilities()));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(checks(filter));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the number is the check's";
}

}  // namespace
}  // namespace podctl::seccomp
