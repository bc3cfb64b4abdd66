// Starts a program from a descriptor, placed in its cgroups and namespaces from birth, with exactly
// the descriptors that were listed.
//
// Used by podctld (shims) and the shim (pause, init); by one thread, since the child is a copy of
// the caller until it executes. With spawn() the parent is held (CLONE_VFORK) until the child has
// executed or failed, and the child makes system calls only. Never closes or changes the parent's
// own descriptors, never waits for the child.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// The child's descriptor `number` is a copy of the parent's `from`.
struct FdMap {
  int from = -1;
  int number = -1;
};

struct SpawnSpec {
  int exe = -1;                   // of the program: executed by execveat(AT_EMPTY_PATH)
  std::vector<std::string> argv;  // argv[0] is the name shown by ps
  std::vector<std::string> env;
  std::vector<FdMap> fds;        // everything else is closed; 0, 1, 2 not listed become /dev/null
  std::uint64_t namespaces = 0;  // CLONE_NEW* flags
  int cgroup = -1;               // directory fd on cgroup2 for CLONE_INTO_CGROUP
  std::vector<int> tasks;        // v1 `tasks` files, open for writing: the child writes "0" to each
  bool new_session = false;      // setsid(2) before the program runs
};

struct Child {
  pid_t pid = -1;
  UniqueFd pidfd;
};

// The program runs when this returns. kPermissionDenied, kNotFound, kExhausted, … with the step
// that failed in `op` ("enter cgroup", "execute"). A child that failed is already reaped.
Result<Child> spawn(const SpawnSpec& spec);

struct CopySpec {
  std::uint64_t namespaces = 0;  // CLONE_NEW* flags
  int cgroup = -1;               // as SpawnSpec's
  std::vector<int> tasks;
  std::vector<int> keep;  // descriptors that stay open in the copy, besides 0, 1 and 2
};
using Work = std::function<int(Result<void> entered)>;
// A copy of the calling process, where no other thread is within malloc, runs `work` and exits with
// what it returns; the caller goes on at once. No program is executed: where the kernel runs
// virtualised the C library's start alone costs more than a millisecond. Signals are at their
// defaults, every other descriptor is closed; when that or entering the cgroup failed, `work` is
// told. A child that need not have memory of its own: borrower.hpp.
Result<Child> spawn_copy(const CopySpec& spec, const Work& work);

// A copy that goes on where the caller is, as another child of the caller's parent, in the PID
// namespace that is set for the caller's children (setns(2)): its pidfd. None in the copy. The
// caller has one thread.
Result<UniqueFd> clone_sibling();

}  // namespace podctl::sys
