#include "init/session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/wire/codec.hpp"

namespace podctl::init {
namespace {

std::uint16_t number(wire::LaunchType type) { return static_cast<std::uint16_t>(type); }

}  // namespace

Result<bool> is_ours(int end) {
  struct stat st;
  if (::fstat(end, &st) != 0) return fail_errno(errno, "stat", "descriptor");
  return S_ISFIFO(st.st_mode) || ::isatty(end) == 1;
}

bool Session::await_request() {
  current_ = "await request";
  const auto message = socket_.receive();
  return message && *message && (*message)->type == number(wire::LaunchType::kLaunchRequested);
}

void Session::begin(std::string container) {
  container_ = std::move(container);
  trace_.clear();
}

Result<void> Session::send_ready(UniqueFd terminal, UniqueFd process) {
  ready_.trace = trace_;
  wire::Message message{.type = number(wire::LaunchType::kLaunchReady),
                        .body = wire::encode(ready_)};
  if (terminal) message.fds.push_back(std::move(terminal));
  if (process) message.fds.push_back(std::move(process));
  return socket_.send(std::move(message));
}

void Session::send_failure(const Error& error) {
  auto failure = wire::LaunchFailure::from(current_, error);
  failure.trace = trace_;
  // When this fails too nobody is left to be told; the exit code tells.
  (void)socket_.send(
      {.type = number(wire::LaunchType::kLaunchFailure), .body = wire::encode(failure)});
}

}  // namespace podctl::init
