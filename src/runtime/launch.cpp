#include "runtime/launch.hpp"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

#include "podctl/base/rollback.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::runtime {
namespace {

Result<UniqueFd> duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return fail_errno(errno, "duplicate descriptor", {});
  return copy;
}

// Kills a child that is of no use any more, and reaps it.
void discard(const sys::Child& child) {
  if (child.pid <= 0) return;
  (void)sys::send_signal(child.pidfd.get(), SIGKILL);
  (void)sys::wait_child(child.pidfd.get(), true);
}

Failure unexpected(const char* what) {
  return fail(Code::kInternal, "start container", "podctl-init", what);
}

Result<wire::Message> expect(wire::Socket& socket, Trace& trace, wire::LaunchType type) {
  auto message = TRY(receive_answer(socket, trace));
  if (!message) return unexpected("was killed before it had started the container");
  if (message->type != static_cast<std::uint16_t>(type)) return unexpected("spoke out of turn");
  return std::move(*message);
}

Result<void> await_exec(wire::Socket& socket, Trace& trace) {
  if (TRY(receive_answer(socket, trace))) return unexpected("spoke after it was ready");
  return {};
}

Result<void> receive_launched(wire::Socket& socket, Trace& trace, Launched& launched) {
  auto started = TRY(expect(socket, trace, wire::LaunchType::kLaunchStarted));
  if (started.fds.size() != 1) return unexpected("sent no pidfd");
  launched.process.pid = TRY(wire::decode<wire::LaunchStarted>(started.body)).pid;
  launched.process.pidfd = std::move(started.fds[0]);

  auto ready = TRY(expect(socket, trace, wire::LaunchType::kLaunchReady));
  launched.ready = TRY(wire::decode<wire::LaunchReady>(ready.body));
  if (!ready.fds.empty()) launched.terminal = std::move(ready.fds[0]);
  return trace.step("await exec", {}, [&] { return await_exec(socket, trace); });
}

Result<wire::Message> request_message(wire::LaunchRequest request, const std::vector<Role>& roles) {
  wire::Message message;
  message.type = static_cast<std::uint16_t>(wire::LaunchType::kLaunchRequest);
  for (const Role& role : roles) {
    if (role.fd < 0) continue;
    request.roles.push_back(role.role);
    message.fds.push_back(TRY(duplicate(role.fd)));
  }
  message.body = wire::encode(request);
  return message;
}

}  // namespace

Result<Started> spawn_helper(int exe, std::string name, const cgroup::Group& group,
                             std::uint64_t namespaces) {
  auto [ours, theirs] = TRY(wire::Socket::pair());
  const cgroup::Entry entry = TRY(group.entry());
  sys::SpawnSpec spec;
  spec.exe = exe;
  spec.argv = {std::move(name)};
  spec.fds = {{.from = theirs.fd(), .number = wire::kLaunchSocket}};
  spec.namespaces = namespaces;
  spec.cgroup = entry.cgroup2;
  for (const UniqueFd& fd : entry.tasks) spec.tasks.push_back(fd.get());
  return Started{TRY(sys::spawn(spec)), std::move(ours)};
}

Result<std::optional<wire::Message>> receive_answer(wire::Socket& socket, Trace& trace) {
  auto message = socket.receive();
  if (!message && message.error().code == Code::kUnavailable) {
    return std::optional<wire::Message>();
  }
  if (!message) return Failure(std::move(message).error());
  if ((*message)->type == static_cast<std::uint16_t>(wire::LaunchType::kLaunchFailure)) {
    auto failure = TRY(wire::decode<wire::LaunchFailure>((*message)->body));
    trace.add(std::move(failure.trace));
    return Failure(failure.error().with(failure.step));
  }
  return message;
}

Result<Launched> launch(int init, const cgroup::Group& group, wire::LaunchRequest request,
                        const std::vector<Role>& roles, Trace& trace) {
  auto message = TRY(request_message(std::move(request), roles));
  auto started = TRY(trace.step("spawn podctl-init", {},
                                [&] { return spawn_helper(init, "podctl-init", group, 0); }));
  Launched launched;
  Rollback undo;
  undo.add([&]() -> Result<void> {
    discard(launched.process);
    return {};
  });
  undo.add([&]() -> Result<void> {
    discard(started.child);
    return {};
  });
  TRY(started.socket.send(std::move(message)));
  TRY(receive_launched(started.socket, trace, launched));
  // Stage 1 has ended, or is about to: it said its last word before the workload ran.
  TRY(sys::wait_child(started.child.pidfd.get(), true));
  trace.add(launched.ready.trace);
  undo.release();
  return launched;
}

}  // namespace podctl::runtime
