// Processes as descriptors: pidfd, waiting, signalling, and the few process-wide switches podctl
// turns.
//
// Used by the shim, init, pause and the brain (which only watches). pidfd_open(2), waitid(2),
// prctl(2). Never waits for "any child" on its own account.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

Result<UniqueFd> open_pidfd(pid_t pid);
// The process's number in the caller's PID namespace; kNotFound when it has been reaped or is not
// seen.
Result<pid_t> pid_of(int pidfd);
// pidfd_send_signal(2); kNotFound when it is gone.
Result<void> send_signal(int pidfd, int signal);

// How a process ended. `code` is 128 + signal when a signal ended it, as a shell shows it.
struct Exit {
  pid_t pid = -1;
  int code = 0;
  int signal = 0;
  bool core = false;
};
// Waits for this child and reaps it. Nothing: `block` is false and it still runs.
Result<std::optional<Exit>> wait_child(int pidfd, bool block);
// The next child that has ended, whoever it is, left unreaped (WNOWAIT). Nothing: none has.
// kNotFound: there are no children.
Result<std::optional<Exit>> peek_any_child();
// Reaps one by number.
Result<Exit> reap(pid_t pid);

Result<void> become_subreaper();
// No ptrace, no /proc/PID/{exe,fd,mem} for others (CVE-2016-9962, CVE-2019-5736).
Result<void> set_undumpable();
// The name shown by ps, at most 15 bytes.
void set_name(std::string_view name);

// "SIGTERM", "TERM", "term", "15", "SIGRTMIN+3"; nothing for anything else.
std::optional<int> signal_from_name(std::string_view name);
// "SIGTERM"; "signal 77" for one without a name.
std::string signal_name(int signal);

}  // namespace podctl::sys
