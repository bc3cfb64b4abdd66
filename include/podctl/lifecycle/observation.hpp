// What node has seen of a pod: the input of lifecycle::step beside the object itself.
//
// Built and kept by node on podctld's loop, one for each pod. It is a picture, not a list of
// changes: step may be called with the same picture any number of times. Facts that step has taken
// into its memory (an exit, a started container) may vanish from it; nothing here is ever read from
// the kernel by lifecycle.
//
// After a restart of podctld node fills it from the shims (engine recover) BEFORE the first step: a
// container that memory knows as running and the picture lacks is taken for lost.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace podctl::lifecycle {

// Both clocks. Durations are measured by boot time, timestamps of the API are wall time.
struct Now {
  std::uint64_t boot_ns = 0;  // CLOCK_BOOTTIME
  std::uint64_t wall_ns = 0;  // since the epoch
  std::string boot_id;  // /proc/sys/kernel/random/boot_id: boot times of another boot are rebased
};

enum class SandboxState : std::uint8_t {
  kAbsent,      // there is none, or it was destroyed
  kCreating,    // CreateSandbox was issued (note_issued) and has not answered
  kReady,       // pause runs, the network is up
  kFailed,      // CreateSandbox failed and left nothing: `message`
  kDead,        // it was ready; pause or the shim died. Its containers may still run
  kDestroying,  // DestroySandbox was issued; node tries until it succeeds, then kAbsent
};

struct SandboxObservation {
  std::uint32_t attempt = 0;
  SandboxState state = SandboxState::kAbsent;
  std::string message;                // kFailed: the cause, as Error::message()
  bool volume_failed = false;         // kFailed: for want of a volume
  std::vector<std::string> pod_ips;   // IPv4 first; empty for hostNetwork (the host's are shown)
  std::vector<std::string> host_ips;  // of this machine; also before the sandbox exists
};

enum class RunState : std::uint8_t {
  kAbsent,    // nothing known of it
  kStarting,  // StartContainer was issued (note_issued) and has not answered
  kRunning,   // the workload was executed
  kExited,    // `exit` is set
  kFailed,    // StartContainer failed: `failure` is set
};

// Where a start failed, which decides what Kubernetes calls it.
enum class FailureStage : std::uint8_t {
  kSandbox,  // the sandbox failed or went: the container is not to blame, nothing is reported for
             // it
  kConfig,   // building its spec (a missing key, runAsNonRoot): CreateContainerConfigError
  kCreate,   // cgroup, root file system, mounts, volumes: CreateContainerError
  kStart,    // the workload could not be executed: terminated StartError, exit code 128
};

struct StartFailure {
  FailureStage stage = FailureStage::kCreate;
  std::string message;
};

// An exit record in plain words (node copies it from the wire's).
struct Exit {
  std::int32_t exit_code = 0;  // 128 + signal when killed by one
  std::int32_t signal = 0;
  bool oom_killed = false;        // the main process, by the kernel's own counter
  std::uint64_t finished_ns = 0;  // boot time
  std::uint64_t finished_wall_ns = 0;
  std::string message;             // the termination message file's content, at most 4096 bytes
  std::uint64_t oom_kills = 0;     // processes killed in its cgroup for want of memory
  std::uint64_t pids_refused = 0;  // processes that it could not make for the limit of pids
};

// Who the main process runs as, once resolved.
struct RunUser {
  std::uint32_t uid = 0, gid = 0;
  std::vector<std::uint32_t> groups;
  bool operator==(const RunUser&) const = default;
};

// lifecycle.postStart and .preStop.
enum class HookKind : std::uint8_t { kPostStart, kPreStop };
inline constexpr std::size_t kHookKinds = 2;

// How a hook has ended that RunHook asked for.
struct HookAnswer {
  bool failed = false;
  std::string message;  // what failed and why
};

struct HookObservation {
  bool issued = false;  // RunHook was issued (note_issued)
  std::optional<HookAnswer> answer;
};

enum class ProbeKind : std::uint8_t { kStartup, kLiveness, kReadiness };
inline constexpr std::size_t kProbeKinds = 3;

enum class ProbeOutcome : std::uint8_t {
  kSuccess,
  kWarning,  // a success that is worth an event: a redirect to another host
  kFailure,
  kError,  // the probe itself could not be done: says nothing of the container
};

// The answer to one try of a probe; node makes the tries that plan_probes (probing.hpp) names.
struct ProbeAnswer {
  ProbeKind kind = ProbeKind::kStartup;
  std::uint64_t at_ns = 0;  // boot time; of one probe each is later than the one before
  ProbeOutcome outcome = ProbeOutcome::kSuccess;
  std::string message;  // what the event says
};

// The newest attempt of a container that node knows of; older ones are not shown.
struct ContainerObservation {
  std::string name;
  std::uint32_t attempt = 0;
  RunState state = RunState::kAbsent;
  std::string id;                // 64 hex digits
  std::uint64_t started_ns = 0;  // boot time of the exec; kRunning and kExited
  std::uint64_t started_wall_ns = 0;
  std::optional<RunUser> user;
  StartFailure failure;  // kFailed
  Exit exit;             // kExited

  // In-flight marks of this attempt, set by note_issued; false after a restart of podctld is right
  // (the action is then repeated, which is harmless).
  bool stop_signalled = false;          // SignalContainer was issued
  bool kill_issued = false;             // KillContainer was issued
  bool tail_issued = false;             // FetchLogTail was issued
  std::optional<std::string> log_tail;  // its answer; an empty string when the log cannot be read

  std::array<HookObservation, kHookKinds> hooks;
  // In the order of their times; those up to ProbeMemory::taken_ns may vanish.
  std::vector<ProbeAnswer> probe_answers;

  HookObservation& hook(HookKind kind) { return hooks.at(static_cast<std::size_t>(kind)); }
  const HookObservation& hook(HookKind kind) const {
    return hooks.at(static_cast<std::size_t>(kind));
  }
};

enum class ImageState : std::uint8_t { kUnknown, kResolving, kReady, kFailed };

// Why an image could not be had; each is a waiting reason of Kubernetes.
enum class ImageError : std::uint8_t {
  kPull,                 // ErrImagePull, then ImagePullBackOff: 10 s doubling to 300 s
  kNeverPull,            // ErrImageNeverPull
  kInvalidName,          // InvalidImageName
  kInspect,              // ImageInspectError
  kRegistryUnavailable,  // RegistryUnavailable, with back-off
};

// What the image of a volume was found to be.
struct ImageOfVolume {
  std::string volume, id;  // "sha256:…"
  bool operator==(const ImageOfVolume&) const = default;
};

// The image of one container (by the container's name), with those of its volumes. Node may fill it
// before it is asked to: what the store holds and the pull policy allows is kReady at once, and
// saves a round trip.
struct ImageObservation {
  std::string container;
  std::uint32_t attempt = 0;  // the attempt it was resolved for; matters for pull policy Always
  ImageState state = ImageState::kUnknown;
  std::string requested;    // the spec's image that it was resolved from; empty: any
  std::string id;           // "sha256:…": status.imageID
  std::string name;         // what status.image shows; empty: as in the spec
  std::string stop_signal;  // of the image's config: "SIGQUIT", "3", empty
  std::string pulled;       // text of the event Pulled when it was pulled just now, else empty
  ImageError error = ImageError::kPull;
  std::string message;  // kFailed
  std::string failed;   // kFailed: the volume's image that it is about; empty: the container's
  std::vector<ImageOfVolume> volumes;
};

enum class Placed : std::uint8_t { kHere, kGated, kNowhere };

// What the scheduler says of a pod that is not placed yet (placement.hpp).
struct Placement {
  Placed state = Placed::kHere;
  std::string reason, message;  // of the condition PodScheduled, when it is not
};

// Why the node takes a new pod not at all, as the kubelet's admission has it: the pod fails.
struct Rejection {
  std::string reason, message;  // "NodePorts", "Predicate NodePorts failed: …"
};

// Whether the node can give a pod what its spec asks for, once that was changed.
enum class ResizeVerdict : std::uint8_t { kUnknown, kFits, kDeferred, kInfeasible };

struct ResizeObservation {
  ResizeVerdict verdict = ResizeVerdict::kUnknown;
  std::string message;                // why not
  bool issued = false;                // ResizePod was issued (note_issued)
  std::optional<std::string> answer;  // what failed; empty: nothing
};

struct Observation {
  Placement placement;                  // looked at until the pod is placed
  std::optional<std::string> eviction;  // why the node puts the pod out, once it has decided to
  std::optional<Rejection> rejection;   // looked at once: when the pod begins
  // Set once metadata.deletionTimestamp is; seconds. A later, smaller value shortens it; 0 is at
  // once.
  std::optional<std::uint64_t> deletion_grace_s;
  bool finalize_issued = false;  // FinalizeDelete was issued (note_issued)
  // A ConfigMap or Secret that the pod names has changed since the last step: what failed for want
  // of one is tried again at once.
  bool configs_changed = false;
  ResizeObservation resize;
  SandboxObservation sandbox;
  std::vector<ContainerObservation> containers;
  std::vector<ImageObservation> images;

  // The entry of that name; made when missing.
  ContainerObservation& container(const std::string& name);
  ImageObservation& image(const std::string& container);
  const ContainerObservation* find(const std::string& name) const;
  const ImageObservation* find_image(const std::string& container) const;
};

}  // namespace podctl::lifecycle
