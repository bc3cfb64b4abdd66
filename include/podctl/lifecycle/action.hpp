// What lifecycle::step asks node to do. Plain data; node runs them in their order, after the memory
// of the same step is stored.
//
// Every action names the attempt it is for, and doing it twice is harmless: creating what is there
// and destroying what is gone succeed. An answer is never a return value: it shows in the next
// Observation.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "podctl/lifecycle/observation.hpp"

namespace podctl::lifecycle {

// Makes the pod's sandbox. StartContainer may follow in the same list: engine pipelines it, and
// answers it with FailureStage::kSandbox when the sandbox fails.
struct CreateSandbox {
  std::uint32_t attempt = 0;
  bool operator==(const CreateSandbox&) const = default;
};

// Kills what is left in the sandbox of this and earlier attempts and takes it down: network,
// cgroups, run-time directory. Exits not yet seen are lost by it, logs are not. `final`: no other
// sandbox follows (the pod is over), so its emptyDirs may go.
struct DestroySandbox {
  std::uint32_t attempt = 0;
  bool final = false;
  bool operator==(const DestroySandbox&) const = default;
};

// Creates and starts a container in the sandbox of that attempt.
struct StartContainer {
  std::string name;
  std::uint32_t attempt = 0;
  std::uint32_t sandbox = 0;
  bool operator==(const StartContainer&) const = default;
};

// Sends a signal to the container's main process.
struct SignalContainer {
  std::string name;
  std::uint32_t attempt = 0;
  int signal = 15;
  bool operator==(const SignalContainer&) const = default;
};

// SIGKILL to everything in the container.
struct KillContainer {
  std::string name;
  std::uint32_t attempt = 0;
  bool operator==(const KillContainer&) const = default;
};

// Runs a hook of a running container, whose end comes in HookObservation::answer. Asked again after
// a restart of podctld: a hook runs at least once. sleep and tcpSocket are never asked for.
struct RunHook {
  std::string name;
  std::uint32_t attempt = 0;
  HookKind hook = HookKind::kPostStart;
  bool operator==(const RunHook&) const = default;
};

// Forgets attempts 0..up_to of a container: logs, writable layers, cgroups. The newest dead attempt
// is always kept, for `logs -p`.
struct RemoveContainer {
  std::string name;
  std::uint32_t up_to = 0;
  bool operator==(const RemoveContainer&) const = default;
};

// Gives the pod's cgroup and those of these containers, which run on, what is allocated to them;
// `before` is resources_text of what they had. Answers in Observation::resize.
struct ResizePod {
  std::vector<std::string> names;
  std::string before;
  bool operator==(const ResizePod&) const = default;
};

// An image that a volume of the container shows.
struct VolumeImage {
  std::string volume, image, pull_policy;
  bool operator==(const VolumeImage&) const = default;
};

// Finds or pulls the image of a container by its imagePullPolicy, then those of its volumes;
// answers in Observation::images.
struct ResolveImage {
  std::string container;
  std::uint32_t attempt = 0;
  std::string image;
  std::string pull_policy;
  std::vector<VolumeImage> volumes;
  bool operator==(const ResolveImage&) const = default;
};

// Reads the end of a container's log, without its CRI prefixes, into
// ContainerObservation::log_tail.
struct FetchLogTail {
  std::string name;
  std::uint32_t attempt = 0;
  std::uint32_t max_lines = 80;
  std::uint32_t max_bytes = 2048;
  bool operator==(const FetchLogTail&) const = default;
};

// An event of the pod. Node aggregates equal ones (count, lastTimestamp).
struct RecordEvent {
  bool warning = false;
  std::string reason, message;
  std::string field_path;             // "spec.containers{web}"; empty: the pod
  std::string component = "kubelet";  // or "default-scheduler"
  bool operator==(const RecordEvent&) const = default;
};

// All is ended and taken down: remove the object, its logs and its volumes.
struct FinalizeDelete {
  bool operator==(const FinalizeDelete&) const = default;
};

using Action = std::variant<CreateSandbox, DestroySandbox, StartContainer, SignalContainer,
                            KillContainer, RunHook, RemoveContainer, ResizePod, ResolveImage,
                            FetchLogTail, RecordEvent, FinalizeDelete>;

// Marks in the observation that an action was handed out, so that the next step does not ask again.
// Node calls it for each action when it starts it, before anything can answer.
void note_issued(Observation& seen, const Action& action);

}  // namespace podctl::lifecycle
