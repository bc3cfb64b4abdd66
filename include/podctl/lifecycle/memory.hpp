// What lifecycle remembers of a pod between two steps, stored with the object before a step's
// actions run: after kill -9 of podctld everything continues to the second.
//
// Plain data, compared with ==. Node stores it as the JSON of encode_memory and never looks inside.
// Boot times are of the boot named in `boot_id`; step rebases them when the machine was booted
// since.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/lifecycle/observation.hpp"

namespace podctl::lifecycle {

// How an attempt ended, as `state.terminated` shows it.
struct Ended {
  std::int32_t exit_code = 0;
  std::string reason, message;
  std::string id;                      // 64 hex digits; empty when nothing was created
  std::uint64_t started_wall_ns = 0;   // 0: never
  std::uint64_t finished_wall_ns = 0;  // 0: not known
  std::uint64_t finished_ns = 0;       // boot time: the back-off counts from here
  // What a diagnosis asks for (why.hpp).
  std::int32_t signal = 0;         // that ended the main process
  std::uint64_t oom_kills = 0;     // in its cgroup
  std::uint64_t pids_refused = 0;  // processes that it could not make for the limit of pids
  bool operator==(const Ended&) const = default;
};

enum class Progress : std::uint8_t {
  kIdle,      // `attempt` has not been asked for
  kStarting,  // StartContainer{attempt} was asked for
  kRunning,
  kEnded,  // `ended` tells how
};

// Why a container waits, other than for its turn.
struct Waiting {
  std::string reason, message;
  std::uint64_t retry_at_ns = 0;  // boot time
  bool operator==(const Waiting&) const = default;
};

enum class HookProgress : std::uint8_t { kNone, kRunning, kEnded };

struct HookMemory {
  HookProgress progress = HookProgress::kNone;
  std::uint64_t since_ns = 0;  // boot time
  std::string failure;         // what failed and why, once it has
  bool operator==(const HookMemory&) const = default;
};

enum class Verdict : std::uint8_t { kNone, kSuccess, kFailure };

// What the answers of a probe have come to.
struct ProbeMemory {
  bool failing = false;   // the newest answer
  std::uint32_t run = 0;  // answers of that kind in a row, counted up to its threshold
  Verdict verdict = Verdict::kNone;
  std::uint64_t taken_ns = 0;  // ProbeAnswer::at_ns of the newest one
  bool operator==(const ProbeMemory&) const = default;
};

// Why a container is stopped though its pod goes on.
enum class KillCause : std::uint8_t { kNone, kChanged, kStartup, kLiveness, kPostStart, kResized };

struct ContainerMemory {
  std::string name;
  std::uint32_t attempt = 0;
  Progress progress = Progress::kIdle;
  bool passed = false;   // regular init only: it has done its part
  bool created = false;  // since the pod began, in this sandbox or after RestartAllContainers
  // To run again whatever its end: a new sandbox, RestartAllContainers, a changed image.
  bool rerun = false;
  std::string id;
  std::uint64_t started_ns = 0, started_wall_ns = 0;
  bool started = false, ready = false;
  std::optional<RunUser> user;
  std::string spec_image;       // the spec's, when it was last resolved; it may have changed since
  std::string image, image_id;  // as status shows them, once known
  std::string stop_signal;      // of the image
  std::vector<ImageOfVolume> volume_images;
  std::optional<Ended> ended;  // of the newest attempt that did, until another one runs
  std::optional<Ended> last;   // of the one before that: lastState
  bool tail_wanted = false;    // the log's tail is to become ended->message
  std::optional<Waiting> waiting;

  // JSON of the resources that it runs with, while others are allocated to it (resize.hpp).
  std::string applied;

  // CrashLoopBackOff: the delay that the next restart waits, and when the last one happened. 0:
  // none yet.
  std::uint32_t backoff_s = 0;
  std::uint64_t backoff_since_ns = 0;
  // The same for its image; `resolving`: ResolveImage was asked for and its answer is not yet
  // taken.
  std::uint32_t pull_backoff_s = 0;
  bool resolving = false;

  HookMemory post_start, pre_stop;
  std::array<ProbeMemory, kProbeKinds> probes;

  // Termination, kept until the next attempt: the event Killing was recorded; boot time of the stop
  // signal; why it is stopped alone and since when (boot time).
  bool stopping = false;
  std::uint64_t stop_ns = 0;
  KillCause killed = KillCause::kNone;
  std::uint64_t killed_ns = 0;

  const ProbeMemory& probe(ProbeKind kind) const {
    return probes.at(static_cast<std::size_t>(kind));
  }
  ProbeMemory& probe(ProbeKind kind) { return probes.at(static_cast<std::size_t>(kind)); }
  bool operator==(const ContainerMemory&) const = default;
};

enum class SandboxProgress : std::uint8_t { kNone, kCreating, kReady, kDead, kGone };

// Why everything is being stopped.
enum class StopCause : std::uint8_t {
  kNone,
  kFinished,    // the regular containers ended for good: sidecars remain
  kDeadline,    // activeDeadlineSeconds
  kSandbox,     // the sandbox died and will be made anew
  kRestartAll,  // a restart rule asked for RestartAllContainers
  kDeleted,
  kEvicted,  // by the node: it uses more than it may
};

struct Stop {
  StopCause cause = StopCause::kNone;
  std::uint64_t grace_s = 0;
  std::uint64_t deadline_ns = 0;  // boot time: when the grace period is used up
  bool told = false;              // kRestartAll: a status has told of it
  bool operator==(const Stop&) const = default;
};

enum class ConditionKind : std::uint8_t {
  kReadyToStartContainers,
  kInitialized,
  kReady,
  kContainersReady,
  kScheduled,
  kRestartingAll,  // only of pods with a rule that says RestartAllContainers
};
inline constexpr std::size_t kConditionKinds = 6;

struct ConditionMemory {
  bool known = false, status = false;
  std::uint64_t since_wall_ns = 0;  // lastTransitionTime
  bool operator==(const ConditionMemory&) const = default;
};

// A resize that is not done (resize.hpp).
struct ResizeMemory {
  // resources_text of what the pod has been given, while its spec asks for something else.
  std::string allocated;
  std::string reason, message;        // why it is not given that: of the condition PodResizePending
  std::uint64_t pending_wall_ns = 0;  // since when
  // resources_text of what it had before, until what it has been given is in the cgroups.
  std::string replaced;
  std::string error;                   // of the last try
  std::uint64_t progress_wall_ns = 0;  // since when
  std::uint64_t retry_at_ns = 0;       // boot time
  bool pod_applied = false;            // the pod's cgroup and those of containers that run on
  bool operator==(const ResizeMemory&) const = default;
};

struct PodMemory {
  std::uint32_t version = 1;
  std::string boot_id;
  std::uint64_t seen_boot_ns = 0, seen_wall_ns = 0;  // when boot_id was taken down
  std::uint64_t start_ns = 0, start_wall_ns = 0;     // status.startTime; 0: not placed yet
  std::string unplaced_reason, unplaced_message;     // why it is not, as it was told last

  std::uint32_t sandbox_attempt = 0;
  SandboxProgress sandbox = SandboxProgress::kNone;
  std::uint64_t sandbox_retry_at_ns = 0;
  std::vector<std::string> pod_ips, host_ips;

  bool initialized = false;  // latched: the regular containers had their turn
  // In the order of the spec. Ephemeral containers run once, and the pod does not wait for them.
  std::vector<ContainerMemory> init, containers, ephemeral;

  ResizeMemory resize;
  Stop stop;
  bool rejected = false;  // the node has not taken it: nothing of it ever began
  // Set once the pod is over: "Succeeded" or "Failed", final even if everything else is lost.
  std::string final_phase;
  std::string reason, message;  // of the pod: DeadlineExceeded, NodePorts
  std::array<ConditionMemory, kConditionKinds> conditions;
  bool operator==(const PodMemory&) const = default;
};

// JSON, without what equals its default. decode: kCorrupt when it is not what encode wrote,
// kUnsupported for a newer version. An empty text is a fresh memory.
std::string encode_memory(const PodMemory& memory);
Result<PodMemory> decode_memory(std::string_view json);

}  // namespace podctl::lifecycle
