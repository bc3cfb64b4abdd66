// Statuses to what has happened between them. A status may skip a state that was short; what it
// tells of it all the same (lastState, startedAt) is recorded.
#include "podctl/scenario/history.hpp"

namespace podctl::scenario {

void Recorder::moment(std::uint64_t at_ns) {
  at_ns_ = at_ns;
  ++moment_;
}

Entry& Recorder::add(What what, const std::string& pod, const std::string& container) {
  auto& entry = history_.emplace_back();
  entry.at_ns = at_ns_;
  entry.moment = moment_;
  entry.what = what;
  entry.pod = pod;
  entry.container = container;
  return entry;
}

// Each end is recorded once; that a container ran as well, if no status has shown it.
void Recorder::ended(const std::string& pod, const std::string& name,
                     const api::ContainerStateTerminated& end, std::int32_t run, Container& seen) {
  if (run <= seen.ended) return;
  if (run > seen.ran && end.startedAt) {
    auto& entry = add(What::kState, pod, name);
    entry.word = "running";
    entry.run = run;
  }
  seen.ran = seen.ended = run;
  auto& entry = add(What::kState, pod, name);
  entry.word = "terminated";
  entry.run = run;
  entry.reason = end.reason;
  entry.message = end.message;
  entry.exit_code = end.exitCode;
}

void Recorder::container(const std::string& pod, const api::ContainerStatus& status,
                         Container& seen) {
  if (!status.state) return;
  const auto& state = *status.state;
  const std::int32_t run = status.restartCount + 1;
  const std::string word = state.running ? "running" : state.terminated ? "terminated" : "waiting";
  const std::string reason = state.waiting ? state.waiting->reason : "";
  const auto* last = status.lastState && status.lastState->terminated
                         ? status.lastState->terminated.get()
                         : nullptr;
  // The run before may have ended between two statuses; so may this one where it waits for the
  // next.
  if (last != nullptr) ended(pod, status.name, *last, state.waiting ? run : run - 1, seen);
  if (state.terminated) {
    ended(pod, status.name, *state.terminated, run, seen);
  } else if (state.running ? run > seen.ran : seen.state != word || seen.reason != reason) {
    auto& entry = add(What::kState, pod, status.name);
    entry.word = word;
    entry.run = run;
    entry.reason = reason;
    if (state.waiting) entry.message = state.waiting->message;
    if (state.running) seen.ran = run;
  }
  const auto flip = [&](What what, bool now, bool before) {
    if (now == before) return;
    auto& entry = add(what, pod, status.name);
    entry.on = now;
    entry.run = run;
  };
  flip(What::kStarted, status.started.value_or(false), seen.started);
  flip(What::kReady, status.ready, seen.ready);
  seen.ready = status.ready;
  seen.started = status.started.value_or(false);
  seen.state = word;
  seen.reason = reason;
}

void Recorder::status(const api::Pod& pod) {
  const std::string& name = pod.metadata.name;
  auto& seen = pods_[name];
  if (pod.metadata.deletionTimestamp && !seen.terminating) {
    seen.terminating = true;
    add(What::kTerminating, name);
  }
  for (const auto* list : {&pod.status.initContainerStatuses, &pod.status.containerStatuses}) {
    for (const auto& status : *list) container(name, status, seen.containers[status.name]);
  }
  for (const auto& condition : pod.status.conditions) {
    auto& before = seen.conditions[condition.type];
    if (before == condition.status) continue;
    before = condition.status;
    auto& entry = add(What::kCondition, name);
    entry.word = condition.type;
    entry.on = condition.status == "True";
    entry.reason = condition.reason;
  }
  if (pod.status.phase != seen.phase && !pod.status.phase.empty()) {
    seen.phase = pod.status.phase;
    auto& entry = add(What::kPhase, name);
    entry.word = pod.status.phase;
    entry.reason = pod.status.reason;
    entry.message = pod.status.message;
  }
}

void Recorder::event(const std::string& pod, std::string reason, std::string message,
                     std::string_view field_path, bool warning) {
  std::string container;
  if (const auto open = field_path.find('{'); open != std::string_view::npos) {
    container = field_path.substr(open + 1, field_path.find('}') - open - 1);
  }
  auto& entry = add(What::kEvent, pod, container);
  entry.word = std::move(reason);
  entry.message = std::move(message);
  entry.warning = warning;
}

void Recorder::log(const std::string& pod, const std::string& container, std::int32_t run,
                   std::string line) {
  auto& entry = add(What::kLog, pod, container);
  entry.run = run;
  entry.message = std::move(line);
}

void Recorder::deleted(const std::string& pod) {
  pods_.erase(pod);
  add(What::kDeleted, pod);
}

void Recorder::note(What what, std::string pod, std::string container, std::string text) {
  auto& entry = add(what, pod, container);
  entry.message = std::move(text);
}

}  // namespace podctl::scenario
