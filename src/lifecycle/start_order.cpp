// What to start now: the sandbox, then init containers and sidecars in order, then the regular
// ones.
#include <algorithm>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

bool sandbox_usable(const Context& c) {
  return c.memory.sandbox == SandboxProgress::kCreating ||
         c.memory.sandbox == SandboxProgress::kReady;
}

// Asks for the sandbox when there is none; again when a restart of podctld forgot it.
void ensure_sandbox(Context& c) {
  auto& m = c.memory;
  if (m.sandbox == SandboxProgress::kReady) return;
  const auto& seen = c.seen.sandbox;
  if (m.sandbox == SandboxProgress::kCreating) {
    const bool under_way = seen.attempt == m.sandbox_attempt && seen.state != SandboxState::kAbsent;
    if (under_way) return;
  } else if (c.now.boot_ns < m.sandbox_retry_at_ns) {
    return c.wake_at(m.sandbox_retry_at_ns);
  }
  m.sandbox = SandboxProgress::kCreating;
  m.sandbox_retry_at_ns = 0;
  c.actions.emplace_back(CreateSandbox{m.sandbox_attempt});
}

void issue(Context& c, const Item& item) {
  c.actions.emplace_back(
      StartContainer{item.spec->name, item.memory->attempt, c.memory.sandbox_attempt});
}

// The kubelet's back-off is one for each image.
void forget_crashes(ContainerMemory& m) {
  m.backoff_s = 0;
  if (m.waiting && m.waiting->reason == "CrashLoopBackOff") m.waiting.reset();
}

void next_attempt(Context& c, ContainerMemory& m) {
  count_restart(m, c.now.boot_ns);
  ++m.attempt;
  // The newest dead attempt stays for `logs -p`; what is older goes.
  if (m.attempt >= 2) c.actions.emplace_back(RemoveContainer{m.name, m.attempt - 2});
}

// Starts the container, or sees to what has to come before.
void start(Context& c, const Item& item) {
  auto& m = *item.memory;
  if (m.progress == Progress::kRunning) return plan_post_start(c, item);
  if (m.progress == Progress::kStarting) {
    const bool forgotten = item.seen == nullptr || item.seen->state == RunState::kAbsent;
    if (forgotten && sandbox_usable(c)) issue(c, item);
    return;
  }
  // The next attempt would take its place in the observation.
  if (m.progress == Progress::kEnded && m.tail_wanted) return;
  if (m.progress == Progress::kEnded) {
    if (changed(item)) forget_crashes(m);
    const auto due = restart_due(m);
    if (c.now.boot_ns < due) return show_backoff(c, item, due);
  }
  if (!image_ready(c, item)) return;
  if (m.waiting && c.now.boot_ns < m.waiting->retry_at_ns) {
    return c.wake_at(m.waiting->retry_at_ns);
  }
  if (!sandbox_usable(c)) return;
  if (m.progress == Progress::kEnded) next_attempt(c, m);
  m.progress = Progress::kStarting;
  m.rerun = false;
  m.applied.clear();
  issue(c, item);
}

// Ended and not to run again.
bool done(const Context& c, const Item& item) {
  const auto& m = *item.memory;
  return m.progress == Progress::kEnded && !m.rerun &&
         after_exit(c.pod, item, m.ended->exit_code) == AfterExit::kStay;
}

// Nothing is left to do: an init container failed for good, or every regular container is done.
bool finished(const Context& c) {
  bool all_done = true;
  for (const auto& item : c.items) {
    const bool mine = done(c, item);
    if (item.init && mine && item.memory->ended->exit_code != 0) return true;
    if (item.regular() && !mine) all_done = false;
  }
  return all_done;
}

// Whether anything behind an init container has been created since the pod began in its sandbox.
// Then this one has done its part once and holds up nothing any more (K kuberuntime_container.go,
// computeInitContainerActions): a sidecar that was restarted is only kept running.
bool behind_has_begun(const Context& c, std::size_t index) {
  return std::any_of(c.items.begin() + static_cast<std::ptrdiff_t>(index) + 1, c.items.end(),
                     [](const Item& item) {
                       const auto progress = item.memory->progress;
                       return !item.ephemeral &&
                              (item.memory->created || progress == Progress::kStarting ||
                               progress == Progress::kRunning);
                     });
}

// Starts the first init container that has not done its part, and keeps the sidecars before it
// running; true once all have.
bool plan_init(Context& c) {
  for (std::size_t i = 0; i < c.items.size() && c.items[i].init; ++i) {
    const auto& item = c.items[i];
    auto& m = *item.memory;
    if (!item.sidecar && done(c, item)) {
      m.passed = true;
      continue;
    }
    start(c, item);
    const bool up = item.sidecar && m.progress == Progress::kRunning && m.started;
    if (!up && !behind_has_begun(c, i)) return false;
  }
  return true;
}

}  // namespace

void plan_start(Context& c) {
  // Before anything is started: what is over must not start its sidecars once more.
  if (finished(c)) return begin_stop(c, StopCause::kFinished, spec_grace(c.pod));
  ensure_sandbox(c);
  stop_condemned(c);
  // First of all, as the kubelet does it (kuberuntime_manager.go, SyncPod): who debugs a pod may do
  // so because its init containers do not come to an end.
  for (const auto& item : c.items) {
    if (item.ephemeral && !done(c, item)) start(c, item);
  }
  if (!plan_init(c)) return;
  c.memory.initialized = true;
  for (const auto& item : c.items) {
    if (item.regular() && !done(c, item)) start(c, item);
  }
}

}  // namespace podctl::lifecycle
