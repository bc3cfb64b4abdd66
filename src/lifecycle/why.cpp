// A diagnosis from the pod's side: is it well, and if not, whose fault is it.
#include "podctl/lifecycle/why.hpp"

#include <algorithm>

#include "lifecycle/why_parts.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/base/text.hpp"

namespace podctl::lifecycle {
namespace {

const api::ContainerStateTerminated* ended(const api::Box<api::ContainerState>& state) {
  return state ? state->terminated.get() : nullptr;
}

const api::ContainerStateWaiting* waiting(const api::ContainerStatus& status) {
  return status.state ? status.state->waiting.get() : nullptr;
}

bool runs(const api::ContainerStatus& status) { return status.state && status.state->running; }

const api::ContainerStatus* status_of(const std::vector<api::ContainerStatus>& all,
                                      const std::string& name) {
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.name == name; });
  return at == all.end() ? nullptr : &*at;
}

template <class F>
void each_container(const api::Pod& pod, F&& look) {
  const auto& spec = pod.spec;
  const auto& status = pod.status;
  for (const auto& c : spec.initContainers) {
    if (const auto* s = status_of(status.initContainerStatuses, c.name)) look(c, *s, true);
  }
  for (const auto& c : spec.containers) {
    if (const auto* s = status_of(status.containerStatuses, c.name)) look(c, *s, false);
  }
}

template <class F>
void each_ephemeral(const api::Pod& pod, F&& look) {
  for (const auto& c : pod.spec.ephemeralContainers) {
    if (const auto* s = status_of(pod.status.ephemeralContainerStatuses, c.name)) look(c, *s);
  }
}

const api::PodCondition* condition(const api::Pod& pod, std::string_view type) {
  for (const auto& c : pod.status.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

// Whether it is to be ready for the pod to be: an init container that has done its work is not.
bool counts(const Suspect& s) { return !s.ephemeral && (!s.init || api::is_sidecar(s.spec)); }

// Whether podctl has ended the containers for the pod's own reason: how they ended tells nothing.
bool put_to_an_end(const api::Pod& pod) {
  return pod.status.reason == "DeadlineExceeded" || pod.status.reason == "Evicted";
}

// What is wrong with it now, or has been.
std::optional<Cause> container_cause(const Suspect& s) {
  if (const auto* w = waiting(s.status)) {
    if (auto cause = start_cause(s, *w)) return cause;
    const auto* last = ended(s.status.lastState);
    const bool again = w->reason == "CrashLoopBackOff" || w->reason == "PostStartHookError";
    if (again && last != nullptr) {
      Cause cause = end_cause(s, *last);
      add_fact(cause, "status", w->reason + ": " + w->message);
      return cause;
    }
    return hook_cause(s);
  }
  if (const auto* end = ended(s.status.state)) {
    if (end->exitCode == 0 || put_to_an_end(s.pod)) return std::nullopt;
    return end_cause(s, *end);
  }
  if (!runs(s.status)) return std::nullopt;
  if (counts(s) && !s.status.ready) {
    if (auto cause = unready_cause(s)) return cause;
  }
  const auto* last = ended(s.status.lastState);
  if (last == nullptr || last->exitCode == 0) return std::nullopt;
  Cause cause = end_cause(s, *last);
  cause.past = true;
  return cause;
}

const api::Event* newest(const Evidence& evidence, std::string_view reason) {
  const api::Event* found = nullptr;
  for (const auto& event : evidence.events) {
    if (event.reason != reason) continue;
    if (found == nullptr || event.lastTimestamp > found->lastTimestamp) found = &event;
  }
  return found;
}

void sandbox_causes(const api::Pod& pod, const Evidence& evidence, std::vector<Cause>& out) {
  const auto* ready = condition(pod, "PodReadyToStartContainers");
  if (pod.status.phase != "Pending" || ready == nullptr || ready->status == "True") return;
  for (const char* reason : {"FailedMount", "FailedCreatePodSandBox"}) {
    if (const auto* event = newest(evidence, reason)) out.push_back(sandbox_cause(*event));
  }
}

// A cause of the pod itself, with what its status says.
void tell(std::vector<Cause>& out, const std::string& reason, std::string problem,
          std::string remedy, std::string said) {
  Cause cause{{}, reason, std::move(problem), std::move(remedy), {}};
  add_fact(cause, "status", std::move(said));
  out.push_back(std::move(cause));
}

std::string placement_remedy(const api::PodCondition& scheduled) {
  const std::string& message = scheduled.message;
  std::string remedy = missing_config(message);
  if (!remedy.empty()) return remedy;
  if (scheduled.reason == "SchedulingGated")
    return "Take the gates out of spec.schedulingGates (podctl edit); the pod then starts.";
  if (contains(message, "node affinity/selector")) {
    return "Ask in nodeSelector and affinity for labels that the node has: podctl get nodes "
           "--show-labels.";
  }
  if (contains(message, "1 Insufficient ")) {
    return "Lower resources.requests, or let other pods end: \"podctl describe node\" shows what "
           "the node has and who asks for it.";
  }
  if (contains(message, "free ports"))
    return "Give the pod another hostPort, or delete the pod that has it; this one then starts.";
  return "Change what the manifest asks of a node.";
}

// A pod that has no node: what the scheduler says, without what it says of preemption.
void unplaced_cause(const api::PodCondition& scheduled, std::vector<Cause>& out) {
  std::string why = scheduled.message.substr(0, scheduled.message.find(" preemption:"));
  while (why.ends_with('.')) why.pop_back();
  tell(out, scheduled.reason.empty() ? "Unschedulable" : scheduled.reason,
       "The pod has been given to no node: " + why + ".", placement_remedy(scheduled),
       "condition PodScheduled is False: " + scheduled.message);
}

void pod_causes(const api::Pod& pod, const Evidence& evidence, std::vector<Cause>& out) {
  const auto& status = pod.status;
  if (const auto* scheduled = condition(pod, "PodScheduled");
      scheduled && scheduled->status == "False") {
    unplaced_cause(*scheduled, out);
  }
  const std::string said = status.reason + ": " + status.message;
  if (status.reason == "DeadlineExceeded") {
    tell(out, status.reason,
         "The pod was ended because it ran for longer than its activeDeadlineSeconds of " +
             std::to_string(pod.spec.activeDeadlineSeconds.value_or(0)) + ".",
         "Raise spec.activeDeadlineSeconds, or have its containers end sooner.", said);
  }
  if (status.reason == "Evicted") {
    tell(out, status.reason,
         "The pod was put out because it used more than it may: " +
             std::string(text::trim(status.message)),
         "Raise the volume's sizeLimit, or have its containers keep less there; make the pod "
         "anew, for it does not come back by itself.",
         said);
  }
  if (status.reason == "NodePorts") {
    tell(out, status.reason,
         "The pod was refused: another pod of this machine has one of the host ports that it "
         "asks for.",
         "Delete this pod, and either the other one first, or give its ports another hostPort; "
         "a refused pod does not try again.",
         said);
  }
  if (const auto* resize = condition(pod, "PodResizePending"); resize != nullptr) {
    const bool waits = resize->reason == "Deferred";
    tell(
        out, resize->reason,
        "The pod has not been given the resources that it was resized to: " + resize->message + ".",
        waits
            ? "Let other pods end, and it is given them by itself; \"podctl describe node\" shows "
              "who asks for what."
            : "Resize it to what the node has: \"podctl describe node\" shows that.",
        "condition PodResizePending is True: " + resize->message);
  }
  if (status.reason == "AppArmor") {
    tell(out, status.reason,
         "The pod was refused: nothing here enforces the AppArmor profile that it asks for.",
         "Leave securityContext.appArmorProfile out, or make its type Unconfined, and make the pod "
         "anew.",
         said);
  }
  if (status.reason.starts_with("OutOf")) {
    tell(out, status.reason,
         "The pod was refused: the node has not enough " + status.reason.substr(5) + " left.",
         "Make it anew with lower resources.requests, or without spec.nodeName, to wait for room: "
         "\"podctl describe node\" shows what the node has and who asks for it.",
         said);
  }
  sandbox_causes(pod, evidence, out);
  const auto* ready = condition(pod, "Ready");
  if (ready != nullptr && ready->status == "False" && ready->reason == "ReadinessGatesNotReady") {
    tell(out, ready->reason, "The containers are ready, but a readiness gate of the pod is not.",
         "Whoever looks after that condition has to set it to True in the pod's status, or the "
         "gate has to go from spec.readinessGates.",
         "condition Ready is False: " + ready->message);
  }
}

// ---- a pod with which nothing is wrong ----

std::string title(const api::Pod& pod) { return "Pod \"" + pod.metadata.name + "\""; }

// The init container at work, for which the others wait.
std::string init_at_work(const api::Pod& pod) {
  std::string name;
  each_container(pod,
                 [&](const api::Container& spec, const api::ContainerStatus& status, bool init) {
                   if (init && name.empty() && runs(status) && !api::is_sidecar(spec))
                     name = spec.name;
                 });
  return name;
}

// The container whose postStart hook runs, with what is said of it.
std::string hook_at_work(const api::Pod& pod, const Evidence& evidence) {
  for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (const auto& container : *list) {
      const auto hook = evidence.hooks.find(container.name);
      if (hook == evidence.hooks.end() || hook->second.runs_for_ns == 0) continue;
      return "container \"" + container.name + "\", which has run for " +
             span_text(hook->second.runs_for_ns);
    }
  }
  return {};
}

Health settled(const api::Pod& pod, const Evidence& evidence, std::string& summary) {
  const auto& status = pod.status;
  if (pod.metadata.deletionTimestamp) {
    summary = title(pod) + " is being deleted: its containers have " +
              std::to_string(pod.metadata.deletionGracePeriodSeconds.value_or(0)) +
              " s to end after their stop signal.";
    return Health::kOnTheWay;
  }
  if (status.phase == "Succeeded") {
    summary = title(pod) + " has ended: all of its containers with success.";
    return Health::kGood;
  }
  const auto* ready = condition(pod, "Ready");
  if (ready != nullptr && ready->status == "True") {
    summary = title(pod) + " runs, and is ready: nothing is wrong with it.";
    return Health::kGood;
  }
  if (status.phase == "Failed") {
    summary = title(pod) + " has failed" +
              (status.message.empty() ? std::string(".") : ": " + status.message + ".");
    return Health::kBad;
  }
  if (const auto init = init_at_work(pod); !init.empty()) {
    summary = title(pod) + " waits for its init container \"" + init +
              "\", which runs; what it is at stands in its log: podctl logs " + pod.metadata.name +
              " -c " + init + ".";
  } else if (const auto hook = hook_at_work(pod, evidence); !hook.empty()) {
    summary = title(pod) + " waits for the postStart hook of " + hook + ".";
  } else if (status.phase == "Running") {
    summary = title(pod) + " runs, and is not ready yet (" + api::status_text(pod) + ").";
  } else {
    summary = title(pod) + " is on its way (" + api::status_text(pod) + ").";
  }
  return Health::kOnTheWay;
}

}  // namespace

bool is_present(const Cause& cause) { return !cause.past && !cause.aside; }

std::string_view health_word(Health health) {
  switch (health) {
    case Health::kGood:
      return "good";
    case Health::kOnTheWay:
      return "onTheWay";
    case Health::kBad:
      return "bad";
  }
  return "bad";
}

std::vector<std::string> logs_wanted(const api::Pod& pod) {
  std::vector<std::string> names;
  each_ephemeral(pod, [&](const api::Container&, const api::ContainerStatus& status) {
    const auto* now = ended(status.state);
    if (now != nullptr && now->exitCode != 0) names.push_back(status.name);
  });
  each_container(pod, [&](const api::Container&, const api::ContainerStatus& status, bool) {
    const auto* now = ended(status.state);
    const bool failed = now != nullptr && now->exitCode != 0;
    // What has been restarted shows its new log: the old one's end is not asked for.
    const bool crashed = waiting(status) != nullptr && ended(status.lastState) != nullptr;
    if (failed || crashed || (runs(status) && !status.ready)) names.push_back(status.name);
  });
  return names;
}

Diagnosis diagnose(const api::Pod& pod, const Evidence& evidence) {
  Diagnosis d;
  pod_causes(pod, evidence, d.causes);
  each_container(pod,
                 [&](const api::Container& spec, const api::ContainerStatus& status, bool init) {
                   const Suspect suspect{pod, spec, status, evidence, init};
                   if (auto cause = container_cause(suspect)) d.causes.push_back(std::move(*cause));
                 });
  each_ephemeral(pod, [&](const api::Container& spec, const api::ContainerStatus& status) {
    const Suspect suspect{pod, spec, status, evidence, false, true};
    auto cause = container_cause(suspect);
    if (!cause) return;
    cause->aside = true;
    cause->past = ended(status.state) != nullptr;  // it is not run again
    d.causes.push_back(std::move(*cause));
  });
  const bool over = pod.status.phase == "Succeeded" || pod.metadata.deletionTimestamp;
  if (over) {
    for (auto& cause : d.causes) cause.past = true;
  }
  std::stable_sort(d.causes.begin(), d.causes.end(), [](const Cause& a, const Cause& b) {
    return std::pair(a.past, a.aside) < std::pair(b.past, b.aside);
  });
  if (!d.causes.empty() && is_present(d.causes.front())) {
    d.health = Health::kBad;
    d.summary = d.causes.front().problem;
  } else {
    d.health = settled(pod, evidence, d.summary);
  }
  return d;
}

// ---- what the parts share ----

std::string Suspect::name() const {
  const std::string what = api::is_sidecar(spec) && init ? "sidecar"
                           : init                        ? "init container"
                           : ephemeral                   ? "ephemeral container"
                                                         : "container";
  return what + " \"" + spec.name + "\"";
}

std::string Suspect::Name() const {
  std::string text = name();
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

const LastEnd* Suspect::end() const {
  const auto at = evidence.ends.find(spec.name);
  return at == evidence.ends.end() ? nullptr : &at->second;
}

const Counters* Suspect::counters() const {
  const auto at = evidence.running.find(spec.name);
  return at == evidence.running.end() ? nullptr : &at->second;
}

const Hook* Suspect::hook() const {
  const auto at = evidence.hooks.find(spec.name);
  return at == evidence.hooks.end() ? nullptr : &at->second;
}

const api::Event* Suspect::event(std::string_view reason, std::string_view words,
                                 api::Time since) const {
  const std::string list = init        ? "initContainers"
                           : ephemeral ? "ephemeralContainers"
                                       : "containers";
  const std::string path = "spec." + list + "{" + spec.name + "}";
  const api::Event* found = nullptr;
  for (const auto& e : evidence.events) {
    if (e.reason != reason || e.involvedObject.fieldPath != path) continue;
    if (e.lastTimestamp < since || !contains(e.message, words)) continue;
    if (found == nullptr || e.lastTimestamp > found->lastTimestamp) found = &e;
  }
  return found;
}

Cause cause_of(const Suspect& s, std::string reason, std::string problem, std::string remedy) {
  return {s.spec.name, std::move(reason), std::move(problem), std::move(remedy), {}};
}

void add_fact(Cause& cause, std::string source, std::string text) {
  text.resize(text.find_last_not_of(" \t\r\n") + 1);  // what programs print ends with a line's end
  cause.facts.push_back({std::move(source), std::move(text)});
}

void add_command(Cause& cause, std::string_view what, const api::Box<api::ExecAction>& exec) {
  if (!exec) return;
  add_fact(cause, "manifest",
           std::string(what) + " runs: " + std::string(text::join(exec->command, " ")));
}

void add_post_start(const Suspect& s, Cause& cause) {
  if (!s.spec.lifecycle || !s.spec.lifecycle->postStart) return;
  const auto& hook = *s.spec.lifecycle->postStart;
  add_command(cause, "postStart", hook.exec);
  if (!hook.httpGet) return;
  const auto& get = *hook.httpGet;
  add_fact(cause, "manifest",
           "postStart asks: " + (get.host.empty() ? "port " : get.host + ", port ") +
               get.port.str() + ", path " + (get.path.empty() ? "/" : get.path));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto from = text.find(before);
  if (from == std::string_view::npos) return {};
  const auto rest = text.substr(from + before.size());
  const auto to = rest.find(after);
  return to == std::string_view::npos ? std::string() : std::string(rest.substr(0, to));
}

}  // namespace podctl::lifecycle
