#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "pause/setup.hpp"
#include "podctl/pause/pause.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::pause {
namespace {

constexpr std::size_t kMostWords = 8192;  // bytes of a command line: a path and an id

Result<void> serve(Result<void> entered, const wire::PauseRequest& request, wire::Socket& socket,
                   std::string& step) {
  TRY(std::move(entered));
  step = "set undumpable";
  TRY(sys::set_undumpable());
  auto made = TRY(set_up(request, step));
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

// Ignored SIGCHLD makes the kernel reap children itself: orphans of a shared PID namespace.
// wait(2).
[[noreturn]] void hold() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, nullptr);
  ::close_range(0, ~0U, 0);
  ::malloc_trim(0);
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
    forget_words(request.spec.uid);
    hold();
  }
  std::string name = "podctl-pause", uid = request.spec.uid;
  char* const argv[] = {name.data(), uid.data(), nullptr};
  char* const env[] = {nullptr};
  ::fexecve(program, argv, env);
  hold();  // as good, only larger
}

}  // namespace podctl::pause
