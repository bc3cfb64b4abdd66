// Containers and execs between spawn and execve: several at once, while the loop goes on.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "podctl/wire/codec.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {
namespace {

constexpr std::uint64_t kSettleBound = 10'000'000'000;  // ns

UniqueFd take(std::vector<UniqueFd>& fds, std::size_t index) {
  return index < fds.size() ? std::move(fds[index]) : UniqueFd();
}

}  // namespace

Result<void> Shim::start(std::uint32_t request, wire::ContainerSpec spec) {
  runtime::Sandbox& pod = *TRY(sandbox());
  if (!death_.empty()) return fail(Code::kFailedPrecondition, "find sandbox", uid_, death_);
  const std::string id = spec.id;
  if (containers_.contains(id) || starts_.contains(id)) {
    return fail(Code::kAlreadyExists, "start container", id);
  }
  auto begun = TRY(begin(pod, std::move(spec)));
  TRY(loop_.watch(begun->start().fd(), EPOLLIN, [this, id](std::uint32_t) { advance_start(id); }));
  starts_.emplace(id, Start{request, std::move(begun)});
  loop_.after(0, [this, id] { open_log(id); });
  return {};
}

Result<std::unique_ptr<StartingContainer>> Shim::begin(runtime::Sandbox& pod,
                                                       wire::ContainerSpec spec) {
  const auto at = std::find_if(expected_.begin(), expected_.end(), [&](const ExpectedStart& start) {
    return start.init->name() == spec.name;
  });
  if (at != expected_.end()) {
    ExpectedStart ready = std::move(*at);
    expected_.erase(at);
    if (ready.init->serves(spec)) {
      auto begun = StartingContainer::begin(pod, spec, std::move(ready));
      if (begun) return begun;
      log("init of " + spec.name + " that was made ahead", begun.error());
    }
  }
  int target = -1;
  if (spec.pid == wire::PidMode::kTarget) {
    target = TRY(running(spec.pid_target))->container().process().pidfd.get();
  }
  return StartingContainer::begin(pod, std::move(spec), target);
}

// What the pod's first containers have not taken. Its numbers are the pod's own from then on.
void Shim::end_expected_soon() {
  if (expected_.empty()) return;
  loop_.after(0, [this] {
    if (starts_.empty()) expected_.clear();
  });
}

bool Shim::expected_ended(const sys::Exit& exit) {
  const auto at = std::find_if(expected_.begin(), expected_.end(), [&](const ExpectedStart& start) {
    return start.init->pid() == exit.pid;
  });
  if (at == expected_.end()) return false;
  log("an init that was made ahead has ended with code " + std::to_string(exit.code));
  if (auto done = at->init->ended(); !done) log("end of an init", done.error());
  expected_.erase(at);
  return true;
}

// After the round in which it was begun: the other containers of the pod need not wait for it.
void Shim::open_log(const std::string& id) {
  const auto at = starts_.find(id);
  if (at == starts_.end()) return;
  if (auto opened = at->second.container->open_log(loop_); !opened) end_start(at, opened);
}

void Shim::advance_start(const std::string& id) {
  const auto at = starts_.find(id);
  const auto done = at->second.container->start().advance();
  if (done && !*done) return;
  rest_soon();
  end_start(at, done ? Result<void>() : Failure(done.error()));
}

void Shim::end_start(std::map<std::string, Start>::iterator at, const Result<void>& executed) {
  Start start = std::move(starts_.extract(at).mapped());
  loop_.forget(start.container->start().fd());
  end_expected_soon();
  auto live = executed ? start.container->finish(loop_) : Failure(executed.error());
  if (!live) {
    start.container.reset();  // nothing of it is left when they hear of it
    return refuse(start.request, std::move(live).error());
  }
  wire::ContainerInfo info = (*live)->container().info();
  containers_.emplace(info.id, std::move(*live));
  send(wire::Type::kOk, start.request, wire::encode(info));
}

Result<void> Shim::exec(std::uint32_t request, const wire::ExecSpec& spec,
                        std::vector<UniqueFd> fds) {
  runtime::Sandbox& pod = *TRY(sandbox());
  LiveContainer& live = *TRY(running(spec.container_id));
  const UniqueFd in = take(fds, 0), out = take(fds, 1), err = take(fds, 2), program = take(fds, 3);
  if (spec.brought && !program)
    return fail(Code::kInvalidArgument, "exec", spec.container_id,
                "the program did not come along");
  ExecStart start{.request = request, .launch = nullptr, .trace = {}};
  start.launch = TRY(runtime::begin_exec(
      pod, live.container(), spec, {in.get(), out.get(), err.get(), program.get()}, start.trace));
  const pid_t pid = start.launch->pid();
  TRY(loop_.watch(start.launch->fd(), EPOLLIN, [this, pid](std::uint32_t) { advance_exec(pid); }));
  exec_starts_.emplace(pid, std::move(start));
  return {};
}

void Shim::advance_exec(pid_t first) {
  const auto at = exec_starts_.find(first);
  const auto done = at->second.launch->advance(at->second.trace);
  if (done && !*done) return;
  ExecStart start = std::move(exec_starts_.extract(at).mapped());
  loop_.forget(start.launch->fd());
  if (!done) {
    return refuse(start.request, done.error());
  }
  const pid_t pid = start.launch->take_process().pid;  // reaped as any child
  execs_[pid] = start.request;
  std::vector<UniqueFd> fds;
  if (UniqueFd terminal = start.launch->take_terminal()) fds.push_back(std::move(terminal));
  send(wire::Type::kOk, start.request, wire::encode(wire::ExecStarted{.pid = pid}), std::move(fds));
}

// An exec leads a session and so a process group, whose number stays taken until it is reaped here.
Result<void> Shim::kill_exec(std::uint32_t request) const {
  for (const auto& [pid, of] : execs_) {
    if (of == request && ::kill(-pid, SIGKILL) != 0) return fail_errno(errno, "kill exec", {});
  }
  // One that has not executed may not lead a session yet.
  for (const auto& [first, start] : exec_starts_) {
    if (start.request == request && ::kill(start.launch->pid(), SIGKILL) != 0) {
      return fail_errno(errno, "kill exec", {});
    }
  }
  return {};
}

void Shim::settle_starts() {
  const std::uint64_t deadline = runtime::boot_ns() + kSettleBound;
  while (!starts_.empty()) {
    const std::string id = starts_.begin()->first;
    runtime::ContainerStart& start = starts_.begin()->second.container->start();
    pollfd ready{.fd = start.fd(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 1000);
    if (runtime::boot_ns() > deadline) {
      log("container " + id + " has not executed for 10 s: it is given up");
      return abandon_starts();
    }
    advance_start(id);
  }
}

Result<void> Shim::kill(const std::string& id) {
  if (starts_.contains(id)) advance_start(id);  // it may just have executed
  const auto at = starts_.find(id);
  if (at == starts_.end()) return TRY(running(id))->container().kill();
  // Its end is reaped as any child's, and whoever asked for the start hears of it then.
  return at->second.container->start().kill();
}

// Their init is killed and reaped, and whoever asked is told.
void Shim::abandon_starts() {
  const auto give_up = [this](std::uint32_t request, const std::string& what) {
    // With its sandbox a start is withdrawn, it has not failed.
    const auto error = death_.empty()
                           ? fail(Code::kFailedPrecondition, "start", what, "took too long")
                           : fail(Code::kCancelled, "start", what, death_);
    refuse(request, error.value());
  };
  for (auto& [id, start] : std::exchange(starts_, {})) {
    loop_.forget(start.container->start().fd());
    start.container.reset();
    give_up(start.request, id);
  }
  for (auto& [pid, start] : std::exchange(exec_starts_, {})) {
    loop_.forget(start.launch->fd());
    start.launch.reset();
    give_up(start.request, "exec");
  }
}

}  // namespace podctl::shim
