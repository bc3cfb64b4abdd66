#include "podctl/lifecycle/probing.hpp"

#include <algorithm>
#include <array>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::array kKinds = {ProbeKind::kStartup, ProbeKind::kLiveness, ProbeKind::kReadiness};

std::uint32_t at_least_one(const std::optional<std::int32_t>& value, std::int32_t usual) {
  return static_cast<std::uint32_t>(std::max(value.value_or(usual), 1));
}

// Below its threshold a run of answers changes nothing (K prober/worker.go doProbe).
void count(ProbeMemory& m, const api::Probe& spec, bool failing) {
  const auto threshold =
      failing ? at_least_one(spec.failureThreshold, 3) : at_least_one(spec.successThreshold, 1);
  m.run = m.failing == failing ? std::min(m.run + 1, threshold) : 1;
  m.failing = failing;
  if (m.run >= threshold) m.verdict = failing ? Verdict::kFailure : Verdict::kSuccess;
}

void tell(Context& c, const Item& item, const ProbeAnswer& answer) {
  const std::string probe(probe_name(answer.kind));
  switch (answer.outcome) {
    case ProbeOutcome::kSuccess:
      return;
    case ProbeOutcome::kWarning:
      return container_event(c, item, true, "ProbeWarning",
                             probe + " probe warning: " + answer.message);
    case ProbeOutcome::kFailure:
      return container_event(c, item, true, "Unhealthy",
                             probe + " probe failed: " + answer.message);
    case ProbeOutcome::kError:
      return container_event(
          c, item, true, "Unhealthy",
          probe + " probe errored and resulted in unknown state: " + answer.message);
  }
}

// Startup and liveness are over once they have failed, startup also once it has succeeded; an
// answer that was under way meanwhile is nothing any more.
bool over(const ContainerMemory& m, ProbeKind kind) {
  const auto verdict = m.probe(kind).verdict;
  if (kind == ProbeKind::kStartup) return verdict != Verdict::kNone;
  return kind == ProbeKind::kLiveness && verdict == Verdict::kFailure;
}

void take(Context& c, const Item& item, const ProbeAnswer& answer) {
  auto& m = item.memory->probe(answer.kind);
  const auto* spec = find_probe(*item.spec, answer.kind);
  if (spec == nullptr || answer.at_ns <= m.taken_ns || over(*item.memory, answer.kind)) return;
  m.taken_ns = answer.at_ns;
  tell(c, item, answer);
  if (answer.outcome != ProbeOutcome::kError) {
    count(m, *spec, answer.outcome == ProbeOutcome::kFailure);
  }
}

bool succeeded(const Item& item, ProbeKind kind) {
  return find_probe(*item.spec, kind) == nullptr ||
         item.memory->probe(kind).verdict == Verdict::kSuccess;
}

bool to_be_tried(const PodMemory& pod, const ContainerMemory& m, ProbeKind kind) {
  if (held_by_post_start(m) || over(m, kind)) return false;
  if (kind == ProbeKind::kReadiness) return m.started;
  if (pod.stop.cause != StopCause::kNone) return false;
  return (kind == ProbeKind::kStartup) != m.started;
}

void plan_container(const api::Container& spec, const PodMemory& pod, const ContainerMemory& m,
                    std::vector<ProbePlan>& plan) {
  if (m.progress != Progress::kRunning) return;
  for (const auto kind : kKinds) {
    const auto* probe = find_probe(spec, kind);
    if (probe == nullptr || !to_be_tried(pod, m, kind)) continue;
    const auto delay =
        static_cast<std::uint64_t>(std::max(probe->initialDelaySeconds.value_or(0), 0));
    plan.push_back({&spec, m.attempt, kind, m.started_ns + delay * kSecond});
  }
}

}  // namespace

std::string_view probe_name(ProbeKind kind) {
  constexpr std::array<std::string_view, kProbeKinds> kNames = {"Startup", "Liveness", "Readiness"};
  return kNames.at(static_cast<std::size_t>(kind));
}

const api::Probe* find_probe(const api::Container& container, ProbeKind kind) {
  const auto& probe = kind == ProbeKind::kStartup    ? container.startupProbe
                      : kind == ProbeKind::kLiveness ? container.livenessProbe
                                                     : container.readinessProbe;
  return probe ? &*probe : nullptr;
}

// Regular init containers have no probes: validation refuses them.
std::vector<ProbePlan> plan_probes(const api::Pod& pod, const PodMemory& memory) {
  std::vector<ProbePlan> plan;
  const auto all = [&](const auto& specs, const auto& known) {
    for (std::size_t i = 0; i < specs.size() && i < known.size(); ++i) {
      plan_container(specs[i], memory, known[i], plan);
    }
  };
  all(pod.spec.initContainers, memory.init);
  all(pod.spec.containers, memory.containers);
  return plan;
}

bool is_news(const ContainerMemory& memory, ProbeKind kind, ProbeOutcome outcome) {
  const auto& m = memory.probe(kind);
  const bool settled = !m.failing && m.verdict == Verdict::kSuccess;
  return outcome != ProbeOutcome::kSuccess || !settled;
}

void absorb_probes(Context& c, const Item& item) {
  auto& m = *item.memory;
  if (item.seen != nullptr) {
    for (const auto& answer : item.seen->probe_answers) take(c, item, answer);
  }
  const bool regular_init = item.init && !item.sidecar;
  m.started = !held_by_post_start(m) && succeeded(item, ProbeKind::kStartup);
  m.ready = !regular_init && m.started && succeeded(item, ProbeKind::kReadiness);
}

}  // namespace podctl::lifecycle
