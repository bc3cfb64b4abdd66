#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include "pause/setup.hpp"
#include "podctl/pause/pause.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/seccomp.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::pause {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
constexpr std::size_t kMostWords = 8192;  // bytes of a command line: a path and an id

Result<void> serve(Result<void> entered, const wire::PauseRequest& request, wire::Socket& socket,
                   std::string& step) {
  TRY(std::move(entered));
  step = "set undumpable";
  TRY(sys::set_undumpable());
  auto made = TRY(set_up(request, step));
  if (made.mounts) made.volumes.push_back(std::move(made.mounts));
  made.volumes.push_back(std::move(made.stage));
  step = "answer";
  std::string body = wire::encode(made.ready);
  for (std::size_t sent = 0; sent < made.volumes.size(); sent += wire::kMaxFds) {
    const auto begin = made.volumes.begin() + static_cast<std::ptrdiff_t>(sent);
    const auto count = std::min(wire::kMaxFds, made.volumes.size() - sent);
    wire::Message message{.type = static_cast<std::uint16_t>(wire::LaunchType::kPauseReady),
                          .body = std::exchange(body, {})};
    std::move(begin, begin + static_cast<std::ptrdiff_t>(count), std::back_inserter(message.fds));
    TRY(socket.send(std::move(message)));
  }
  return {};
}

// A container that may trace it can make it do anything that it may do itself: wait. A filter holds
// for what a tracer has it call, too (seccomp(2)). Needs no_new_privs.
void confine() {
  constexpr std::uint32_t kAllowed[] = {
#ifdef SYS_pause
      SYS_pause,
#endif
      SYS_ppoll, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit, SYS_exit_group};
  constexpr auto kCount = static_cast<std::uint8_t>(std::size(kAllowed));
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, kCount + 1),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (std::uint8_t n = 0; n < kCount; ++n) {
    const auto to_allow = static_cast<std::uint8_t>(kCount - n);
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAllowed[n], to_allow, 0));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const auto loaded = sys::load_seccomp(
      {reinterpret_cast<const char*>(filter.data()), filter.size() * sizeof(sock_filter)});
  if (!loaded) ::_exit(wire::kLaunchFailed);  // the pod is made anew, or says what it lacks
}

// Ignored SIGCHLD makes the kernel reap children itself: orphans of a shared PID namespace.
// wait(2).
[[noreturn]] void hold(bool confined) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, nullptr);
  ::close_range(0, ~0U, 0);
  ::malloc_trim(0);
  if (confined) confine();
  for (;;) ::pause();
}

// The words that it was started with are the shim's, with the root's path on the host: containers
// that share its PID namespace would read them.
void forget_words(const std::string& uid) {
  const auto words = sys::read_file("/proc/self/cmdline", kMostWords);
  if (!words) return;
  char* const first = program_invocation_name;
  std::memset(first, 0, words->size());
  const std::string own = std::string("podctl-pause") + '\0' + uid;
  if (own.size() < words->size()) std::memcpy(first, own.data(), own.size());
}

}  // namespace

int run(Result<void> entered, const wire::PauseRequest& request, int answers, int program) {
  ::prctl(PR_SET_NAME, "podctl-pause");
  if (request.spec.share_pid) forget_words(request.spec.uid);
  wire::Socket socket{UniqueFd(answers)};
  std::string step = "begin";
  if (auto done = serve(std::move(entered), request, socket, step); !done) {
    const auto failure = wire::LaunchFailure::from(step, done.error());
    // Nobody is left to be told when this fails too; the exit code tells.
    (void)socket.send({.type = static_cast<std::uint16_t>(wire::LaunchType::kLaunchFailure),
                       .body = wire::encode(failure)});
    return wire::kLaunchFailed;
  }
  if (request.spec.share_pid) {
    hold(true);
  }
  std::string name = "podctl-pause", uid = request.spec.uid;
  char* const argv[] = {name.data(), uid.data(), nullptr};
  char* const env[] = {nullptr};
  ::fexecve(program, argv, env);
  hold(false);  // as good, only larger
}

}  // namespace podctl::pause
