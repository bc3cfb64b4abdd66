// Memory in Kubernetes' words: phase, addresses, container statuses.
#include <algorithm>

#include "context.hpp"
#include "podctl/api/resources_math.hpp"

namespace podctl::lifecycle {
namespace {

// K pkg/kubelet/container/runtime.go MaxPodTerminationMessageLogLength, shared by all containers.
constexpr std::size_t kMessageBytesOfPod = 12 * 1024;

// It runs, and Kubernetes shows it as running.
bool runs(const ContainerMemory& m) {
  return m.progress == Progress::kRunning && !held_by_post_start(m);
}

bool never_ran(const ContainerMemory& m) { return !runs(m) && !m.ended && !m.last; }

std::string container_id(const std::string& id) { return id.empty() ? id : "podctl://" + id; }

// Cut at a byte count, but not inside a UTF-8 character.
std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

api::ContainerState terminated(const Ended& ended, std::size_t message_bytes) {
  api::ContainerState state;
  auto& t = state.terminated.emplace();
  t.exitCode = ended.exit_code;
  t.reason = ended.reason;
  t.message = cut(ended.message, message_bytes);
  t.startedAt = wall_time(ended.started_wall_ns);
  t.finishedAt = wall_time(ended.finished_wall_ns);
  t.containerID = container_id(ended.id);
  return state;
}

api::ContainerState waiting(std::string reason, std::string message = {}) {
  api::ContainerState state;
  auto& w = state.waiting.emplace();
  w.reason = std::move(reason);
  w.message = std::move(message);
  return state;
}

// A container of an initialized pod that is over and of which nothing is known
// (K pkg/kubelet/status/status_manager.go TerminatePod).
api::ContainerState not_located() {
  Ended ended;
  ended.exit_code = 137;
  ended.reason = "ContainerStatusUnknown";
  ended.message = "The container could not be located when the pod was terminated";
  return terminated(ended, ended.message.size());
}

// state and lastState; while the next attempt waits or starts the newest one that ran is shown.
void fill_states(const Context& c, const Item& item, api::ContainerStatus& status,
                 std::size_t message_bytes) {
  const auto& m = *item.memory;
  const bool over = !c.memory.final_phase.empty();
  const Ended* last = m.last ? &*m.last : nullptr;
  if (runs(m)) {
    auto& running = status.state.emplace().running.emplace();
    running.startedAt = wall_time(m.started_wall_ns);
  } else if (m.waiting && !over) {
    status.state = waiting(m.waiting->reason, m.waiting->message);
    if (m.ended) last = &*m.ended;
  } else if (m.ended) {
    status.state = terminated(*m.ended, message_bytes);
  } else if (over && item.regular() && c.memory.initialized) {
    status.state = not_located();
  } else {
    status.state = waiting(std::string(initial_reason(c.memory)));
  }
  status.lastState.emplace();
  if (last != nullptr) status.lastState = terminated(*last, message_bytes);
}

void fill_mounts(const Item& item, api::ContainerStatus& status) {
  const auto& spec = *item.spec;
  status.volumeMounts.reserve(spec.volumeMounts.size());
  for (const auto& mount : spec.volumeMounts) {
    auto& shown = status.volumeMounts.emplace_back();
    shown.name = mount.name;
    shown.mountPath = mount.mountPath;
    shown.readOnly = mount.readOnly;
    if (mount.readOnly.value_or(false)) {
      shown.recursiveReadOnly =
          mount.recursiveReadOnly.empty() ? "Disabled" : mount.recursiveReadOnly;
    }
    if (never_ran(*item.memory)) continue;
    const auto& images = item.memory->volume_images;
    const auto image = std::ranges::find(images, mount.name, &ImageOfVolume::volume);
    if (image == images.end()) continue;
    shown.volumeStatus.emplace().image.emplace().imageRef = image->id;
  }
}

void fill_running(const Context& c, const Item& item, api::ContainerStatus& status) {
  const auto& m = *item.memory;
  if (item.spec->resources) {
    status.resources = applied_to(c, item);
    status.allocatedResources = allocated_to(c, item).requests;
  }
  status.stopSignal = stop_signal_name(item);
  if (!m.user) return;
  auto& user = status.user.emplace().linux_.emplace();
  user.uid = m.user->uid;
  user.gid = m.user->gid;
  user.supplementalGroups.assign(m.user->groups.begin(), m.user->groups.end());
}

api::ContainerStatus container_status(const Context& c, const Item& item,
                                      std::size_t message_bytes) {
  const auto& m = *item.memory;
  api::ContainerStatus status;
  status.name = item.spec->name;
  fill_states(c, item, status, message_bytes);
  const bool init_done = item.init && !item.sidecar && status.state->terminated &&
                         status.state->terminated->exitCode == 0;
  status.ready = !item.ephemeral && (m.ready || init_done);
  status.started = m.progress == Progress::kRunning && m.started;
  // An attempt that is only planned does not count yet.
  const bool exists = m.progress == Progress::kRunning || m.progress == Progress::kEnded;
  status.restartCount =
      static_cast<std::int32_t>(exists || m.attempt == 0 ? m.attempt : m.attempt - 1);
  status.image = m.image.empty() || never_ran(m) ? item.spec->image : m.image;
  if (!never_ran(m)) status.imageID = m.image_id;
  if (!never_ran(m)) status.containerID = container_id(m.id);
  if (runs(m)) fill_running(c, item, status);
  fill_mounts(item, status);
  return status;
}

void fill_addresses(const Context& c, api::PodStatus& status) {
  const auto& m = c.memory;
  for (const auto& ip : m.host_ips) status.hostIPs.push_back({ip});
  if (!m.host_ips.empty()) status.hostIP = m.host_ips.front();
  const bool host_network = c.pod.spec.hostNetwork.value_or(false);
  const auto& ips = host_network && m.pod_ips.empty() ? m.host_ips : m.pod_ips;
  for (const auto& ip : ips) status.podIPs.push_back({ip});
  if (!ips.empty()) status.podIP = ips.front();
}

// What others own in the status stays as it is.
void keep_foreign(const api::PodStatus& old, api::PodStatus& status) {
  status.nominatedNodeName = old.nominatedNodeName;
  status.resize = old.resize;
  status.resourceClaimStatuses = old.resourceClaimStatuses;
  status.extendedResourceClaimStatus = old.extendedResourceClaimStatus;
  status.allocatedResources = old.allocatedResources;
  status.resources = old.resources;
  status.nodeAllocatableResourceClaimStatuses = old.nodeAllocatableResourceClaimStatuses;
  status.volumeHealth = old.volumeHealth;
}

}  // namespace

api::Time wall_time(std::uint64_t wall_ns) {
  if (wall_ns == 0) return {};
  return api::Time(static_cast<std::int64_t>(wall_ns / kSecond));
}

std::string_view initial_reason(const PodMemory& memory) {
  return memory.init.empty() ? "ContainerCreating" : "PodInitializing";
}

std::string phase_of(const Context& c) {
  const auto& m = c.memory;
  if (!m.final_phase.empty()) return m.final_phase;
  // Until every regular container has run once; a pod that stops keeps its phase until the last one
  // ended.
  const bool pending = std::any_of(m.containers.begin(), m.containers.end(), never_ran);
  return pending ? "Pending" : "Running";
}

api::PodStatus make_status(Context& c) {
  api::PodStatus status;
  keep_foreign(c.pod.status, status);
  status.observedGeneration = c.pod.metadata.generation;
  status.phase = phase_of(c);
  if (!c.memory.final_phase.empty()) {
    status.reason = c.memory.reason;
    status.message = c.memory.message;
  }
  status.qosClass = api::qos_name(api::qos_class(c.pod));
  if (c.memory.start_wall_ns == 0) {
    status.conditions = make_conditions(c, status);
    return status;
  }
  fill_addresses(c, status);
  status.startTime = wall_time(c.memory.start_wall_ns);
  status.initContainerStatuses.reserve(c.memory.init.size());
  status.containerStatuses.reserve(c.memory.containers.size());
  if (c.memory.rejected) {
    status.conditions = make_conditions(c, status);
    return status;
  }
  const auto message_bytes = kMessageBytesOfPod / std::max<std::size_t>(c.items.size(), 1);
  for (const auto& item : c.items) {
    auto& list = item.ephemeral ? status.ephemeralContainerStatuses
                 : item.init    ? status.initContainerStatuses
                                : status.containerStatuses;
    list.push_back(container_status(c, item, message_bytes));
  }
  status.conditions = make_conditions(c, status);
  return status;
}

}  // namespace podctl::lifecycle
