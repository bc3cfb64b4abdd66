#include "sys/clone.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace podctl::sys {

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
// clone3(2) through the C library's syscall() would return twice on one stack.
long clone_onto(clone_args& args, char* stack, std::size_t size, void (*entry)(const void*),
                const void* argument) {
  args.stack = reinterpret_cast<std::uint64_t>(stack);
  args.stack_size = size;
  long made = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %[argument], %%rdi\n\t"
      "mov %[entry], %%rax\n\t"
      "xor %%ebp, %%ebp\n\t"
      "call *%%rax\n\t"
      "ud2\n"
      "1:"
      : "+a"(made)
      : "D"(&args), "S"(sizeof args), [entry] "r"(entry), [argument] "r"(argument)
      : "rcx", "r11", "cc", "memory");
  if (made >= 0) return made;
  errno = static_cast<int>(-made);
  return -1;
}
#else
long clone_onto(clone_args& args, char*, std::size_t, void (*entry)(const void*),
                const void* argument) {
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) entry(argument);
  return pid;
}
#endif

clone_args child_args(std::uint64_t flags, int cgroup, int* pidfd) {
  clone_args args = {};
  args.flags = CLONE_PIDFD | flags;
  args.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  return args;
}

void reset_signals() {
  struct sigaction dfl = {};
  dfl.sa_handler = SIG_DFL;
  for (int s = 1; s < NSIG; ++s) ::sigaction(s, &dfl, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool enter_groups(const std::vector<int>& tasks) {
  return std::all_of(tasks.begin(), tasks.end(), [](int fd) { return ::write(fd, "0", 1) == 1; });
}

bool close_others(const std::vector<int>& keep, unsigned flags) {
  unsigned from = 0;
  for (const int fd : keep) {
    const auto at = static_cast<unsigned>(fd);
    if (at > from && ::close_range(from, at - 1, flags) != 0) return false;
    from = std::max(from, at + 1);
  }
  return ::close_range(from, ~0U, flags) == 0;
}

Result<void> enter_copy(const CopySpec& spec) {
  reset_signals();
  // First of all: another child's end of a socket may be among them, and is held open.
  std::vector<int> keep = spec.keep;
  keep.insert(keep.end(), {0, 1, 2});
  keep.insert(keep.end(), spec.tasks.begin(), spec.tasks.end());
  std::sort(keep.begin(), keep.end());
  if (!close_others(keep, 0)) return fail_errno(errno, "close descriptors", {});
  if (!enter_groups(spec.tasks)) return fail_errno(errno, "enter cgroup", {});
  for (const int fd : spec.tasks) ::close(fd);
  return {};
}

}  // namespace podctl::sys
