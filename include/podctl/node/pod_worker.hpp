// One pod on podctld's loop: sees what engine reports, asks lifecycle::step, stores its memory,
// then carries its actions out. Made by Node for each Pod object; it decides nothing itself.
//
// The order of lifecycle's header is kept: events and the object with status and memory are queued
// in one commit, actions run after it, exits are acknowledged after the commit of the step that saw
// them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "podctl/api/kinds.hpp"
#include "podctl/image/image.hpp"
#include "podctl/lifecycle/step.hpp"
#include "podctl/node/admission.hpp"
#include "podctl/node/context.hpp"
#include "podctl/node/spec_builder.hpp"
#include "podctl/node/trace_log.hpp"
#include "podctl/node/volume_contents.hpp"
#include "podctl/wire/messages.hpp"

namespace podctl::engine {
struct RecoveredSandbox;
}

namespace podctl::node {

class Call;
class Prober;

class PodWorker : public std::enable_shared_from_this<PodWorker> {
 public:
  // What the hands told about a container that runs or ran; for reports.
  struct Running {
    std::uint32_t attempt = 0;
    wire::ContainerInfo info;  // without its trace
    bool alive = false;
    TraceLog trace;
    std::string cpus;  // what its cgroup was told last; empty: nothing, by this podctld
  };
  // Called once, on the loop, when the object is gone and nothing of the pod is left.
  using Gone = std::function<void(const std::string& uid)>;

  PodWorker(Context& context, std::shared_ptr<const api::Pod> pod, lifecycle::PodMemory memory,
            Gone gone);
  ~PodWorker();

  const std::string& uid() const { return uid_; }
  const api::Pod& pod() const { return *pod_; }
  const lifecycle::PodMemory& memory() const { return memory_; }
  const std::optional<wire::SandboxInfo>& sandbox() const { return info_; }  // without its trace
  const std::map<std::string, Running>& containers() const { return running_; }
  // Steps of podctld itself and of the sandbox for `podctl trace`.
  const TraceLog& trace() const { return trace_; }
  const TraceLog& sandbox_trace() const { return sandbox_trace_; }

  // Does nothing until release(): before what a former podctld has left is known, its pod would be
  // begun anew.
  void hold() { held_ = true; }
  void release();
  // Takes up what a former podctld has left; before the first kick.
  void recovered(const engine::RecoveredSandbox& found);
  // Looks at the pod soon: after creation, a change of the object, a timer.
  void kick();
  // Does nothing any more, whatever is still answered: a reset takes the pod away.
  void abandon();
  // The first step of a new pod: the object is stored together with the memory it yields. `done`
  // after the commit; when that fails nothing has been begun and the worker is abandoned.
  // `rejection`: the node does not take it.
  void create(std::optional<lifecycle::Rejection> rejection,
              std::function<void(Result<void>)> done);
  // Whether it has been given to the node; until then place() tells what the scheduler says.
  bool placed() const { return !pod_->spec.nodeName.empty(); }
  void place(lifecycle::Placement placement);
  // The pod with what is allocated to it, which its spec may not be after a resize; and with what
  // is to be kept for it.
  const api::Pod& allocated() const;
  const api::Pod& charged() const;
  // With what it has or has been told that it gets.
  const api::Pod& granted() const;
  // What the node says of a resize.
  void judge(lifecycle::ResizeObservation verdict);
  // The object is changed by somebody: stored, and then acted on; answers with the warnings. While
  // another change is being stored it waits, and is asked for what it makes of the pod after that.
  // What cannot be stored has not been.
  void update(Revision revision, std::function<void(Answer<std::vector<std::string>>)> done);
  // Marks it for deletion at that time: goes on also when that cannot be stored, for its end makes
  // room.
  void end(api::Time at, std::int64_t grace_s, std::function<void(Result<void>)> done);

  void on_exit(const wire::ExitRecord& record);
  void on_sandbox_dead(const std::string& reason);
  // Puts the pod out, for that reason.
  void evict(std::string message);
  // Moves its containers to the CPUs that they are to run on now.
  void follow_cpus();
  // The same to all CPUs, whatever they are on, with the quotas that they have where no CPUs are
  // given out.
  void free_cpus(const std::string& all);
  // Takes from its groups what memory QoS has told them. Answers once for each of them, later; how
  // many those are.
  std::size_t unprotect_memory(const std::function<void(const Result<void>&)>& done);
  // An image was loaded or removed: containers that wait for one look again.
  void images_changed();

  // A ConfigMap or Secret was made, changed or removed; does nothing where the pod names it
  // nowhere.
  void config_changed(const api::KindInfo& kind, const std::string& name);

  // The spec an exec runs under; kFailedPrecondition when the container does not run.
  Result<wire::ContainerSpec> container_spec(const std::string& container);

 private:
  struct Timer;
  // One turn of lifecycle's loop, while it is being stored.
  struct Turn {
    std::vector<lifecycle::Action> actions;
    std::function<void(Result<void>)> stored;
    std::set<std::string> acknowledged;
    bool first = false;
  };
  void run(std::function<void(Result<void>)> stored, bool first = false);
  void settle(const Turn& turn, Result<void> result);
  void store_later();
  void execute(const std::vector<lifecycle::Action>& actions);
  void record(const std::vector<lifecycle::RecordEvent>& events);
  void schedule(std::uint64_t boot_ns);
  void prefill_images();
  void set_info(wire::SandboxInfo info);
  std::int32_t pause_pid() const { return info_ ? info_->pause_pid : 0; }
  void set_running(const std::string& name, std::uint32_t attempt, wire::ContainerInfo info,
                   bool alive);
  void note(const char* name, std::string detail, std::uint64_t start_ns);

  void act(const lifecycle::CreateSandbox& action);
  void act(const lifecycle::DestroySandbox& action);
  void destroy_later(const lifecycle::DestroySandbox& action, const Error& error);
  void act(const lifecycle::StartContainer& action);
  void act(const lifecycle::SignalContainer& action);
  void act(const lifecycle::KillContainer& action);
  void act(const lifecycle::RunHook& action);
  void act(const lifecycle::RemoveContainer& action);
  void act(const lifecycle::ResizePod& action);
  void act(const lifecycle::ResolveImage& action);
  void act(const lifecycle::FetchLogTail& action);
  void act(const lifecycle::RecordEvent& action);
  void act(const lifecycle::FinalizeDelete& action);

  void open_network();
  void lead_ports(wire::NetworkSpec net);
  bool closed_meanwhile();
  Contents contents() const;
  void refill_volumes();
  void open_users(std::optional<wire::NetworkSpec> net);
  void open_sandbox(std::optional<wire::NetworkSpec> net, std::optional<IdRange> users);
  void sandbox_failed(const Error& error);
  void sandbox_made(Result<wire::SandboxInfo> made);
  Result<wire::ContainerSpec> build_spec(const std::string& name, std::uint32_t attempt,
                                         const Configs* configs);
  Result<ImageVolumes> image_volumes(const api::Container& container) const;
  Result<void> aim(wire::ContainerSpec& spec) const;
  void start_now(const lifecycle::StartContainer& action);
  void started(const lifecycle::StartContainer& action, const std::string& cpus,
               Result<wire::ContainerInfo> result);
  void move_to(const std::string& name, const std::string& id, const std::string& cpus);
  void restore_quotas();
  void start_failed(const std::string& name, std::uint32_t attempt, lifecycle::FailureStage stage,
                    std::string message);
  // pod_resize.cpp
  void note_resize(const api::Pod& wanted);
  void resize_answered(std::uint64_t round, const std::string& failed);
  // pod_probes.cpp
  void follow_probes();
  void on_probe(const std::string& name, std::uint32_t attempt, lifecycle::ProbeAnswer answer);
  void hook_ended(const lifecycle::RunHook& action, lifecycle::HookAnswer answer);
  void give_up_calls(const std::string& name);
  Result<std::string> address() const;  // where the pod is reached

  std::optional<image::Image> find_image(lifecycle::ImageObservation& seen,
                                         const std::string& reference, const std::string& policy);
  void resolve_image(lifecycle::ImageObservation& image, const lifecycle::ResolveImage& wanted);
  std::string id_of(const std::string& name, std::uint32_t attempt) const;
  std::string logs() const;

  Context& context_;
  const std::string uid_;
  std::shared_ptr<const api::Pod> pod_;
  lifecycle::PodMemory memory_;
  // allocated(), by the text that it was made of; null while that is pod_.
  mutable std::shared_ptr<const api::Pod> allocated_;
  mutable std::string allocated_text_;
  lifecycle::Observation seen_;
  Gone gone_;

  bool scheduled_ = false, finished_ = false, held_ = false;
  std::optional<std::string> early_death_;  // of its sandbox, while it is held
  bool cleared_ = false;                    // nothing of the pod is left but its object
  // What was stored last, as hashes of its JSON: the texts would be half of what a pod costs here.
  std::size_t stored_status_ = 0, stored_memory_ = 0;
  bool store_anyway_ = false;       // the object itself has changed
  bool updating_ = false;           // turns wait until the changed object is stored
  std::uint64_t resize_round_ = 0;  // of what is asked for now
  bool resizing_ = false;           // cgroups are being written
  std::optional<lifecycle::ResizePod> next_resize_;
  std::vector<std::function<void()>> after_update_;  // what waits for that
  std::unique_ptr<Timer> timer_;
  std::set<std::string> unacknowledged_;
  std::vector<std::string> pod_ips_;
  bool opening_ = false;                                   // CreateSandbox waits for its network
  std::vector<lifecycle::StartContainer> waiting_starts_;  // follow it
  std::optional<lifecycle::DestroySandbox> closing_;       // follows it in their place
  std::optional<wire::SandboxInfo> info_;
  std::map<std::string, Running> running_;
  std::unique_ptr<Prober> prober_;  // once there is something to probe
  bool resumed_ = false;            // taken up from a former podctld
  std::map<std::pair<std::string, lifecycle::HookKind>, std::unique_ptr<Call>> hooks_;
  TraceLog trace_, sandbox_trace_;
  std::size_t filled_ = 0;  // a hash of what the volumes were filled with
};

}  // namespace podctl::node
