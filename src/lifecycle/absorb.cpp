// Takes what was seen into memory: each fact once, with the events that go with it.
#include "context.hpp"

namespace podctl::lifecycle {
namespace {

// A failed sandbox or container creation is tried again after the kubelet's retry of a pod sync.
constexpr std::uint64_t kRetry = 10 * kSecond;
constexpr std::string_view kConfigError = "CreateContainerConfigError";
constexpr std::int32_t kStartErrorCode = 128;
constexpr std::int32_t kLostCode = 137;

void to_idle(ContainerMemory& m) {
  m.progress = Progress::kIdle;
  m.started = m.ready = false;
}

// What an end of any kind has in common.
void end(Context& c, Item& item, Ended ended) {
  auto& m = *item.memory;
  m.progress = Progress::kEnded;
  m.started = m.ready = false;
  m.tail_wanted = item.spec->terminationMessagePolicy == "FallbackToLogsOnError" &&
                  ended.exit_code != 0 && ended.message.empty() && !ended.id.empty();
  m.ended = std::move(ended);
  const bool ours = c.memory.stop.cause != StopCause::kNone;
  if (!ours && after_exit(c.pod, item, m.ended->exit_code) == AfterExit::kRestartAll) {
    begin_restart_all(c);
  }
}

void exited(Context& c, Item& item) {
  absorb_post_start(c, item, true);
  const auto& seen = item.seen->exit;
  Ended ended;
  ended.exit_code = seen.exit_code;
  ended.reason = seen.oom_killed ? "OOMKilled" : seen.exit_code == 0 ? "Completed" : "Error";
  ended.message = seen.message;
  ended.id = item.memory->id;
  ended.started_wall_ns = item.memory->started_wall_ns;
  ended.finished_wall_ns = seen.finished_wall_ns;
  ended.finished_ns = seen.finished_ns;
  ended.signal = seen.signal;
  ended.oom_kills = seen.oom_kills;
  ended.pids_refused = seen.pids_refused;
  end(c, item, std::move(ended));
}

void lost(Context& c, Item& item) {
  Ended ended;
  ended.exit_code = kLostCode;
  ended.reason = "ContainerStatusUnknown";
  ended.message =
      "The container could not be located when the pod was deleted.  The container used to be "
      "Running";
  ended.finished_ns = c.now.boot_ns;
  end(c, item, std::move(ended));
}

void pulled_event(Context& c, const Item& item) {
  const auto* image = c.seen.find_image(item.spec->name);
  container_event(c, item, false, "Pulled",
                  image != nullptr && !image->pulled.empty()
                      ? image->pulled
                      : "Container image \"" + item.spec->image +
                            "\" already present on machine and can be accessed by the pod");
}

// The attempt before moves to lastState: another one exists now.
void new_attempt(ContainerMemory& m) {
  m.created = true;
  if (m.ended) m.last = std::move(m.ended);
  m.ended.reset();
  m.waiting.reset();
  m.post_start = m.pre_stop = {};
  m.probes = {};
  m.stopping = false;
  m.stop_ns = m.killed_ns = 0;
  m.killed = KillCause::kNone;
}

void running(Context& c, Item& item) {
  auto& m = *item.memory;
  new_attempt(m);
  m.progress = Progress::kRunning;
  m.id = item.seen->id;
  m.started_ns = item.seen->started_ns;
  m.started_wall_ns = item.seen->started_wall_ns;
  m.user = item.seen->user;
  pulled_event(c, item);
  container_event(c, item, false, "Created", "Container created");
  container_event(c, item, false, "Started", "Container started");
  begin_post_start(c, item);
}

void still_running(Context& c, const Item& item) {
  absorb_post_start(c, item, false);
  absorb_probes(c, item);
}

void start_failed(Context& c, Item& item) {
  auto& m = *item.memory;
  const auto& failure = item.seen->failure;
  if (failure.stage == FailureStage::kSandbox) return to_idle(m);
  pulled_event(c, item);
  if (failure.stage != FailureStage::kStart) {
    to_idle(m);
    const bool config = failure.stage == FailureStage::kConfig;
    m.waiting = Waiting{std::string(config ? kConfigError : "CreateContainerError"),
                        failure.message, c.now.boot_ns + kRetry};
    return container_event(c, item, true, "Failed", "Error: " + failure.message);
  }
  new_attempt(m);
  m.id = item.seen->id;
  container_event(c, item, false, "Created", "Container created");
  container_event(c, item, true, "Failed", "Error: " + failure.message);
  Ended ended;
  ended.exit_code = kStartErrorCode;
  ended.reason = "StartError";
  ended.message = failure.message;
  ended.id = item.seen->id;
  ended.finished_wall_ns = c.now.wall_ns;
  ended.finished_ns = c.now.boot_ns;
  end(c, item, std::move(ended));
  m.tail_wanted = false;
  if (after_exit(c.pod, item, kStartErrorCode) != AfterExit::kStay)
    m.waiting = Waiting{"RunContainerError", failure.message, 0};
}

void absorb_container(Context& c, Item& item) {
  auto& m = *item.memory;
  const auto state = item.seen == nullptr ? RunState::kAbsent : item.seen->state;
  if (m.progress == Progress::kStarting) {
    if (state == RunState::kFailed) return start_failed(c, item);
    if (state == RunState::kRunning || state == RunState::kExited) running(c, item);
  }
  if (m.progress == Progress::kRunning) {
    if (state == RunState::kRunning) return still_running(c, item);
    if (state == RunState::kExited) return exited(c, item);
    return lost(c, item);
  }
  if (m.progress == Progress::kEnded && m.tail_wanted && item.seen != nullptr &&
      item.seen->log_tail) {
    m.ended->message = *item.seen->log_tail;
    m.tail_wanted = false;
  }
}

void sandbox_died(Context& c) {
  auto& m = c.memory;
  const bool absent = c.seen.sandbox.state == SandboxState::kAbsent;
  m.sandbox = absent ? SandboxProgress::kGone : SandboxProgress::kDead;
  if (m.stop.cause != StopCause::kNone) return;
  // A pod that never restarts gets no other sandbox (K kuberuntime_manager.go computePodActions).
  if (c.pod.spec.restartPolicy != "Never") {
    pod_event(c, false, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
  }
  begin_stop(c, StopCause::kSandbox, spec_grace(c.pod));
}

void sandbox_failed(Context& c) {
  auto& m = c.memory;
  m.sandbox = SandboxProgress::kNone;
  m.sandbox_retry_at_ns = c.now.boot_ns + kRetry;
  for (auto& item : c.items) {
    if (item.memory->progress == Progress::kStarting) to_idle(*item.memory);
  }
  const std::string& cause = c.seen.sandbox.message;
  if (c.seen.sandbox.volume_failed) return pod_event(c, true, "FailedMount", cause);
  pod_event(c, true, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + cause);
}

void absorb_sandbox(Context& c) {
  auto& m = c.memory;
  const auto& seen = c.seen.sandbox;
  if (m.host_ips != seen.host_ips && !seen.host_ips.empty()) m.host_ips = seen.host_ips;
  if (m.sandbox == SandboxProgress::kCreating && seen.attempt == m.sandbox_attempt) {
    if (seen.state == SandboxState::kFailed) return sandbox_failed(c);
    if (seen.state == SandboxState::kReady || seen.state == SandboxState::kDead) {
      m.sandbox = SandboxProgress::kReady;
      m.pod_ips = seen.pod_ips;
    }
  }
  const bool ready = seen.state == SandboxState::kReady && seen.attempt == m.sandbox_attempt;
  if (m.sandbox == SandboxProgress::kReady && !ready) sandbox_died(c);
  const bool stopping = m.stop.cause != StopCause::kNone;
  const bool gone = seen.state == SandboxState::kAbsent || seen.state == SandboxState::kFailed;
  if (m.sandbox == SandboxProgress::kDead && gone) m.sandbox = SandboxProgress::kGone;
  if (m.sandbox == SandboxProgress::kCreating && stopping && gone) {
    m.sandbox = SandboxProgress::kGone;
  }
}

// What may have failed for want of a ConfigMap or Secret waits no longer.
void retry_configs(Context& c) {
  if (!c.seen.configs_changed) return;
  if (c.memory.sandbox == SandboxProgress::kNone) c.memory.sandbox_retry_at_ns = 0;
  for (auto& item : c.items) {
    auto& waiting = item.memory->waiting;
    if (waiting && waiting->reason == kConfigError) waiting->retry_at_ns = 0;
  }
}

}  // namespace

void absorb(Context& c) {
  // The sandbox first: containers that went with it are then not restarted into it.
  absorb_sandbox(c);
  for (auto& item : c.items) absorb_container(c, item);
  retry_configs(c);
}

}  // namespace podctl::lifecycle
