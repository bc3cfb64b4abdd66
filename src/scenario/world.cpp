#include "scenario/world.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include "podctl/api/status_text.hpp"
#include "podctl/lifecycle/probing.hpp"
#include "podctl/scenario/load.hpp"

namespace podctl::scenario {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
// What both clocks show when a scenario begins: no instant of it is 0, which means never.
constexpr std::uint64_t kBoot = 1'000 * kSecond, kWall = 1'800'000'000 * kSecond;
constexpr std::int64_t kDefaultGrace = 30;

std::string probe_word(lifecycle::ProbeKind kind) {
  std::string word(lifecycle::probe_name(kind));
  word[0] = static_cast<char>(word[0] + ('a' - 'A'));
  return word;
}

}  // namespace

std::size_t Chooser::choose(std::size_t possibilities) {
  if (possibilities < 2) return 0;
  const std::size_t i = taken_.size();
  const std::size_t choice = i < told_.size() ? std::min(told_[i], possibilities - 1) : 0;
  taken_.push_back(choice);
  widths_.push_back(possibilities);
  return choice;
}

World::World(const PodTest& test, const std::vector<const api::Pod*>& pods, Chooser& chooser)
    : test_(test), chooser_(chooser) {
  for (const auto* pod : pods) {
    auto& state = pods_.emplace_back();
    state.pod = *pod;
    state.pod.metadata.uid =
        "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + pods_.size());
    state.pod.metadata.generation = 1;
    state.pod.spec.nodeName = "virtual";
    state.seen.sandbox.host_ips = {"192.0.2.1"};
    for (const auto* list : {&state.pod.spec.initContainers, &state.pod.spec.containers}) {
      for (const auto& container : *list) prefill_image(state, container.name);
    }
  }
}

lifecycle::Now World::clock() const { return {kBoot + now_ns_, kWall + now_ns_, "virtual"}; }

World::PodState* World::find(const std::string& name) {
  for (auto& state : pods_) {
    if (name.empty() || state.pod.metadata.name == name) return &state;
  }
  return nullptr;
}

const Script* World::script(const PodState& state, const std::string& container) const {
  for (const auto& s : test_.spec.containers) {
    if (s.name == container && (s.pod.empty() || s.pod == state.pod.metadata.name)) return &s;
  }
  return nullptr;
}

// Without a script an init container succeeds at once, and any other runs until it is stopped.
Run World::run_of(const PodState& state, const std::string& container,
                  std::uint32_t attempt) const {
  const auto* written = script(state, container);
  if (written != nullptr && !written->runs.empty()) {
    return written->runs[std::min<std::size_t>(attempt, written->runs.size() - 1)];
  }
  Run run;
  for (const auto& init : state.pod.spec.initContainers) {
    if (init.name == container && !api::is_sidecar(init)) run.for_ = "0s";
  }
  return run;
}

void World::begin() {
  for (std::size_t i = 0; i < pods_.size(); ++i) step(i);
}

// One turn of node's loop.
void World::step(std::size_t pod) {
  unseen_.erase(pod);
  auto& state = pods_[pod];
  if (state.gone) return;
  auto outcome = lifecycle::step(state.pod, state.memory, state.seen, clock());
  state.memory = std::move(outcome.memory);
  state.pod.status = std::move(outcome.status);
  for (auto& container : state.seen.containers) container.probe_answers.clear();
  record(pod, outcome.actions);
  forget(pod, Kind::kTimer);
  if (outcome.wake_at_ns != 0) {
    const auto wake = outcome.wake_at_ns < kBoot ? 0 : outcome.wake_at_ns - kBoot;
    schedule({std::max(now_ns_, wake), Kind::kTimer, pod});
  }
  for (const auto& action : outcome.actions) {
    if (!std::holds_alternative<lifecycle::RecordEvent>(action)) {
      lifecycle::note_issued(state.seen, action);
    }
  }
  for (const auto& action : outcome.actions) {
    std::visit([this, pod](const auto& a) { act(pod, a); }, action);
  }
  follow_probes(pod);
}

void World::record(std::size_t pod, const std::vector<lifecycle::Action>& actions) {
  recorder_.moment(now_ns_);
  recorder_.status(pods_[pod].pod);
  for (const auto& action : actions) {
    if (const auto* event = std::get_if<lifecycle::RecordEvent>(&action)) {
      recorder_.event(pods_[pod].pod.metadata.name, event->reason, event->message,
                      event->field_path, event->warning);
    }
  }
}

void World::schedule(Happening happening) { happenings_.push_back(std::move(happening)); }

void World::forget(std::size_t pod, Kind kind, const std::string& container) {
  std::erase_if(happenings_, [&](const Happening& h) {
    return h.pod == pod && h.kind == kind && (container.empty() || h.container == container);
  });
}

bool World::pending() const { return !unseen_.empty() || !due().empty(); }

std::vector<std::size_t> World::due() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < happenings_.size(); ++i) {
    if (happenings_[i].at_ns <= now_ns_) found.push_back(i);
  }
  return found;
}

// A timer is not news of its own: whatever step comes at its instant has seen it.
bool World::may_be_seen_with(const Happening& h, const std::vector<std::size_t>& due) const {
  if (h.kind == Kind::kTimer) return false;
  return std::any_of(due.begin(), due.end(), [&](std::size_t i) {
    const auto& other = happenings_[i];
    return &other != &h && other.pod == h.pod && other.kind != Kind::kTimer;
  });
}

bool World::next(std::uint64_t until_ns) {
  auto now = due();
  if (now.empty() && !unseen_.empty()) {
    step(*unseen_.begin());
    return true;
  }
  if (now.empty()) {
    std::uint64_t at = until_ns;
    for (const auto& h : happenings_) at = std::min(at, h.at_ns);
    now_ns_ = std::max(now_ns_, at);
    now = due();
    if (now.empty()) return false;
  }
  // First each of them before the others, then each together with the one that comes after it.
  std::vector<std::size_t> together;
  for (const auto i : now) {
    if (may_be_seen_with(happenings_[i], now)) together.push_back(i);
  }
  const auto choice = chooser_.choose(now.size() + together.size());
  const bool seen_later = choice >= now.size();
  const auto index = seen_later ? together[choice - now.size()] : now[choice];
  const Happening h = happenings_[index];
  if (choice != 0) {
    note(What::kOrdered, pods_[h.pod].pod.metadata.name, h.container,
         text_of(h) + (seen_later ? ": seen together with what is next" : " comes first"));
  }
  happenings_.erase(happenings_.begin() + static_cast<std::ptrdiff_t>(index));
  deliver(h);
  unseen_.insert(h.pod);
  if (!seen_later) step(h.pod);
  return true;
}

std::string World::text_of(const Happening& h) const {
  switch (h.kind) {
    case Kind::kSandboxReady:
      return "the sandbox's start";
    case Kind::kSandboxDead:
      return "the sandbox's death";
    case Kind::kDestroyed:
      return "the sandbox's removal";
    case Kind::kStarted:
      return "its start";
    case Kind::kExited:
      return "its end";
    case Kind::kImage:
      return "its image";
    case Kind::kTail:
      return "its log's tail";
    case Kind::kHook:
      return h.hook == lifecycle::HookKind::kPostStart ? "the end of its postStart"
                                                       : "the end of its preStop";
    case Kind::kProbe:
      return "its " + probe_word(h.probe) + " probe";
    case Kind::kTimer:
      return "the clock";
  }
  return {};
}

void World::note(What what, const std::string& pod, const std::string& container,
                 std::string text) {
  recorder_.moment(now_ns_);
  recorder_.note(what, pod, container, std::move(text));
}

bool World::runs(const std::string& pod, const std::string& container) const {
  return std::any_of(pods_.begin(), pods_.end(), [&](const PodState& state) {
    const auto live = state.live.find(container);
    return (pod.empty() || state.pod.metadata.name == pod) && live != state.live.end() &&
           live->second.alive;
  });
}

bool World::kill(const std::string& pod, const std::string& container, int signal_number) {
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    if (!pod.empty() && pods_[i].pod.metadata.name != pod) continue;
    const auto live = pods_[i].live.find(container);
    if (live == pods_[i].live.end() || !live->second.alive) continue;
    signal(i, container, signal_number);
    return true;
  }
  return false;
}

bool World::kill_sandbox(const std::string& pod) {
  auto* state = find(pod);
  if (state == nullptr || state->seen.sandbox.state != lifecycle::SandboxState::kReady) {
    return false;
  }
  schedule({now_ns_, Kind::kSandboxDead, static_cast<std::size_t>(state - pods_.data())});
  return true;
}

bool World::remove(const std::string& pod, std::optional<std::int64_t> grace_s) {
  auto* state = find(pod);
  if (state == nullptr || state->gone) return false;
  const auto own = state->pod.spec.terminationGracePeriodSeconds.value_or(kDefaultGrace);
  const auto grace = grace_s.value_or(own);
  auto& before = state->seen.deletion_grace_s;
  before = std::min(before.value_or(static_cast<std::uint64_t>(grace)),
                    static_cast<std::uint64_t>(grace));
  auto& meta = state->pod.metadata;
  meta.deletionTimestamp = api::Time(static_cast<std::int64_t>((kWall + now_ns_) / kSecond));
  meta.deletionGracePeriodSeconds = grace;
  step(static_cast<std::size_t>(state - pods_.data()));
  return true;
}

}  // namespace podctl::scenario
