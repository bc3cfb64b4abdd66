// Stopping a pod: signals, grace, order, and what comes after the last container.
//
// The order is the kubelet's (kuberuntime_container.go, kuberuntime_termination_order.go): preStop
// in all at once; the signal to regular containers when theirs has ended; to sidecars after the
// last of them, in reverse, one by one; when the grace period is used up all that remain at once.
// Everyone has at least two seconds between the signal and SIGKILL. RestartAllContainers leaves
// nobody more, neither hook nor order (kuberuntime_manager.go, SyncPod: killed with a grace of 0).
#include <algorithm>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::uint64_t kDefaultGrace = 30;
constexpr std::uint64_t kMinimumGraceSeconds = 2, kMinimumGrace = kMinimumGraceSeconds * kSecond;

void tell_killing(Context& c, const Item& item, std::string text) {
  if (item.memory->stopping) return;
  item.memory->stopping = true;
  container_event(c, item, false, "Killing", std::move(text));
}

void tell_killing(Context& c, const Item& item) {
  tell_killing(c, item, "Stopping container " + item.spec->name);
}

// preStop in one that runs, then the stop signal, later SIGKILL.
void stop_container(Context& c, const Item& item, std::uint64_t grace_s, std::uint64_t deadline) {
  auto& m = *item.memory;
  if (m.stop_ns == 0 && !pre_stop_over(c, item, grace_s, deadline)) return;
  if (m.stop_ns == 0) m.stop_ns = c.now.boot_ns;
  const auto kill_at = grace_s == 0 ? m.stop_ns : std::max(deadline, m.stop_ns + kMinimumGrace);
  if (c.now.boot_ns >= kill_at) {
    if (!item.seen->kill_issued) c.actions.emplace_back(KillContainer{item.spec->name, m.attempt});
    return;
  }
  c.wake_at(kill_at);
  if (item.seen->stop_signalled) return;
  c.actions.emplace_back(
      SignalContainer{item.spec->name, m.attempt, parse_signal(stop_signal_name(item))});
}

// What condemns a container of a pod that goes on.
void find_fault(Context& c, const Item& item) {
  auto& m = *item.memory;
  if (m.rerun || changed(item)) {
    m.rerun = true;  // whatever the restart policy, and though the change be taken back
    condemn(c, item, KillCause::kChanged);
  }
  if (m.probe(ProbeKind::kLiveness).verdict == Verdict::kFailure) {
    condemn(c, item, KillCause::kLiveness);
  }
  if (m.probe(ProbeKind::kStartup).verdict == Verdict::kFailure) {
    condemn(c, item, KillCause::kStartup);
  }
}

std::string killing_text(const api::Pod& pod, const Item& item) {
  // K kuberuntime_container.go, computeInitContainerActions: of a sidecar there is no doubt.
  const auto container = (item.init ? "Init container " : "Container ") + item.spec->name;
  const bool said = !item.init && comes_back(pod, item);
  const std::string later = said ? ", will be restarted" : "";
  switch (item.memory->killed) {
    case KillCause::kChanged:
      return container + " definition changed" + (item.init ? "" : ", will be restarted");
    case KillCause::kStartup:
      return container + " failed startup probe" + later;
    case KillCause::kLiveness:
      return container + " failed liveness probe" + later;
    case KillCause::kPostStart:
      return "FailedPostStartHook";
    case KillCause::kResized:
      return "Container " + item.spec->name + " resize requires restart";
    case KillCause::kNone:
      break;
  }
  return "Stopping container " + item.spec->name;
}

// A probe that has failed may name a grace period of its own (KEP-2238).
std::uint64_t grace_of(const api::Pod& pod, const Item& item) {
  const auto killed = item.memory->killed;
  const auto& probe =
      killed == KillCause::kStartup ? item.spec->startupProbe : item.spec->livenessProbe;
  const bool by_probe = killed == KillCause::kStartup || killed == KillCause::kLiveness;
  if (by_probe && probe && probe->terminationGracePeriodSeconds) {
    return static_cast<std::uint64_t>(*probe->terminationGracePeriodSeconds);
  }
  return spec_grace(pod);
}

// A container that is still starting gets the signal once it runs. A start that something holds up
// (a file system that does not answer) ends with the grace period.
void stop_start(Context& c, const Item& item) {
  if (c.now.boot_ns < c.memory.stop.deadline_ns) return c.wake_at(c.memory.stop.deadline_ns);
  if (item.seen->kill_issued) return;
  c.actions.emplace_back(KillContainer{item.spec->name, item.memory->attempt});
}

void stop_with_pod(Context& c, const Item& item) {
  if (item.memory->progress == Progress::kStarting) return stop_start(c, item);
  tell_killing(c, item);
  stop_container(c, item, c.memory.stop.grace_s, c.memory.stop.deadline_ns);
}

// Starts that never left podctld are taken back.
void withdraw_starts(Context& c) {
  for (auto& item : c.items) {
    if (item.memory->progress == Progress::kStarting && !alive(item)) {
      item.memory->progress = Progress::kIdle;
    }
  }
}

// Signals whoever's turn it is; true while somebody lives.
bool stop_containers(Context& c) {
  bool regular = false, sidecars = false;
  for (const auto& item : c.items) {
    if (!alive(item)) continue;
    (item.sidecar ? sidecars : regular) = true;
    // Every Killing event comes at the beginning, as each container's own countdown does there.
    if (item.memory->progress == Progress::kRunning) tell_killing(c, item);
    if (!item.sidecar) {
      stop_with_pod(c, item);
    } else if (item.memory->progress == Progress::kRunning && item.memory->stop_ns == 0) {
      // A sidecar's hook does not wait for its turn, only its signal does.
      (void)pre_stop_over(c, item, c.memory.stop.grace_s, c.memory.stop.deadline_ns);
    }
  }
  const auto deadline = c.memory.stop.deadline_ns;
  const bool used_up = c.now.boot_ns >= deadline;
  if (sidecars && !used_up) c.wake_at(deadline);
  const bool all_at_once = used_up || c.memory.stop.cause == StopCause::kRestartAll;
  if (sidecars && (!regular || all_at_once)) {
    for (auto item = c.items.rbegin(); item != c.items.rend(); ++item) {
      if (!item->sidecar || !alive(*item)) continue;
      stop_with_pod(c, *item);
      if (!all_at_once) break;
    }
  }
  return regular || sidecars;
}

bool ever_ran(const ContainerMemory& m) { return m.attempt > 0 || m.ended || m.last; }

bool sandbox_left(const PodMemory& m) {
  return m.sandbox != SandboxProgress::kNone && m.sandbox != SandboxProgress::kGone;
}

// True once there is no sandbox.
bool destroy_sandbox(Context& c, bool final) {
  if (!sandbox_left(c.memory)) return true;
  if (c.seen.sandbox.state != SandboxState::kDestroying) {
    c.actions.emplace_back(DestroySandbox{c.memory.sandbox_attempt, final});
  }
  return false;
}

// A pod that is over has a phase that nothing changes any more.
void fix_phase(Context& c) {
  auto& m = c.memory;
  if (!m.final_phase.empty()) return;
  const bool succeeded = std::all_of(m.containers.begin(), m.containers.end(), [](const auto& x) {
    return x.progress == Progress::kEnded && x.ended->exit_code == 0;
  });
  const bool ended_by_us =
      m.stop.cause == StopCause::kDeadline || m.stop.cause == StopCause::kEvicted;
  m.final_phase = succeeded && !ended_by_us ? "Succeeded" : "Failed";
}

// Whether the pod goes on in a new sandbox (K kuberuntime_manager.go computePodActions).
bool goes_on(const Context& c) {
  const auto& m = c.memory;
  const bool any_ran = std::any_of(m.init.begin(), m.init.end(), ever_ran) ||
                       std::any_of(m.containers.begin(), m.containers.end(), ever_ran);
  for (const auto& item : c.items) {
    if (!item.regular()) continue;
    const auto& x = *item.memory;
    if (x.progress != Progress::kEnded) {
      if (c.pod.spec.restartPolicy != "Never" || !any_ran) return true;
    } else if (after_exit(c.pod, item, x.ended->exit_code) != AfterExit::kStay) {
      return true;
    }
  }
  return false;
}

// All init containers run anew; the regular ones too when `all`, else by their policy.
void run_anew(Context& c, bool all) {
  for (auto& item : c.items) {
    if (item.ephemeral) continue;
    auto& m = *item.memory;
    m.passed = m.created = false;
    m.waiting.reset();
    if (m.progress != Progress::kEnded) continue;
    if (all || item.init) m.rerun = true;
    if (all) m.waiting = Waiting{std::string(initial_reason(c.memory)), {}, 0};
  }
  c.memory.stop = {};
}

void new_sandbox(Context& c, bool all) {
  run_anew(c, all);
  ++c.memory.sandbox_attempt;
  c.memory.sandbox = SandboxProgress::kNone;
  c.memory.sandbox_retry_at_ns = 0;
  c.memory.pod_ips.clear();
}

void after_dead_sandbox(Context& c) {
  if (!destroy_sandbox(c, false)) return;
  if (goes_on(c)) return new_sandbox(c, false);
  c.memory.stop.cause = StopCause::kFinished;
  fix_phase(c);
}

// In the same sandbox, unless that died meanwhile.
void restart_all(Context& c) {
  auto& stop = c.memory.stop;
  if (!stop.told) {
    // Who watches the pod is to see the condition though there was nobody left to be stopped.
    stop.told = true;
    return c.wake_at(c.now.boot_ns);
  }
  if (c.memory.sandbox == SandboxProgress::kReady) return run_anew(c, true);
  if (destroy_sandbox(c, false)) new_sandbox(c, true);
}

void after_last_container(Context& c) {
  switch (c.memory.stop.cause) {
    case StopCause::kNone:
      return;
    case StopCause::kRestartAll:
      return restart_all(c);
    case StopCause::kSandbox:
      return after_dead_sandbox(c);
    case StopCause::kFinished:
    case StopCause::kDeadline:
    case StopCause::kEvicted:
      fix_phase(c);
      destroy_sandbox(c, true);
      return;
    case StopCause::kDeleted:
      fix_phase(c);
      if (destroy_sandbox(c, true) && !c.seen.finalize_issued) {
        c.actions.emplace_back(FinalizeDelete{});
      }
      return;
  }
}

// Deletion overrides every other cause; the time left never grows, but for containers that had next
// to none because they were to begin anew.
void deleted(Context& c, std::uint64_t grace_s) {
  auto& stop = c.memory.stop;
  const bool fresh = stop.cause == StopCause::kNone || stop.cause == StopCause::kRestartAll;
  if (stop.cause == StopCause::kDeleted && grace_s >= stop.grace_s) return;
  const auto deadline = c.now.boot_ns + grace_s * kSecond;
  stop.deadline_ns = fresh ? deadline : std::min(stop.deadline_ns, deadline);
  stop.grace_s = fresh ? grace_s : std::min(stop.grace_s, grace_s);
  stop.cause = StopCause::kDeleted;
}

}  // namespace

std::uint64_t spec_grace(const api::Pod& pod) {
  const auto grace = pod.spec.terminationGracePeriodSeconds.value_or(kDefaultGrace);
  return grace < 0 ? 1 : static_cast<std::uint64_t>(grace);
}

void begin_stop(Context& c, StopCause cause, std::uint64_t grace_s) {
  c.memory.stop = {cause, grace_s, c.now.boot_ns + grace_s * kSecond, false};
}

void begin_restart_all(Context& c) { begin_stop(c, StopCause::kRestartAll, kMinimumGraceSeconds); }

bool changed(const Item& item) {
  const auto& before = item.memory->spec_image;
  return !before.empty() && before != item.spec->image;
}

void condemn(Context& c, const Item& item, KillCause cause) {
  if (item.memory->killed != KillCause::kNone) return;
  item.memory->killed = cause;
  item.memory->killed_ns = c.now.boot_ns;
}

void stop_condemned(Context& c) {
  for (const auto& item : c.items) {
    auto& m = *item.memory;
    if (m.progress != Progress::kRunning || (item.init && !item.sidecar)) continue;
    find_fault(c, item);
    if (m.killed == KillCause::kNone) continue;
    tell_killing(c, item, killing_text(c.pod, item));
    const auto grace_s = grace_of(c.pod, item);
    stop_container(c, item, grace_s, m.killed_ns + grace_s * kSecond);
  }
}

// As the kubelet's eviction manager does (pkg/kubelet/eviction/eviction_manager.go, evictPod).
void evict(Context& c) {
  constexpr std::uint64_t kGrace = 1;
  auto& m = c.memory;
  m.reason = "Evicted";
  m.message = *c.seen.eviction;
  pod_event(c, true, m.reason, m.message);
  begin_stop(c, StopCause::kEvicted, kGrace);
}

void check_deadlines(Context& c) {
  auto& m = c.memory;
  if (c.seen.deletion_grace_s) return deleted(c, *c.seen.deletion_grace_s);
  if (m.stop.cause != StopCause::kNone) return;
  if (c.seen.eviction) return evict(c);
  const auto& limit = c.pod.spec.activeDeadlineSeconds;
  if (!limit || m.start_wall_ns == 0) return;
  const auto due = m.start_ns + static_cast<std::uint64_t>(*limit) * kSecond;
  if (c.now.boot_ns < due) return c.wake_at(due);
  m.reason = "DeadlineExceeded";
  m.message = "Pod was active on the node longer than the specified deadline";
  pod_event(c, false, m.reason, m.message);
  begin_stop(c, StopCause::kDeadline, spec_grace(c.pod));
}

void plan_stop(Context& c) {
  withdraw_starts(c);
  const bool at_once = c.memory.stop.cause == StopCause::kDeleted && c.memory.stop.grace_s == 0;
  if (at_once && sandbox_left(c.memory)) {
    // Taking the sandbox down kills everything in it; nobody asks for the exits any more.
    for (const auto& item : c.items) {
      if (item.memory->progress == Progress::kRunning) tell_killing(c, item);
    }
    destroy_sandbox(c, true);
    return;
  }
  if (at_once || !stop_containers(c)) after_last_container(c);
}

}  // namespace podctl::lifecycle
