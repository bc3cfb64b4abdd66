// Plays node and engine for lifecycle::step in virtual time: applies actions, lets containers end
// when the test says so, jumps from one wake_at to the next.
//
// `reload` puts the memory through its JSON after every step and `repeat` calls every step twice:
// both must change nothing. Times in a test are seconds since the pod was made.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "podctl/api/status_text.hpp"
#include "podctl/lifecycle/probing.hpp"
#include "podctl/lifecycle/step.hpp"

namespace podctl::lifecycle {

inline constexpr std::uint64_t kSec = 1'000'000'000;
inline constexpr std::uint64_t kBoot = 5'000 * kSec, kWall = 1'800'000'000 * kSec;

inline api::Pod make_pod(std::vector<std::string> names, std::string policy = "Always") {
  api::Pod pod;
  pod.metadata.name = "web";
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = "uid-1";
  pod.metadata.generation = 1;
  pod.spec.nodeName = "here";
  pod.spec.restartPolicy = std::move(policy);
  pod.spec.terminationGracePeriodSeconds = 30;
  for (auto& name : names) {
    auto& container = pod.spec.containers.emplace_back();
    container.name = std::move(name);
    container.image = "busybox";
    container.imagePullPolicy = "IfNotPresent";
  }
  return pod;
}

inline api::Container& add_init(api::Pod& pod, std::string name, bool sidecar = false) {
  auto& container = pod.spec.initContainers.emplace_back();
  container.name = std::move(name);
  container.image = "busybox";
  container.imagePullPolicy = "IfNotPresent";
  if (sidecar) container.restartPolicy = "Always";
  return container;
}

struct HookBehaviour {
  std::uint64_t takes_ns = 0;
  bool fails = false, hangs = false;
};

// How an attempt behaves once started.
struct Behaviour {
  std::uint64_t runs_ns = 0;  // 0: until it is stopped
  std::int32_t exit_code = 0;
  bool oom = false;
  std::string message;
  bool ignores_signals = false;      // only SIGKILL ends it
  std::uint64_t stops_after_ns = 0;  // between the signal and its end
  std::int32_t stop_code = 143;
  std::optional<StartFailure> failure;
  HookBehaviour post_start, pre_stop;
  // What a probe is answered so long after the start; success without it.
  std::function<ProbeOutcome(ProbeKind kind, std::uint64_t ran_ns)> probe;
};

// A probe with a period of 1 s.
inline api::Probe every_second(std::int32_t failures = 3) {
  api::Probe probe;
  probe.tcpSocket.emplace().port = api::IntOrString(80);
  probe.periodSeconds = 1;
  probe.failureThreshold = failures;
  return probe;
}

class Simulator {
 public:
  explicit Simulator(api::Pod p) : pod(std::move(p)) {
    seen.sandbox.host_ips = {"192.168.0.9"};
    for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
      for (const auto& container : *list) have_image(container.name);
    }
  }

  api::Pod pod;
  Observation seen;
  PodMemory memory;
  std::map<std::string, Behaviour> behaves;
  std::function<std::optional<std::string>()> sandbox_error = [] { return std::nullopt; };
  std::string resize_error;  // what fails of it
  bool reload = false;
  bool finalized = false;
  std::uint64_t now_ns = 0;         // since the pod was made
  std::uint64_t wake_ns = 0;        // absolute boot time, as step said
  std::vector<std::string> trace;   // "12.0 start web 1"
  std::vector<std::string> events;  // "Started container..." as "reason message"
  std::vector<Action> last_actions;

  void have_image(const std::string& container) {
    auto& image = seen.image(container);
    image.state = ImageState::kReady;
    image.id = "sha256:abc";
  }

  Now now() const { return {kBoot + now_ns, kWall + now_ns, "boot-a"}; }

  // One step and its actions.
  void step() {
    auto outcome = lifecycle::step(pod, memory, seen, now());
    memory = std::move(outcome.memory);
    if (reload) memory = *decode_memory(encode_memory(memory));
    pod.status = std::move(outcome.status);
    wake_ns = outcome.wake_at_ns;
    last_actions = outcome.actions;
    for (auto& container : seen.containers) container.probe_answers.clear();
    for (const auto& action : outcome.actions) {
      note_issued(seen, action);
      std::visit([this](const auto& a) { run(a); }, action);
    }
    follow_probes();
  }

  // Steps until nothing happens at this instant.
  void settle() {
    for (int i = 0; i < 50; ++i) {
      end_due();
      step();
      if (last_actions.empty() && !due_now()) return;
    }
    FAIL() << "does not settle";
  }

  // Lets time pass, stopping wherever something is due.
  void run_until(double seconds) {
    const auto end = static_cast<std::uint64_t>(seconds * 1e9);
    settle();
    for (int i = 0; i < 100'000 && now_ns < end; ++i) {
      now_ns = std::min(end, next_due());
      settle();
    }
  }

  void remove(std::uint64_t grace) {
    pod.metadata.deletionTimestamp = api::Time(1);
    seen.deletion_grace_s = grace;
    settle();
  }

  const api::ContainerStatus& status(const std::string& name) const {
    for (const auto* list : {&pod.status.initContainerStatuses, &pod.status.containerStatuses}) {
      for (const auto& s : *list) {
        if (s.name == name) return s;
      }
    }
    static const api::ContainerStatus none;
    return none;
  }
  const api::PodCondition& condition(const std::string& type) const {
    for (const auto& c : pod.status.conditions) {
      if (c.type == type) return c;
    }
    static const api::PodCondition none;
    return none;
  }
  std::string column() const { return api::status_text(pod); }
  std::string waiting(const std::string& name) const {
    const auto& s = status(name);
    return s.state && s.state->waiting ? s.state->waiting->reason : "";
  }
  std::size_t count(const std::string& event) const {
    return static_cast<std::size_t>(std::count(events.begin(), events.end(), event));
  }
  // The lines of the trace that begin with one of these verbs.
  std::vector<std::string> traced(const std::vector<std::string>& verbs) const {
    std::vector<std::string> lines;
    for (const auto& line : trace) {
      const auto verb = line.substr(line.find(' ') + 1);
      for (const auto& wanted : verbs) {
        if (verb.starts_with(wanted)) lines.push_back(line);
      }
    }
    return lines;
  }

  // Ends a running container now.
  void end(ContainerObservation& container, std::int32_t code, bool oom = false,
           std::string message = {}) {
    container.state = RunState::kExited;
    container.exit = {code,           code > 128 ? code - 128 : 0, oom, kBoot + now_ns,
                      kWall + now_ns, std::move(message)};
    ends_.erase(container.name);
  }
  void end(const std::string& name, std::int32_t code) { end(seen.container(name), code); }

 private:
  using HookKey = std::pair<std::string, HookKind>;
  struct Tries {
    std::uint32_t attempt = 0;
    std::uint64_t next_ns = 0, period_ns = 0;
  };
  using ProbeKey = std::pair<std::string, ProbeKind>;
  std::map<HookKey, std::uint64_t> hook_ends_;
  std::map<ProbeKey, Tries> tries_;

  std::map<std::string, std::uint64_t> ends_;  // container -> when it ends by itself or by a signal
  std::map<std::string, std::int32_t> codes_;

  void note(const std::string& what) {
    const auto tenths = now_ns / (kSec / 10);
    trace.push_back(std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + what);
  }
  std::string label(const std::string& name, std::uint32_t attempt) const {
    return name + " " + std::to_string(attempt);
  }

  bool due_now() const { return next_due() <= now_ns; }
  std::uint64_t next_due() const {
    std::uint64_t next = ~0ULL;
    if (wake_ns != 0) next = wake_ns > kBoot ? wake_ns - kBoot : 0;
    for (const auto& [name, at] : ends_) next = std::min(next, at);
    for (const auto& [key, at] : hook_ends_) next = std::min(next, at);
    for (const auto& [key, tries] : tries_) next = std::min(next, tries.next_ns);
    return next;
  }
  void follow_probes() {
    std::map<ProbeKey, Tries> planned;
    for (const auto& plan : plan_probes(pod, memory)) {
      const ProbeKey key{plan.container->name, plan.kind};
      const auto known = tries_.find(key);
      if (known != tries_.end() && known->second.attempt == plan.attempt) {
        planned.insert(*known);
        continue;
      }
      const auto period =
          static_cast<std::uint64_t>(*find_probe(*plan.container, plan.kind)->periodSeconds);
      const auto due = plan.due_ns > kBoot ? plan.due_ns - kBoot : 0;
      planned[key] = {plan.attempt, std::max(now_ns, due), period * kSec};
    }
    tries_ = std::move(planned);
  }
  void probe_due() {
    for (auto& [key, tries] : tries_) {
      if (tries.next_ns > now_ns) continue;
      tries.next_ns += tries.period_ns;
      auto& container = seen.container(key.first);
      const auto& answers = behaves[key.first].probe;
      const auto ran = kBoot + now_ns - container.started_ns;
      const auto outcome = answers ? answers(key.second, ran) : ProbeOutcome::kSuccess;
      note("probe " + key.first + " " + std::string(probe_name(key.second)));
      container.probe_answers.push_back({key.second, kBoot + now_ns, outcome, "because"});
    }
  }
  void hooks_due() {
    for (auto it = hook_ends_.begin(); it != hook_ends_.end();) {
      const auto& [key, at] = *it;
      if (at > now_ns) {
        ++it;
        continue;
      }
      const auto& b = behaves[key.first];
      const bool fails = (key.second == HookKind::kPostStart ? b.post_start : b.pre_stop).fails;
      seen.container(key.first).hook(key.second).answer = HookAnswer{fails, fails ? "why" : ""};
      it = hook_ends_.erase(it);
    }
  }
  void end_due() {
    probe_due();
    hooks_due();
    const auto due = ends_;
    for (const auto& [name, at] : due) {
      if (at > now_ns) continue;
      const auto& b = behaves[name];
      const bool own = codes_.count(name) == 0;
      end(seen.container(name), own ? b.exit_code : codes_[name], own && b.oom,
          own ? b.message : "");
      codes_.erase(name);
    }
  }

  void run(const CreateSandbox& a) {
    note("sandbox " + std::to_string(a.attempt));
    const auto error = sandbox_error();
    seen.sandbox.state = error ? SandboxState::kFailed : SandboxState::kReady;
    if (error) seen.sandbox.message = *error;
    if (!error) seen.sandbox.pod_ips = {"10.0.0.2", "fd00::2"};
  }
  void run(const DestroySandbox& a) {
    note("destroy " + std::to_string(a.attempt) + (a.final ? " final" : ""));
    seen.sandbox.state = SandboxState::kAbsent;
    for (auto& container : seen.containers) {
      if (container.state != RunState::kExited) container.state = RunState::kAbsent;
    }
    ends_.clear();
  }
  void run(const StartContainer& a) {
    note("start " + label(a.name, a.attempt));
    auto& container = seen.container(a.name);
    container.id = "id-" + a.name + "-" + std::to_string(a.attempt);
    const auto& b = behaves[a.name];
    if (seen.sandbox.state != SandboxState::kReady) {
      container.state = RunState::kFailed;
      container.failure = {FailureStage::kSandbox, "no sandbox"};
      return;
    }
    if (b.failure) {
      container.state = RunState::kFailed;
      container.failure = *b.failure;
      return;
    }
    container.state = RunState::kRunning;
    container.started_ns = kBoot + now_ns;
    container.started_wall_ns = kWall + now_ns;
    codes_.erase(a.name);
    if (b.runs_ns != 0) ends_[a.name] = now_ns + b.runs_ns;
  }
  void run(const SignalContainer& a) {
    note("signal " + label(a.name, a.attempt) + " " + std::to_string(a.signal));
    const auto& b = behaves[a.name];
    if (b.ignores_signals) return;
    ends_[a.name] = now_ns + b.stops_after_ns;
    codes_[a.name] = b.stop_code;
  }
  void run(const KillContainer& a) {
    note("kill " + label(a.name, a.attempt));
    end(seen.container(a.name), 137);
  }
  void run(const RunHook& a) {
    const bool post_start = a.hook == HookKind::kPostStart;
    note((post_start ? "postStart " : "preStop ") + label(a.name, a.attempt));
    const auto& b = behaves[a.name];
    const auto& hook = post_start ? b.post_start : b.pre_stop;
    if (!hook.hangs) hook_ends_[{a.name, a.hook}] = now_ns + hook.takes_ns;
  }
  void run(const ResizePod& a) {
    std::string names;
    for (const auto& name : a.names) names += " " + name;
    note("resize" + names);
    seen.resize.answer = resize_error;
  }
  void run(const RemoveContainer& a) { note("remove " + a.name + " " + std::to_string(a.up_to)); }
  void run(const ResolveImage& a) { note("resolve " + label(a.container, a.attempt)); }
  void run(const FetchLogTail& a) {
    note("tail " + label(a.name, a.attempt));
    seen.container(a.name).log_tail = "last words";
  }
  void run(const RecordEvent& a) { events.push_back(a.reason + ": " + a.message); }
  void run(const FinalizeDelete&) {
    note("finalize");
    finalized = true;
  }
};

}  // namespace podctl::lifecycle
