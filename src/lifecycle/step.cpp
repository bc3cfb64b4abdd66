#include "podctl/lifecycle/step.hpp"

#include <algorithm>

#include "context.hpp"
#include "podctl/api/status_text.hpp"

namespace podctl::lifecycle {
namespace {

// One entry a container of the spec, in its order.
template <class C>
void match(std::vector<ContainerMemory>& memory, const std::vector<C>& spec) {
  const bool same = memory.size() == spec.size() &&
                    std::equal(memory.begin(), memory.end(), spec.begin(),
                               [](const auto& m, const auto& s) { return m.name == s.name; });
  if (same) return;
  std::vector<ContainerMemory> matched;
  for (const auto& container : spec) {
    const auto it = std::find_if(memory.begin(), memory.end(),
                                 [&container](const auto& m) { return m.name == container.name; });
    if (it != memory.end()) {
      matched.push_back(std::move(*it));
    } else {
      matched.emplace_back().name = container.name;
    }
  }
  memory = std::move(matched);
}

// Moves a boot time to this boot's clock; what lies before the boot becomes its first instant.
void rebase(std::uint64_t& boot_ns, std::int64_t shift) {
  if (boot_ns == 0) return;
  const auto moved = static_cast<std::int64_t>(boot_ns) + shift;
  boot_ns = moved < 1 ? 1 : static_cast<std::uint64_t>(moved);
}

void rebase(ContainerMemory& m, std::int64_t shift) {
  for (auto* time : {&m.started_ns, &m.backoff_since_ns, &m.stop_ns, &m.killed_ns,
                     &m.post_start.since_ns, &m.pre_stop.since_ns}) {
    rebase(*time, shift);
  }
  for (auto& probe : m.probes) rebase(probe.taken_ns, shift);
  if (m.ended) rebase(m.ended->finished_ns, shift);
  if (m.last) rebase(m.last->finished_ns, shift);
  if (m.waiting) rebase(m.waiting->retry_at_ns, shift);
}

// After a reboot CLOCK_BOOTTIME starts anew; wall time tells how long ago the old clock was read.
void enter_boot(PodMemory& m, const Now& now) {
  if (m.boot_id == now.boot_id && m.seen_boot_ns != 0) return;
  if (m.seen_boot_ns != 0) {
    const auto passed = static_cast<std::int64_t>(now.wall_ns - m.seen_wall_ns);
    const auto shift = static_cast<std::int64_t>(now.boot_ns - m.seen_boot_ns) - passed;
    for (auto* time :
         {&m.start_ns, &m.sandbox_retry_at_ns, &m.stop.deadline_ns, &m.resize.retry_at_ns}) {
      rebase(*time, shift);
    }
    for (auto& x : m.init) rebase(x, shift);
    for (auto& x : m.containers) rebase(x, shift);
    for (auto& x : m.ephemeral) rebase(x, shift);
  }
  m.boot_id = now.boot_id;
  m.seen_boot_ns = now.boot_ns;
  m.seen_wall_ns = now.wall_ns;
}

void make_items(Context& c) {
  auto& m = c.memory;
  match(m.init, c.pod.spec.initContainers);
  match(m.containers, c.pod.spec.containers);
  match(m.ephemeral, c.pod.spec.ephemeralContainers);
  c.items.reserve(m.init.size() + m.containers.size() + m.ephemeral.size());
  for (std::size_t i = 0; i < m.init.size(); ++i) {
    const auto& spec = c.pod.spec.initContainers[i];
    c.items.push_back({&spec, &m.init[i], nullptr, true, api::is_sidecar(spec)});
  }
  for (std::size_t i = 0; i < m.containers.size(); ++i) {
    c.items.push_back({&c.pod.spec.containers[i], &m.containers[i], nullptr, false, false});
  }
  for (std::size_t i = 0; i < m.ephemeral.size(); ++i) {
    c.items.push_back(
        {.spec = &c.pod.spec.ephemeralContainers[i], .memory = &m.ephemeral[i], .ephemeral = true});
  }
}

// As the kubelet does (pkg/kubelet/kubelet.go, rejectPod).
void reject(Context& c, const Rejection& why) {
  auto& m = c.memory;
  m.rejected = true;
  m.final_phase = "Failed";
  m.reason = why.reason;
  m.message = "Pod was rejected: " + why.message;
  pod_event(c, true, why.reason, why.message);
  begin_stop(c, StopCause::kFinished, 0);
}

// A pod that has to wait for a place: told once each time that the reason is another one.
void wait_for_place(Context& c) {
  auto& m = c.memory;
  const auto& why = c.seen.placement;
  if (why.message == m.unplaced_message) return;
  m.unplaced_reason = why.reason;
  m.unplaced_message = why.message;
  if (why.state == Placed::kNowhere) scheduler_event(c, true, "FailedScheduling", why.message);
}

// Whether the pod is placed, by now.
bool is_placed(Context& c) {
  auto& m = c.memory;
  if (m.start_wall_ns != 0) return true;
  if (c.seen.placement.state != Placed::kHere) {
    wait_for_place(c);
    return false;
  }
  m.unplaced_reason.clear();
  m.unplaced_message.clear();
  m.start_ns = c.now.boot_ns;
  m.start_wall_ns = c.now.wall_ns;
  const auto& meta = c.pod.metadata;
  scheduler_event(
      c, false, "Scheduled",
      "Successfully assigned " + meta.namespace_ + "/" + meta.name + " to " + c.pod.spec.nodeName);
  if (c.seen.rejection) reject(c, *c.seen.rejection);
  return true;
}

void plan_tails(Context& c) {
  for (const auto& item : c.items) {
    const auto& m = *item.memory;
    if (m.progress != Progress::kEnded || !m.tail_wanted) continue;
    if (item.seen != nullptr && item.seen->tail_issued) continue;
    c.actions.emplace_back(FetchLogTail{item.spec->name, m.attempt});
  }
}

// A start may find the pod over, and the end of a stop may be a new start: until neither is so.
void plan(Context& c) {
  for (bool again = true; again;) {
    const auto before = c.memory.stop.cause;
    if (before == StopCause::kNone) {
      plan_start(c);
    } else {
      plan_stop(c);
    }
    again = c.memory.stop.cause != before;
  }
}

}  // namespace

void refresh_seen(Context& c) {
  for (auto& item : c.items) {
    const auto* seen = c.seen.find(item.spec->name);
    item.seen = seen != nullptr && seen->attempt == item.memory->attempt ? seen : nullptr;
  }
}

bool alive(const Item& item) {
  const auto progress = item.memory->progress;
  if (progress == Progress::kRunning) return true;
  return progress == Progress::kStarting && item.seen != nullptr &&
         item.seen->state == RunState::kStarting;
}

Outcome step(const api::Pod& pod, PodMemory memory, const Observation& seen, const Now& now) {
  Outcome outcome;
  outcome.memory = std::move(memory);
  Context c{pod, seen, now, outcome.memory};
  make_items(c);
  enter_boot(c.memory, now);
  const bool placed = is_placed(c);
  refresh_seen(c);
  if (placed) absorb(c);
  check_deadlines(c);
  plan_tails(c);
  if (placed && c.memory.stop.cause == StopCause::kNone) plan_resize(c);
  if (placed || c.memory.stop.cause != StopCause::kNone) plan(c);
  outcome.status = make_status(c);
  outcome.actions = std::move(c.actions);
  outcome.wake_at_ns = c.wake_at_ns;
  return outcome;
}

}  // namespace podctl::lifecycle
