#include "podctl/api/status_text.hpp"

#include <algorithm>
#include <string_view>

namespace podctl::api {
namespace {

// What one walk over the statuses yields; kubectl computes all its columns from it.
struct Row {
  std::string status;
  std::uint32_t ready = 0, total = 0;
  RestartCount restarts;
};

const Container* find(const std::vector<Container>& containers, const std::string& name) {
  const auto it = std::find_if(containers.begin(), containers.end(),
                               [&name](const Container& c) { return c.name == name; });
  return it == containers.end() ? nullptr : &*it;
}

bool condition_true(const PodStatus& status, std::string_view type) {
  for (const auto& condition : status.conditions) {
    if (condition.type == type) return condition.status == "True";
  }
  return false;
}

void count_restarts(RestartCount& into, const ContainerStatus& status) {
  into.count += status.restartCount;
  if (!status.lastState || !status.lastState->terminated) return;
  into.last = std::max(into.last, status.lastState->terminated->finishedAt);
}

std::string ended_text(const ContainerStateTerminated& ended) {
  if (!ended.reason.empty()) return ended.reason;
  if (ended.signal.value_or(0) != 0) return "Signal:" + std::to_string(*ended.signal);
  return "ExitCode:" + std::to_string(ended.exitCode);
}

std::string base_status(const PodStatus& status) {
  for (const auto& condition : status.conditions) {
    if (condition.type == "PodScheduled" && condition.reason == "SchedulingGated") {
      return condition.reason;
    }
  }
  return status.reason.empty() ? status.phase : status.reason;
}

// Walks the init containers in order up to the first that holds the pod back; true when one does.
// `sidecars` gets the restarts that count once the pod is initialized.
bool walk_init(const Pod& pod, Row& row, RestartCount& sidecars) {
  for (std::size_t i = 0; i < pod.status.initContainerStatuses.size(); ++i) {
    const auto& status = pod.status.initContainerStatuses[i];
    const auto* container = find(pod.spec.initContainers, status.name);
    const bool sidecar = container != nullptr && is_sidecar(*container);
    count_restarts(row.restarts, status);
    if (sidecar) count_restarts(sidecars, status);

    const ContainerState* state = status.state.get();
    const auto* ended = state == nullptr ? nullptr : state->terminated.get();
    const auto* waiting = state == nullptr ? nullptr : state->waiting.get();
    if (ended != nullptr && ended->exitCode == 0) continue;
    if (sidecar && status.started.value_or(false)) {
      if (status.ready) ++row.ready;
      continue;
    }
    if (ended != nullptr) {
      row.status = "Init:" + ended_text(*ended);
    } else if (waiting != nullptr && !waiting->reason.empty() &&
               waiting->reason != "PodInitializing") {
      row.status = "Init:" + waiting->reason;
    } else {
      row.status =
          "Init:" + std::to_string(i) + "/" + std::to_string(pod.spec.initContainers.size());
    }
    return true;
  }
  return false;
}

// Walks the regular containers from last to first: the first one's reason wins.
void walk_regular(const Pod& pod, Row& row) {
  bool running = false;
  std::string error;
  const auto& statuses = pod.status.containerStatuses;
  for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
    count_restarts(row.restarts, *status);
    const ContainerState* state = status->state.get();
    if (state == nullptr) continue;
    if (state->waiting && !state->waiting->reason.empty()) {
      row.status = state->waiting->reason;
    } else if (state->terminated) {
      row.status = ended_text(*state->terminated);
      if (state->terminated->exitCode != 0) error = row.status;
    } else if (status->ready && state->running) {
      running = true;
      ++row.ready;
    }
  }
  if (row.status != "Completed") return;
  if (running && condition_true(pod.status, "Ready")) {
    row.status = "Running";
  } else if (!error.empty()) {
    row.status = error;
  } else if (running) {
    row.status = "NotReady";
  }
}

Row walk(const Pod& pod) {
  Row row;
  row.status = base_status(pod.status);
  row.total = static_cast<std::uint32_t>(
      pod.spec.containers.size() +
      std::count_if(pod.spec.initContainers.begin(), pod.spec.initContainers.end(), is_sidecar));
  RestartCount sidecars;
  const bool initializing = walk_init(pod, row, sidecars);
  if (!initializing || condition_true(pod.status, "Initialized")) {
    row.restarts = sidecars;
    walk_regular(pod, row);
  }
  if (pod.metadata.deletionTimestamp) {
    const bool over = pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
    if (pod.status.reason == "NodeLost") {
      row.status = "Unknown";
    } else if (!over) {
      row.status = "Terminating";
    }
  }
  return row;
}

// "5m30s", without a zero second unit.
std::string two_units(std::int64_t first, char first_unit, std::int64_t second, char second_unit) {
  auto text = std::to_string(first) + first_unit;
  return second == 0 ? text : text + std::to_string(second) + second_unit;
}

}  // namespace

bool is_sidecar(const Container& container) { return container.restartPolicy == "Always"; }

std::string status_text(const Pod& pod) { return walk(pod).status; }

ReadyCount ready_count(const Pod& pod) {
  const auto row = walk(pod);
  return {row.ready, row.total};
}

RestartCount restart_count(const Pod& pod) { return walk(pod).restarts; }

std::string restarts_text(const Pod& pod, const Time& now) {
  const auto restarts = restart_count(pod);
  auto text = std::to_string(restarts.count);
  if (restarts.count == 0 || !restarts.last) return text;
  return text + " (" + age_text(restarts.last, now) + " ago)";
}

std::string human_duration(std::int64_t nanoseconds) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto seconds = nanoseconds / kSecond;
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * 60) return std::to_string(seconds) + "s";
  const auto minutes = seconds / 60;
  if (minutes < 10) return two_units(minutes, 'm', seconds % 60, 's');
  if (minutes < 3 * 60) return std::to_string(minutes) + "m";
  const auto hours = minutes / 60;
  if (hours < 8) return two_units(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return std::to_string(hours) + "h";
  if (hours < 8 * 24) return two_units(hours / 24, 'd', hours % 24, 'h');
  const auto days = hours / 24;
  if (days < 2 * 365) return std::to_string(days) + "d";
  if (days < 8 * 365) return two_units(days / 365, 'y', days % 365, 'd');
  return std::to_string(days / 365) + "y";
}

std::string age_text(const Time& since, const Time& now) {
  if (!since) return "<unknown>";
  const auto seconds = now.seconds() - since.seconds();
  return human_duration(seconds * 1'000'000'000 + now.nanos() - since.nanos());
}

}  // namespace podctl::api
