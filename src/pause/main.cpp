// podctl-pause: the anchor of a pod. It holds the namespaces it was spawned into, and the mounts it
// makes in them, until it is killed. As PID 1 of a shared PID namespace it also reaps the orphans.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "pause/pause.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl {
namespace {

constexpr int kFailed = 125;  // as every helper of podctl exits when it could not start its work

std::uint16_t number(wire::LaunchType type) { return static_cast<std::uint16_t>(type); }

Result<void> serve(wire::Socket& socket, std::string& step) {
  step = "receive request";
  auto message = TRY(socket.receive());
  if (!message || message->type != number(wire::LaunchType::kPauseRequest)) {
    return fail(Code::kInvalidArgument, "receive", {}, "not a pause request");
  }
  const auto request = TRY(wire::decode<wire::PauseRequest>(message->body));
  step = "set undumpable";
  TRY(sys::set_undumpable());
  auto made = TRY(pause::set_up(request, step));
  step = "answer";
  return socket.send({.type = number(wire::LaunchType::kPauseReady),
                      .body = wire::encode(made.ready),
                      .fds = std::move(made.volumes)});
}

int run() {
  wire::Socket socket{UniqueFd(wire::kLaunchSocket)};
  std::string step;
  if (auto done = serve(socket, step); !done) {
    const auto failure = wire::LaunchFailure::from(step, done.error());
    // Nobody is left to be told when this fails too; the exit code tells.
    (void)socket.send(
        {.type = number(wire::LaunchType::kLaunchFailure), .body = wire::encode(failure)});
    return kFailed;
  }
  return 0;
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

}  // namespace
}  // namespace podctl

int main() {
  if (const int failed = podctl::run(); failed != 0) return failed;
  podctl::hold();
}
