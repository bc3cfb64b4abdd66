#include "cli/reset.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/daemon.hpp"

namespace podctl::cli {
namespace {

bool readable(int fd) {
  pollfd end{fd, POLLIN | POLLRDHUP, 0};
  return ::poll(&end, 1, 10'000) == 1;
}

// podctld's connections end with it, after it has let go of its lock; then the process itself does.
// The peer of a socket that systemd listens on is systemd.
bool wait_for_end(const Client& client) {
  const int pid = client.peer_pid();
  const UniqueFd process(pid > 1 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
  return readable(client.fd()) && (!process || readable(process.get()));
}

}  // namespace

Result<void> reset_root(Invocation& in) {
  Request request;
  request.method = "POST";
  request.target = podctl_path("/system/reset");
  const auto [client, reply] = TRY(ask_or_start(in.layout, request));
  if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
  if (wait_for_end(client)) return {};
  return fail(Code::kTimedOut, "podctld has removed everything but does not end", {});
}

}  // namespace podctl::cli
