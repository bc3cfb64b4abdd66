// The pure heart of podctl: what to do next for a pod, and what to say about it.
//
// Used by node (and by tests, in virtual time) on podctld's loop. No I/O, no clock, no randomness,
// no logging, no failure: everything comes in, everything goes out. The rules are Kubernetes 1.37's
// kubelet: phases, conditions, restarts and their back-off, init containers, sidecars, termination.
//
// node's loop, for each pod, whenever its observation changed or wake_at_ns has come:
//   1. outcome = step(pod, memory, observation, now)
//   2. queue the RecordEvents, then the object with outcome.status and
//   encode_memory(outcome.memory), in one
//      commit (skip it when neither changed)
//   3. note_issued(observation, action) for each action that is not a RecordEvent, at once, so that
//   a step
//      that comes before the commit does not ask again
//   4. when the commit is done, run those actions in order; each answer changes the observation:
//   back to 1
// Exits may be acknowledged to the shim once the commit of the step that saw them is done.
#pragma once

#include <cstdint>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/action.hpp"
#include "podctl/lifecycle/memory.hpp"
#include "podctl/lifecycle/observation.hpp"

namespace podctl::lifecycle {

struct Outcome {
  PodMemory memory;
  std::vector<Action> actions;
  // The whole status but for what others own: conditions of foreign types, resize and the like are
  // taken over from pod.status.
  api::PodStatus status;
  // Boot time at which step wants to be called again without news; 0: never. May lie in the past:
  // at once.
  std::uint64_t wake_at_ns = 0;
};

// `pod` is the object with defaults filled in (restartPolicy, terminationGracePeriodSeconds, pull
// policies) and spec.nodeName set.
Outcome step(const api::Pod& pod, PodMemory memory, const Observation& seen, const Now& now);

}  // namespace podctl::lifecycle
