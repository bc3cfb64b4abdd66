// The pod's conditions (K pkg/kubelet/status/generate.go).
#include "podctl/lifecycle/conditions.hpp"

#include <algorithm>
#include <array>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::array<std::string_view, kConditionKinds> kTypes = {
    "PodReadyToStartContainers", "Initialized",  "Ready",
    "ContainersReady",           "PodScheduled", "AllContainersRestarting"};

// Those that are there only while a resize is not done (KEP-1287).
constexpr std::string_view kResizePending = "PodResizePending",
                           kResizeInProgress = "PodResizeInProgress";

struct Finding {
  bool status = true;
  std::string reason = {}, message = {};
};

std::string list(const std::vector<std::string_view>& names) {
  std::string text = "[";
  for (const auto name : names) {
    if (text.size() > 1) text += ' ';
    text += name;
  }
  return text + "]";
}

Finding initialized(const Context& c, const api::PodStatus& status) {
  if (status.phase == "Succeeded") return {true, "PodCompleted", {}};
  bool regular_ran = false;
  std::vector<std::string_view> incomplete;
  for (const auto& item : c.items) {
    const auto& m = *item.memory;
    if (item.ephemeral) continue;
    if (!item.init) {
      regular_ran = regular_ran || m.progress == Progress::kRunning || m.ended || m.last;
      continue;
    }
    const bool done = item.sidecar ? m.progress == Progress::kRunning && m.started : m.passed;
    if (!done) incomplete.push_back(item.spec->name);
  }
  // Latched: what ran once ran after all of them.
  if (regular_ran || incomplete.empty()) return {};
  return {false, "ContainersNotInitialized",
          "containers with incomplete status: " + list(incomplete)};
}

Finding containers_ready(const Context& c, const api::PodStatus& status) {
  if (status.phase == "Succeeded") return {false, "PodCompleted", {}};
  if (status.phase == "Failed") return {false, "PodFailed", {}};
  std::vector<std::string_view> unready;
  for (const auto& item : c.items) {
    if (item.ephemeral || (item.init && !item.sidecar)) continue;
    if (!item.memory->ready) unready.push_back(item.spec->name);
  }
  if (unready.empty()) return {};
  return {false, "ContainersNotReady", "containers with unready status: " + list(unready)};
}

// Until every container has ended; what follows is a start like any other (KEP-5532).
Finding restarting_all(const Context& c, const api::PodStatus& status) {
  if (status.phase == "Succeeded") return {false, "PodCompleted", {}};
  if (status.phase == "Failed") return {false, "PodFailed", {}};
  if (c.memory.stop.cause != StopCause::kRestartAll) return {false, {}, {}};
  return {true, "RestartAllContainersStarted", "container exited with restart policy rule"};
}

Finding ready(const api::Pod& pod, const Finding& containers) {
  if (!containers.status) return containers;
  std::string message;
  for (const auto& gate : pod.spec.readinessGates) {
    const auto& conditions = pod.status.conditions;
    const auto it = std::find_if(conditions.begin(), conditions.end(),
                                 [&gate](const auto& x) { return x.type == gate.conditionType; });
    if (it != conditions.end() && it->status == "True") continue;
    if (!message.empty()) message += ", ";
    if (it == conditions.end()) {
      message += "corresponding condition of pod readiness gate \"" + gate.conditionType +
                 "\" does not exist.";
    } else {
      message += "the status of pod readiness gate \"" + gate.conditionType +
                 "\" is not \"True\", but " + it->status;
    }
  }
  if (message.empty()) return {};
  return {false, "ReadinessGatesNotReady", std::move(message)};
}

void add(Context& c, ConditionKind kind, Finding verdict, std::vector<api::PodCondition>& into) {
  const auto index = static_cast<std::size_t>(kind);
  auto& known = c.memory.conditions.at(index);
  if (!known.known || known.status != verdict.status) {
    known = {true, verdict.status, c.now.wall_ns};
  }
  auto& condition = into.emplace_back();
  condition.type = kTypes.at(index);
  condition.observedGeneration = c.pod.metadata.generation;
  condition.status = verdict.status ? "True" : "False";
  condition.lastTransitionTime = wall_time(known.since_wall_ns);
  condition.reason = std::move(verdict.reason);
  condition.message = std::move(verdict.message);
}

void add_resize(const Context& c, std::string_view type, std::uint64_t since_wall_ns,
                std::string reason, std::string message, std::vector<api::PodCondition>& into) {
  auto& condition = into.emplace_back();
  condition.type = type;
  condition.observedGeneration = c.pod.metadata.generation;
  condition.status = "True";
  condition.lastTransitionTime = wall_time(since_wall_ns);
  condition.reason = std::move(reason);
  condition.message = std::move(message);
}

}  // namespace

bool is_own_condition(std::string_view type) {
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() || type == kResizePending ||
         type == kResizeInProgress;
}

std::vector<api::PodCondition> make_conditions(Context& c, const api::PodStatus& status) {
  std::vector<api::PodCondition> result;
  result.reserve(kConditionKinds + c.pod.status.conditions.size());
  const auto& m = c.memory;
  const bool placed = m.start_wall_ns != 0;
  if (placed) {
    auto containers = containers_ready(c, status);
    add(c, ConditionKind::kReadyToStartContainers, {m.sandbox == SandboxProgress::kReady}, result);
    add(c, ConditionKind::kInitialized, initialized(c, status), result);
    add(c, ConditionKind::kReady, ready(c.pod, containers), result);
    add(c, ConditionKind::kContainersReady, std::move(containers), result);
    if (may_restart_all(c.pod))
      add(c, ConditionKind::kRestartingAll, restarting_all(c, status), result);
  }
  add(c, ConditionKind::kScheduled, {placed, m.unplaced_reason, m.unplaced_message}, result);
  const auto& resize = m.resize;
  if (!resize.reason.empty())
    add_resize(c, kResizePending, resize.pending_wall_ns, resize.reason, resize.message, result);
  if (!resize.replaced.empty()) {
    add_resize(c, kResizeInProgress, resize.progress_wall_ns, resize.error.empty() ? "" : "Error",
               resize.error, result);
  }
  for (const auto& other : c.pod.status.conditions) {
    if (!is_own_condition(other.type)) result.push_back(other);
  }
  result.shrink_to_fit();  // kept with the pod
  return result;
}

}  // namespace podctl::lifecycle
