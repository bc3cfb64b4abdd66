// How the virtual world answers what lifecycle asks for.
#include <algorithm>
#include <csignal>

#include "podctl/base/text.hpp"
#include "podctl/lifecycle/probing.hpp"
#include "podctl/scenario/load.hpp"
#include "scenario/checks.hpp"
#include "scenario/world.hpp"

namespace podctl::scenario {

using lifecycle::FailureStage;
using lifecycle::ImageState;
using lifecycle::RunState;
using lifecycle::SandboxState;

namespace {

FailureStage stage_of(const std::string& word) {
  if (word == "config") return FailureStage::kConfig;
  return word == "create" ? FailureStage::kCreate : FailureStage::kStart;
}

constexpr std::uint64_t kSecond = 1'000'000'000;

const lifecycle::ContainerMemory* memory_of(const lifecycle::PodMemory& memory,
                                            const std::string& name) {
  for (const auto* list : {&memory.init, &memory.containers}) {
    for (const auto& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

lifecycle::ProbeOutcome outcome_of(const std::string& word) {
  if (word == "warning") return lifecycle::ProbeOutcome::kWarning;
  if (word == "failure") return lifecycle::ProbeOutcome::kFailure;
  return word == "error" ? lifecycle::ProbeOutcome::kError : lifecycle::ProbeOutcome::kSuccess;
}

const std::vector<ProbeScript>& script_of(const Run& run, lifecycle::ProbeKind kind) {
  if (kind == lifecycle::ProbeKind::kStartup) return run.startup;
  return kind == lifecycle::ProbeKind::kLiveness ? run.liveness : run.readiness;
}

const api::Container* spec_of(const api::Pod& pod, const std::string& name) {
  for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (const auto& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

}  // namespace

// ---- actions ----

void World::act(std::size_t pod, const lifecycle::CreateSandbox&) {
  schedule({now_ns_, Kind::kSandboxReady, pod});
}

void World::act(std::size_t pod, const lifecycle::DestroySandbox&) {
  forget(pod, Kind::kSandboxReady);
  forget(pod, Kind::kSandboxDead);
  schedule({now_ns_, Kind::kDestroyed, pod});
}

void World::act(std::size_t pod, const lifecycle::StartContainer& action) {
  auto& state = pods_[pod];
  if (state.seen.sandbox.state == SandboxState::kCreating) {
    state.starts.push_back(action);
    return;
  }
  begin_start(pod, action);
}

void World::begin_start(std::size_t pod, const lifecycle::StartContainer& start) {
  auto& state = pods_[pod];
  auto& live = state.live[start.name];
  live = {start.attempt, run_of(state, start.name, start.attempt), false, {}};
  schedule({now_ns_ + duration_ns(live.run.startsAfter), Kind::kStarted, pod, start.name,
            start.attempt});
}

void World::act(std::size_t pod, const lifecycle::SignalContainer& action) {
  const auto& live = pods_[pod].live[action.name];
  if (live.attempt == action.attempt && live.alive) signal(pod, action.name, action.signal);
}

void World::act(std::size_t pod, const lifecycle::KillContainer& action) {
  const auto& live = pods_[pod].live[action.name];
  if (live.attempt == action.attempt && live.alive) signal(pod, action.name, SIGKILL);
}

void World::act(std::size_t pod, const lifecycle::RunHook& action) {
  const auto& run = pods_[pod].live[action.name].run;
  const auto& script = action.hook == lifecycle::HookKind::kPostStart ? run.postStart : run.preStop;
  const auto takes = script ? duration_ns(script->takes) : 0;
  Happening end{now_ns_ + takes, Kind::kHook, pod, action.name, action.attempt};
  end.hook = action.hook;
  schedule(std::move(end));
}

void World::act(std::size_t, const lifecycle::RemoveContainer&) {}
void World::act(std::size_t, const lifecycle::ResizePod&) {}  // nothing here changes a pod's spec

void World::act(std::size_t pod, const lifecycle::ResolveImage& action) {
  schedule({now_ns_, Kind::kImage, pod, action.container, action.attempt});
}

void World::act(std::size_t pod, const lifecycle::FetchLogTail& action) {
  schedule({now_ns_, Kind::kTail, pod, action.name, action.attempt});
}

void World::act(std::size_t, const lifecycle::RecordEvent&) {}  // record() has it

void World::act(std::size_t pod, const lifecycle::FinalizeDelete&) {
  auto& state = pods_[pod];
  state.gone = true;
  std::erase_if(happenings_, [pod](const Happening& h) { return h.pod == pod; });
  recorder_.moment(now_ns_);
  recorder_.deleted(state.pod.metadata.name);
}

// A signal ends the run by its script; the end that it would have come to anyway may be nearer.
void World::signal(std::size_t pod, const std::string& container, int number) {
  const auto& live = pods_[pod].live[container];
  if (number != SIGKILL && live.run.ignoresStop.value_or(false)) return;
  const bool killed = number == SIGKILL;
  const auto at = now_ns_ + (killed ? 0 : duration_ns(live.run.stopsAfter));
  const auto sooner = [&](const Happening& h) {
    return h.pod == pod && h.kind == Kind::kExited && h.container == container && h.at_ns <= at;
  };
  if (std::any_of(happenings_.begin(), happenings_.end(), sooner)) return;
  forget(pod, Kind::kExited, container);
  const auto code = killed ? 128 + SIGKILL : live.run.stopCode.value_or(128 + number);
  schedule({at, Kind::kExited, pod, container, live.attempt, code});
}

void World::prefill_image(PodState& state, const std::string& container) {
  const auto* written = script(state, container);
  if (written != nullptr && written->imageMissing.value_or(false)) return;
  auto& image = state.seen.image(container);
  image.state = ImageState::kReady;
  image.id = "sha256:" + text::hex(text::hash64(container), 16);
}

// Tries what the lifecycle plans, as node does; an answer that changes nothing does not happen.
void World::follow_probes(std::size_t pod) {
  auto& state = pods_[pod];
  if (state.gone) return;
  const auto plans = lifecycle::plan_probes(state.pod, state.memory);
  const auto is_of = [pod](const Happening& h, const lifecycle::ProbePlan& plan) {
    return h.pod == pod && h.kind == Kind::kProbe && h.container == plan.container->name &&
           h.probe == plan.kind && h.attempt == plan.attempt;
  };
  std::erase_if(happenings_, [&](const Happening& h) {
    return h.pod == pod && h.kind == Kind::kProbe &&
           std::none_of(plans.begin(), plans.end(), [&](const auto& p) { return is_of(h, p); });
  });
  for (const auto& plan : plans) {
    const bool waits = std::any_of(happenings_.begin(), happenings_.end(),
                                   [&](const Happening& h) { return is_of(h, plan); });
    if (!waits) try_probe(pod, plan);
  }
}

// The next try whose answer is any news: a success of a probe that succeeds is none, and will be
// none before the script says otherwise.
void World::try_probe(std::size_t pod, const lifecycle::ProbePlan& plan) {
  auto& state = pods_[pod];
  const auto& name = plan.container->name;
  const auto* known = memory_of(state.memory, name);
  const auto period =
      kSecond *
      static_cast<std::uint64_t>(std::max(
          lifecycle::find_probe(*plan.container, plan.kind)->periodSeconds.value_or(10), 1));
  const auto now = clock().boot_ns;
  const auto& tried = state.tried[{name, plan.kind}];
  const bool again = tried.at_ns != 0 && tried.attempt == plan.attempt;
  auto due = again ? tried.at_ns + period : std::max(plan.due_ns, now);
  const auto catch_up = [&due, period](std::uint64_t to) {
    if (due < to) due += (to - due + period - 1) / period * period;
  };
  catch_up(now);
  for (;;) {
    const auto answer = answer_of(state, name, plan.kind, due);
    if (lifecycle::is_news(*known, plan.kind, answer.outcome)) break;
    const auto change = next_change(state, name, plan.kind, due);
    if (!change) return;
    catch_up(*change);
  }
  Happening next{now_ns_ + (due - now), Kind::kProbe, pod, name, plan.attempt};
  next.probe = plan.kind;
  schedule(std::move(next));
}

lifecycle::ProbeAnswer World::answer_of(const PodState& state, const std::string& container,
                                        lifecycle::ProbeKind kind, std::uint64_t boot_ns) const {
  lifecycle::ProbeAnswer answer{kind, boot_ns, lifecycle::ProbeOutcome::kSuccess, {}};
  const auto& live = state.live.at(container);
  const auto take = [&answer](const ProbeScript& script) {
    answer.outcome = outcome_of(script.answer);
    answer.message = script.message.empty() ? "as the scenario says" : script.message;
  };
  if (const auto told = live.told.find(kind); told != live.told.end()) {
    take(told->second);
    return answer;
  }
  const auto ran = boot_ns - state.seen.find(container)->started_ns;
  for (const auto& script : script_of(live.run, kind)) {
    if (duration_ns(script.after) <= ran) take(script);
  }
  return answer;
}

// When the script of a probe has its next entry after that boot time.
std::optional<std::uint64_t> World::next_change(const PodState& state, const std::string& container,
                                                lifecycle::ProbeKind kind,
                                                std::uint64_t boot_ns) const {
  const auto& live = state.live.at(container);
  if (live.told.contains(kind)) return std::nullopt;
  const auto started = state.seen.find(container)->started_ns;
  for (const auto& script : script_of(live.run, kind)) {
    const auto at = started + duration_ns(script.after);
    if (at > boot_ns) return at;
  }
  return std::nullopt;
}

bool World::answer_probes(const ProbeStep& step) {
  auto* state = find(step.pod);
  const auto live =
      state == nullptr ? decltype(state->live.end())() : state->live.find(step.container);
  if (state == nullptr || live == state->live.end() || !live->second.alive) return false;
  const auto kind = probe_kind(step.kind);
  live->second.told[kind] = {{}, step.answer, step.message};
  const auto pod = static_cast<std::size_t>(state - pods_.data());
  std::erase_if(happenings_, [&](const Happening& h) {
    return h.pod == pod && h.kind == Kind::kProbe && h.container == step.container &&
           h.probe == kind;
  });
  follow_probes(pod);
  return true;
}

// ---- happenings ----

void World::deliver(const Happening& h) {
  auto& seen = pods_[h.pod].seen;
  switch (h.kind) {
    case Kind::kSandboxReady:
      return sandbox_ready(h);
    case Kind::kSandboxDead:
      return sandbox_dead(h);
    case Kind::kDestroyed:
      return destroyed(h);
    case Kind::kStarted:
      return started(h);
    case Kind::kExited:
      return exited(h);
    case Kind::kTail:
      return tail(h);
    case Kind::kHook:
      return hook_ended(h);
    case Kind::kProbe:
      return probed(h);
    case Kind::kImage: {
      auto& image = seen.image(h.container);
      const auto* spec = spec_of(pods_[h.pod].pod, h.container);
      const auto* written = script(pods_[h.pod], h.container);
      const bool missing = written != nullptr && written->imageMissing.value_or(false);
      image.requested = spec->image;
      image.attempt = h.attempt;
      image.state = missing ? ImageState::kFailed : ImageState::kReady;
      image.id = missing ? "" : "sha256:" + text::hex(text::hash64(h.container), 16);
      const bool never = spec->imagePullPolicy == "Never";
      image.error = never ? lifecycle::ImageError::kNeverPull : lifecycle::ImageError::kPull;
      if (missing) image.message = "image \"" + spec->image + "\" is missing in this scenario";
      return;
    }
    case Kind::kTimer:
      return;
  }
}

void World::sandbox_ready(const Happening& h) {
  auto& state = pods_[h.pod];
  state.seen.sandbox.state = SandboxState::kReady;
  state.seen.sandbox.pod_ips = {"198.51.100." + std::to_string(h.pod + 2)};
  for (const auto& start : std::exchange(state.starts, {})) begin_start(h.pod, start);
}

// With a PID namespace of the pod's own its containers die with it.
void World::sandbox_dead(const Happening& h) {
  auto& state = pods_[h.pod];
  state.seen.sandbox.state = SandboxState::kDead;
  state.seen.sandbox.message = "killed by the scenario";
  if (!state.pod.spec.shareProcessNamespace.value_or(false)) return;
  for (const auto& [name, live] : state.live) {
    if (live.alive) signal(h.pod, name, SIGKILL);
  }
}

void World::destroyed(const Happening& h) {
  auto& state = pods_[h.pod];
  state.starts.clear();
  forget(h.pod, Kind::kStarted);
  forget(h.pod, Kind::kExited);
  forget(h.pod, Kind::kHook);
  state.seen.sandbox.state = SandboxState::kAbsent;
  for (auto& [name, live] : state.live) live.alive = false;
  for (auto& container : state.seen.containers) {
    if (container.state == RunState::kRunning) {
      container.state = RunState::kExited;
      container.exit = {128 + SIGKILL, SIGKILL, false, clock().boot_ns, clock().wall_ns, {}};
    } else if (container.state == RunState::kStarting) {
      container.state = RunState::kAbsent;
    }
  }
}

void World::started(const Happening& h) {
  auto& state = pods_[h.pod];
  auto& live = state.live[h.container];
  auto& seen = state.seen.container(h.container);
  if (seen.attempt != h.attempt || seen.state != RunState::kStarting) return;
  seen.id = text::hex(text::hash64(h.container + std::to_string(h.attempt)), 16);
  if (state.seen.sandbox.state != SandboxState::kReady) {
    seen.state = RunState::kFailed;
    seen.failure = {FailureStage::kSandbox, "the sandbox is gone"};
    return;
  }
  if (live.run.fails) {
    seen.state = RunState::kFailed;
    seen.failure = {stage_of(live.run.fails->stage), live.run.fails->message};
    return;
  }
  live.alive = true;
  seen.state = RunState::kRunning;
  seen.started_ns = clock().boot_ns;
  seen.started_wall_ns = clock().wall_ns;
  recorder_.moment(now_ns_);
  for (const auto& line : live.run.log) {
    recorder_.log(state.pod.metadata.name, h.container, static_cast<std::int32_t>(h.attempt) + 1,
                  line);
  }
  if (live.run.for_.empty()) return;
  const bool oom = live.run.oomKilled.value_or(false);
  schedule({now_ns_ + duration_ns(live.run.for_), Kind::kExited, h.pod, h.container, h.attempt,
            live.run.exitCode.value_or(oom ? 128 + SIGKILL : 0), oom, live.run.message});
}

void World::exited(const Happening& h) {
  auto& state = pods_[h.pod];
  auto& live = state.live[h.container];
  auto& seen = state.seen.container(h.container);
  if (!live.alive || live.attempt != h.attempt || seen.attempt != h.attempt) return;
  live.alive = false;
  forget(h.pod, Kind::kHook, h.container);
  seen.state = RunState::kExited;
  const auto now = clock();
  seen.exit = {h.exit_code, h.exit_code > 128 ? h.exit_code - 128 : 0,
               h.oom,       now.boot_ns,
               now.wall_ns, h.message};
}

void World::hook_ended(const Happening& h) {
  auto& seen = pods_[h.pod].seen.container(h.container);
  const auto& run = pods_[h.pod].live[h.container].run;
  const auto& script = h.hook == lifecycle::HookKind::kPostStart ? run.postStart : run.preStop;
  const bool fails = script && script->fails.value_or(false);
  if (seen.attempt != h.attempt) return;
  seen.hook(h.hook).answer = lifecycle::HookAnswer{fails, fails ? script->message : std::string()};
}

void World::probed(const Happening& h) {
  auto& state = pods_[h.pod];
  const auto now = clock().boot_ns;
  state.tried[{h.container, h.probe}] = {h.attempt, now};
  auto& seen = state.seen.container(h.container);
  if (seen.attempt != h.attempt || seen.state != RunState::kRunning) return;
  seen.probe_answers.push_back(answer_of(state, h.container, h.probe, now));
}

void World::tail(const Happening& h) {
  auto& seen = pods_[h.pod].seen.container(h.container);
  if (seen.attempt != h.attempt) return;
  std::string text;
  for (const auto& line : pods_[h.pod].live[h.container].run.log) text += line + "\n";
  seen.log_tail = std::move(text);
}

}  // namespace podctl::scenario
