#include "init/session.hpp"

#include <unistd.h>

#include "podctl/wire/codec.hpp"

namespace podctl::init {
namespace {

std::uint16_t number(wire::LaunchType type) { return static_cast<std::uint16_t>(type); }

Result<Roles> assign(const std::vector<wire::LaunchFd>& roles, std::vector<UniqueFd> fds) {
  if (roles.size() != fds.size()) {
    return fail(Code::kInvalidArgument, "receive", "descriptors",
                "as many roles as descriptors are needed");
  }
  Roles out;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    switch (roles[i]) {
      case wire::LaunchFd::kStdin:
      case wire::LaunchFd::kStdout:
      case wire::LaunchFd::kStderr:
        out.stdio[static_cast<int>(roles[i])] = std::move(fds[i]);
        break;
      case wire::LaunchFd::kPause:
        out.pause = std::move(fds[i]);
        break;
      case wire::LaunchFd::kTarget:
        out.target = std::move(fds[i]);
        break;
      default:
        return fail(Code::kUnsupported, "receive", "descriptor",
                    "a role this version does not know");
    }
  }
  return out;
}

}  // namespace

Result<std::pair<wire::LaunchRequest, Roles>> Session::receive() {
  auto message = TRY(socket_.receive());
  if (!message || message->type != number(wire::LaunchType::kLaunchRequest)) {
    return fail(Code::kInvalidArgument, "receive", {}, "not a launch request");
  }
  auto request = TRY(wire::decode<wire::LaunchRequest>(message->body));
  if (request.container.has_value() == request.exec.has_value()) {
    return fail(Code::kInvalidArgument, "receive", {},
                "exactly one of container and exec is needed");
  }
  const auto& argv = request.container ? request.container->argv : request.exec->argv;
  if (argv.empty()) return fail(Code::kInvalidArgument, "receive", {}, "an empty command");
  Roles roles = TRY(assign(request.roles, std::move(message->fds)));
  return std::pair{std::move(request), std::move(roles)};
}

Result<void> Session::send_started(pid_t pid, UniqueFd pidfd) {
  wire::Message message{.type = number(wire::LaunchType::kLaunchStarted),
                        .body = wire::encode(wire::LaunchStarted{pid})};
  message.fds.push_back(std::move(pidfd));
  return socket_.send(std::move(message));
}

void Session::pass_barrier() {
  if (!barrier_) return;
  char byte;
  (void)!::read(barrier_.get(), &byte, 1);  // end of file is all that comes
  barrier_.reset();
}

Result<void> Session::send_ready(UniqueFd terminal) {
  pass_barrier();
  ready_.trace = trace_;
  wire::Message message{.type = number(wire::LaunchType::kLaunchReady),
                        .body = wire::encode(ready_)};
  if (terminal) message.fds.push_back(std::move(terminal));
  return socket_.send(std::move(message));
}

Result<void> Session::wait_for_go() {
  auto message = TRY(socket_.receive());
  if (!message || message->type != number(wire::LaunchType::kLaunchGo)) {
    return fail(Code::kInvalidArgument, "receive", {}, "not the word to go on");
  }
  return {};
}

void Session::send_failure(const Error& error) {
  pass_barrier();
  auto failure = wire::LaunchFailure::from(current_, error);
  failure.trace = trace_;
  // When this fails too nobody is left to be told; the exit code tells.
  (void)socket_.send(
      {.type = number(wire::LaunchType::kLaunchFailure), .body = wire::encode(failure)});
}

}  // namespace podctl::init
