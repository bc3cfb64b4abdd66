#include "podctl/sys/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "podctl/base/text.hpp"

namespace podctl::sys {

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return fail_errno(errno, "open pidfd", std::to_string(pid));
  return fd;
}

Result<pid_t> pid_of(int pidfd) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  char buffer[1024];
  const auto n = ::read(fd.get(), buffer, sizeof buffer);
  if (n < 0) return fail_errno(errno, "read", path);
  for (const auto line : text::split({buffer, static_cast<std::size_t>(n)}, '\n')) {
    if (!line.starts_with("Pid:")) continue;
    const auto pid = text::parse_i64(text::trim(line.substr(4)));
    if (pid && *pid > 0) return static_cast<pid_t>(*pid);
    return fail(Code::kNotFound, "read pidfd", std::to_string(pidfd), "the process is gone");
  }
  return fail(Code::kInvalidArgument, "read pidfd", std::to_string(pidfd), "not a pidfd");
}

Result<void> send_signal(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0) {
    return fail_errno(errno, "send " + signal_name(signal), "pidfd " + std::to_string(pidfd));
  }
  return {};
}

namespace {

Exit exit_from(const siginfo_t& info) {
  Exit out;
  out.pid = info.si_pid;
  if (info.si_code == CLD_EXITED) {
    out.code = info.si_status;
  } else {
    out.signal = info.si_status;
    out.code = 128 + info.si_status;
    out.core = info.si_code == CLD_DUMPED;
  }
  return out;
}

Result<std::optional<Exit>> wait_for(idtype_t type, id_t id, int flags) {
  siginfo_t info = {};
  int done;
  do {
    done = ::waitid(type, id, &info, flags);
  } while (done != 0 && errno == EINTR);
  if (done != 0 && errno == ECHILD) {
    return fail(Code::kNotFound, "wait for child", std::to_string(id), "no such child");
  }
  if (done != 0) return fail_errno(errno, "wait for child", std::to_string(id));
  if (info.si_pid == 0) return std::optional<Exit>();
  return std::optional<Exit>(exit_from(info));
}

}  // namespace

Result<std::optional<Exit>> wait_child(int pidfd, bool block) {
  return wait_for(P_PIDFD, static_cast<id_t>(pidfd), WEXITED | (block ? 0 : WNOHANG));
}

Result<std::optional<Exit>> peek_any_child() {
  return wait_for(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT);
}

Result<Exit> reap(pid_t pid) {
  auto done = TRY(wait_for(P_PID, static_cast<id_t>(pid), WEXITED));
  if (!done) return fail(Code::kInternal, "reap", std::to_string(pid), "no status");
  return *done;
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return fail_errno(errno, "become subreaper", {});
  }
  return {};
}

Result<void> set_undumpable() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno(errno, "set undumpable", {});
  return {};
}

void set_name(std::string_view name) {
  ::prctl(PR_SET_NAME, std::string(name.substr(0, 15)).c_str(), 0, 0, 0);
}

std::optional<int> signal_from_name(std::string_view name) {
  if (const auto number = text::parse_u64(name)) {
    if (*number >= 1 && *number < NSIG) return static_cast<int>(*number);
    return std::nullopt;
  }
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view rest = upper;
  if (rest.starts_with("SIG")) rest.remove_prefix(3);
  if (rest == "RTMIN") return SIGRTMIN;
  if (rest == "RTMAX") return SIGRTMAX;
  if (rest.starts_with("RTMIN+")) {
    const auto n = text::parse_u64(rest.substr(6));
    if (n && *n <= static_cast<std::uint64_t>(SIGRTMAX - SIGRTMIN)) {
      return SIGRTMIN + static_cast<int>(*n);
    }
    return std::nullopt;
  }
  if (rest.starts_with("RTMAX-")) {
    const auto n = text::parse_u64(rest.substr(6));
    if (n && *n <= static_cast<std::uint64_t>(SIGRTMAX - SIGRTMIN)) {
      return SIGRTMAX - static_cast<int>(*n);
    }
    return std::nullopt;
  }
  for (int s = 1; s < 32; ++s) {
    const char* abbreviation = ::sigabbrev_np(s);
    if (abbreviation != nullptr && rest == abbreviation) return s;
  }
  return std::nullopt;
}

std::string signal_name(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  if (abbreviation != nullptr) return std::string("SIG") + abbreviation;
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) {
    return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
  }
  return "signal " + std::to_string(signal);
}

}  // namespace podctl::sys
