// clone3(2) for children that share memory, and what every child does first. Used by spawn.cpp and
// borrower.cpp.
#pragma once

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>

#include <cstdint>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/sys/spawn.hpp"

namespace podctl::sys {

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
// A child borrows our memory until it executes: a copy of podctld's page tables alone takes
// milliseconds where the kernel runs virtualised. It runs on a stack of its own.
inline constexpr std::uint64_t kShare = CLONE_VM;
#else
// Elsewhere (and under ASan, which follows every stack) the child gets a copy.
inline constexpr std::uint64_t kShare = 0;
#endif

// The child calls `entry`, which does not return, on `stack`. As clone3(2): -1 and errno.
long clone_onto(clone_args& args, char* stack, std::size_t size, void (*entry)(const void*),
                const void* argument);

// No handler of the parent may run in a child before its dispositions are reset.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

 private:
  sigset_t old_;
};

// With what every child has in common; *pidfd is written before the child runs.
clone_args child_args(std::uint64_t flags, int cgroup, int* pidfd);

// Signal dispositions and mask of the parent must not reach the program.
void reset_signals();

// By each file's `0`.
bool enter_groups(const std::vector<int>& tasks);

// Closes (or, with CLOSE_RANGE_CLOEXEC, marks) every descriptor but those of `keep`, sorted.
bool close_others(const std::vector<int>& keep, unsigned flags);

// In a copy: signals, cgroups, and no descriptor but its own.
Result<void> enter_copy(const CopySpec& spec);

}  // namespace podctl::sys
