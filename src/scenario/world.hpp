// The virtual world of --virtual: pods driven by the pure lifecycle, containers that do what their
// scripts say, time that jumps from one happening to the next. Private to scenario.
//
// It is node and engine in miniature. What is asked for is answered by a happening of its own;
// those of one instant may come in any order, and node may see two of them at once: a Chooser
// decides.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "podctl/lifecycle/probing.hpp"
#include "podctl/lifecycle/step.hpp"
#include "podctl/scenario/history.hpp"

namespace podctl::scenario {

// Takes decisions as it is told, afterwards the first possibility each time, and keeps what there
// was to decide.
class Chooser {
 public:
  explicit Chooser(std::vector<std::size_t> told) : told_(std::move(told)) {}

  std::size_t choose(std::size_t possibilities);
  const std::vector<std::size_t>& taken() const { return taken_; }
  const std::vector<std::size_t>& widths() const { return widths_; }

 private:
  std::vector<std::size_t> told_, taken_, widths_;
};

class World {
 public:
  World(const PodTest& test, const std::vector<const api::Pod*>& pods, Chooser& chooser);

  // Makes the pods: each has its first step.
  void begin();
  // Lets one thing happen if one is due until then; else the time is `until_ns`.
  bool next(std::uint64_t until_ns);
  // Lets time pass in which nothing is due.
  void pass_to(std::uint64_t ns) { now_ns_ = std::max(now_ns_, ns); }
  // Something is left to happen at this instant.
  bool pending() const;

  bool runs(const std::string& pod, const std::string& container) const;
  // False: there is nothing that could be killed.
  bool kill(const std::string& pod, const std::string& container, int signal);
  bool kill_sandbox(const std::string& pod);
  bool remove(const std::string& pod, std::optional<std::int64_t> grace_s);
  // False: the container does not run.
  bool answer_probes(const ProbeStep& step);
  void note(What what, const std::string& pod, const std::string& container, std::string text);

  std::uint64_t now_ns() const { return now_ns_; }
  const History& history() const { return history_; }
  History take_history() { return std::move(history_); }

 private:
  enum class Kind : std::uint8_t {
    kSandboxReady,
    kSandboxDead,
    kDestroyed,
    kStarted,
    kExited,
    kImage,
    kTail,
    kHook,
    kProbe,
    kTimer,
  };
  struct Happening {
    std::uint64_t at_ns = 0;
    Kind kind = Kind::kTimer;
    std::size_t pod = 0;
    std::string container = {};
    std::uint32_t attempt = 0;
    std::int32_t exit_code = 0;
    bool oom = false;
    std::string message = {};
    lifecycle::HookKind hook = lifecycle::HookKind::kPostStart;
    lifecycle::ProbeKind probe = lifecycle::ProbeKind::kStartup;
  };
  // A container's newest attempt, as it truly is.
  struct Live {
    std::uint32_t attempt = 0;
    Run run;
    bool alive = false;
    std::map<lifecycle::ProbeKind, ProbeScript> told = {};  // by a step, instead of the script
  };
  struct PodState {
    api::Pod pod;
    lifecycle::Observation seen;
    lifecycle::PodMemory memory;
    std::map<std::string, Live> live;
    std::vector<lifecycle::StartContainer> starts;  // wait for the sandbox
    // When a probe was last tried, and in which attempt.
    struct Tried {
      std::uint32_t attempt = 0;
      std::uint64_t at_ns = 0;
    };
    std::map<std::pair<std::string, lifecycle::ProbeKind>, Tried> tried;
    bool gone = false;
  };

  lifecycle::Now clock() const;
  PodState* find(const std::string& name);
  const Script* script(const PodState& state, const std::string& container) const;
  Run run_of(const PodState& state, const std::string& container, std::uint32_t attempt) const;
  void step(std::size_t pod);
  void follow_probes(std::size_t pod);
  void try_probe(std::size_t pod, const lifecycle::ProbePlan& plan);
  // What a probe is answered at that boot time.
  lifecycle::ProbeAnswer answer_of(const PodState& state, const std::string& container,
                                   lifecycle::ProbeKind kind, std::uint64_t boot_ns) const;
  std::optional<std::uint64_t> next_change(const PodState& state, const std::string& container,
                                           lifecycle::ProbeKind kind, std::uint64_t boot_ns) const;
  void record(std::size_t pod, const std::vector<lifecycle::Action>& actions);
  void forget(std::size_t pod, Kind kind, const std::string& container = {});
  void schedule(Happening happening);
  void begin_start(std::size_t pod, const lifecycle::StartContainer& start);
  void signal(std::size_t pod, const std::string& container, int signal);
  void prefill_image(PodState& state, const std::string& container);

  // What the lifecycle asks for; a new kind of Action does not compile without its answer here.
  void act(std::size_t pod, const lifecycle::CreateSandbox& action);
  void act(std::size_t pod, const lifecycle::DestroySandbox& action);
  void act(std::size_t pod, const lifecycle::StartContainer& action);
  void act(std::size_t pod, const lifecycle::SignalContainer& action);
  void act(std::size_t pod, const lifecycle::KillContainer& action);
  void act(std::size_t pod, const lifecycle::RunHook& action);
  void act(std::size_t pod, const lifecycle::RemoveContainer& action);
  void act(std::size_t pod, const lifecycle::ResizePod& action);
  void act(std::size_t pod, const lifecycle::ResolveImage& action);
  void act(std::size_t pod, const lifecycle::FetchLogTail& action);
  void act(std::size_t pod, const lifecycle::RecordEvent& action);
  void act(std::size_t pod, const lifecycle::FinalizeDelete& action);

  // Happenings.
  void deliver(const Happening& h);
  void sandbox_ready(const Happening& h);
  void sandbox_dead(const Happening& h);
  void destroyed(const Happening& h);
  void started(const Happening& h);
  void exited(const Happening& h);
  void hook_ended(const Happening& h);
  void probed(const Happening& h);
  void tail(const Happening& h);

  std::vector<std::size_t> due() const;
  bool may_be_seen_with(const Happening& h, const std::vector<std::size_t>& due) const;
  std::string text_of(const Happening& h) const;

  const PodTest& test_;
  Chooser& chooser_;
  std::vector<PodState> pods_;
  std::vector<Happening> happenings_;  // in the order in which they were caused
  std::set<std::size_t> unseen_;       // pods with news that no step has seen yet
  History history_;
  Recorder recorder_{history_};
  std::uint64_t now_ns_ = 0;  // since the scenario began
};

}  // namespace podctl::scenario
