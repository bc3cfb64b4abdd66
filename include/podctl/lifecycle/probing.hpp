// Which probes are to be tried now. Pure: node and the virtual world make the tries and put their
// answers into the observation; step decides what comes of them.
//
// The rules are the kubelet's (pkg/kubelet/prober/worker.go): a startup probe is tried until it
// succeeds and holds the two others up; after a liveness or startup probe has failed for good none
// is tried until the next attempt; while a pod is being stopped only readiness is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/memory.hpp"

namespace podctl::lifecycle {

// "Startup", "Liveness", "Readiness".
std::string_view probe_name(ProbeKind kind);

// Null when the container has no such probe.
const api::Probe* find_probe(const api::Container& container, ProbeKind kind);
// Null when the container has no such hook.
const api::LifecycleHandler* find_hook(const api::Container& container, HookKind kind);

// One probe to be tried from `due_ns` (boot time; it may have passed) on, once a period. It stands
// in the plan for as long as it is to be tried.
struct ProbePlan {
  const api::Container* container = nullptr;  // of the pod that was asked about
  std::uint32_t attempt = 0;
  ProbeKind kind = ProbeKind::kStartup;
  std::uint64_t due_ns = 0;
};
std::vector<ProbePlan> plan_probes(const api::Pod& pod, const PodMemory& memory);

// Whether step would make anything of an answer: no event, no other state follows from one more
// success of a probe that succeeds.
bool is_news(const ContainerMemory& memory, ProbeKind kind, ProbeOutcome outcome);

}  // namespace podctl::lifecycle
