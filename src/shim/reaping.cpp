// What ends below the shim: containers, execs, pause, strangers. Every end is looked at before the
// number is given back (WNOWAIT), and containers are dealt with before pause.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>

#include "podctl/wire/codec.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {
namespace {

constexpr std::uint64_t kDestroyBound = 10'000'000'000;  // ns
constexpr std::chrono::milliseconds kAtOnce{0};
constexpr std::uint64_t kDeathBoundMs = 5000;  // a process that cannot be killed holds up no news

}  // namespace

void Shim::reap_children() {
  signalfd_siginfo info{};
  while (::read(child_signal_.get(), &info, sizeof(info)) > 0) {
  }
  for (;;) {
    const auto exit = sys::peek_any_child();
    if (!exit || !*exit) return;
    for (auto& [id, start] : starts_) start.container->start().look();
    for (auto& [first, start] : exec_starts_) start.launch->look(start.trace);
    if (auto reaped = sys::reap((*exit)->pid); !reaped) {
      log("reap", reaped.error());
      return;
    }
    child_ended(**exit);
  }
}

void Shim::child_ended(const sys::Exit& exit) {
  if (sandbox_ && exit.pid == sandbox_->pause().pid) return pause_ended(exit);
  if (expected_ended(exit)) return;
  // It may have executed and ended before we looked: its socket is at its end, one way or the
  // other.
  for (const auto& [id, start] : starts_) {
    if (start.container->start().pid() != exit.pid) continue;
    if (auto done = start.container->start().ended(); !done) log("start " + id, done.error());
    advance_start(std::string(id));
    break;
  }
  const auto executing = std::ranges::find_if(
      exec_starts_, [&](const auto& start) { return start.second.launch->pid() == exit.pid; });
  if (executing != exec_starts_.end()) {
    ExecStart& start = executing->second;
    if (auto done = start.launch->ended(start.trace); !done) log("exec", done.error());
    advance_exec(executing->first);
  }
  if (const auto at = execs_.find(exit.pid); at != execs_.end()) {
    send(wire::Type::kExecExited, at->second,
         wire::encode(wire::ExecExited{.exit_code = exit.code}));
    execs_.erase(at);
    return;
  }
  for (const auto& [id, live] : containers_) {
    if (live->container().process().pid == exit.pid) return container_ended(std::string(id), exit);
  }
}

void Shim::container_ended(const std::string& id, const sys::Exit& exit) {
  const auto at = containers_.find(id);
  const std::unique_ptr<LiveContainer> live = std::move(at->second);
  containers_.erase(at);
  const wire::ExitRecord record = live->end(exit, [this] { pump_logs(); });
  ended_.emplace(id, live->container().spec());
  if (auto kept = records_.keep(record); !kept) log("keep exit record", kept.error());
  send(wire::Type::kExited, 0, wire::encode(record));
  auto removed = wait_in_steps([&](auto step) { return live->container().group().remove(step); },
                               [this] { pump_logs(); });
  if (!removed) log("remove cgroup", removed.error());  // the pod's own removal takes it along
  if (dying_ && containers_.empty()) tell_death();
}

// Without pause there is no sandbox: its containers end too, each with a record, before it is told.
void Shim::pause_ended(const sys::Exit& exit) {
  pause_reaped_ = true;
  if (!death_.empty()) return;
  death_ = "the pause process has ended with code " + std::to_string(exit.code);
  log(death_);
  expected_.clear();
  abandon_starts();
  for (const auto& [id, live] : containers_) {
    if (auto killed = live->container().kill(); !killed) log("kill container", killed.error());
  }
  dying_ = true;
  if (containers_.empty()) return tell_death();
  loop_.after(kDeathBoundMs, [this] {
    if (dying_) tell_death();
  });
}

void Shim::tell_death() {
  dying_ = false;
  send(wire::Type::kSandboxDied, 0, wire::encode(wire::SandboxDied{.reason = death_}));
}

// The other containers' pipes hold 64 KiB: while the shim waits, they are emptied between the
// steps.
void Shim::pump_logs() {
  for (const auto& [id, live] : containers_) live->pump();
}

// Blocks until pause, containers and execs are reaped; podctld, if we started it, may live on.
Result<void> Shim::reap_everything() {
  const std::uint64_t deadline = runtime::boot_ns() + kDestroyBound;
  bool pause = sandbox_->pause().pid > 0 && !pause_reaped_;
  while (pause || !containers_.empty() || !execs_.empty()) {
    const auto exit = sys::peek_any_child();
    if (!exit) break;  // no children at all
    if (!*exit) {
      if (runtime::boot_ns() > deadline) {
        return fail(Code::kTimedOut, "end processes", uid_, "some cannot be killed");
      }
      pollfd ended{.fd = child_signal_.get(), .events = POLLIN, .revents = 0};
      ::poll(&ended, 1, 100);
      signalfd_siginfo info{};
      while (::read(child_signal_.get(), &info, sizeof(info)) > 0) {
      }
      continue;
    }
    const sys::Exit ended = **exit;
    TRY(sys::reap(ended.pid));
    if (ended.pid == sandbox_->pause().pid) pause = false;
    execs_.erase(ended.pid);
    const auto at = std::find_if(containers_.begin(), containers_.end(), [&](const auto& entry) {
      return entry.second->container().process().pid == ended.pid;
    });
    if (at == containers_.end()) continue;
    // While the others still end. One that holds a straggler goes with the pod's.
    (void)at->second->container().group().remove(kAtOnce);
    containers_.erase(at);
  }
  containers_.clear();
  execs_.clear();
  return {};
}

}  // namespace podctl::shim
