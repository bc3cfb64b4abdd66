#include "podctl/node/pod_worker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "node/confinement.hpp"
#include "node/prober.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/lifecycle/images.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/config_use.hpp"
#include "podctl/node/events.hpp"
#include "podctl/node/objects.hpp"

namespace podctl::node {

namespace asio = boost::asio;
using lifecycle::RunState;
using lifecycle::SandboxState;

namespace {

constexpr std::chrono::seconds kStoreRetry{5}, kRemovalRetry{5};

std::string status_json(const api::PodStatus& status) { return api::to_json(status); }

lifecycle::RunUser run_user(const wire::ContainerInfo& info) {
  return {info.uid, info.gid, info.groups};
}

// The shim tells wall time; boot time is what back-offs are measured by.
std::uint64_t boot_of_wall(std::uint64_t wall_ns) {
  const std::uint64_t ago = wall_now_ns() > wall_ns ? wall_now_ns() - wall_ns : 0;
  const std::uint64_t now = boot_now_ns();
  return now > ago ? now - ago : 1;
}

std::size_t digest(const std::string& json) { return std::hash<std::string>{}(json); }

void observe_running(lifecycle::ContainerObservation& seen, const wire::ContainerInfo& info) {
  seen.state = RunState::kRunning;
  seen.id = info.id;
  seen.started_wall_ns = info.started_wall_ns;
  seen.started_ns = boot_of_wall(info.started_wall_ns);
  seen.user = run_user(info);
}

void set_exited(lifecycle::ContainerObservation& seen, const wire::ExitRecord& record) {
  seen.state = RunState::kExited;
  seen.id = record.id;
  seen.attempt = record.attempt;
  if (record.started_wall_ns != 0) {
    seen.started_wall_ns = record.started_wall_ns;
    seen.started_ns = boot_of_wall(record.started_wall_ns);
  }
  seen.exit = {record.exit_code,        record.signal,
               record.oom_killed_main,  record.finished_ns,
               record.finished_wall_ns, utf8::well_formed(record.termination_message),
               record.oom_kills,        record.pids_max_events};
}

bool is_terminal(const std::string& phase) { return phase == "Succeeded" || phase == "Failed"; }

bool is_over(const std::vector<lifecycle::Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const auto& action) {
    return std::holds_alternative<lifecycle::FinalizeDelete>(action);
  });
}

}  // namespace

struct PodWorker::Timer {
  explicit Timer(asio::io_context& io) : timer(io), store(io), removal(io) {}
  asio::steady_timer timer, store, removal;
};

PodWorker::PodWorker(Context& context, std::shared_ptr<const api::Pod> pod,
                     lifecycle::PodMemory memory, Gone gone)
    : context_(context),
      uid_(pod->metadata.uid),
      pod_(std::move(pod)),
      memory_(std::move(memory)),
      gone_(std::move(gone)),
      timer_(std::make_unique<Timer>(context.io)) {
  pod_ips_ = memory_.pod_ips;
  seen_.sandbox.host_ips = context_.machine.facts.host_ips;
  if (pod_->metadata.deletionTimestamp) {
    seen_.deletion_grace_s =
        static_cast<std::uint64_t>(pod_->metadata.deletionGracePeriodSeconds.value_or(0));
  }
  stored_memory_ = digest(lifecycle::encode_memory(memory_));
  stored_status_ = digest(status_json(pod_->status));
  prefill_images();
}

PodWorker::~PodWorker() = default;

std::string PodWorker::id_of(const std::string& name, std::uint32_t attempt) const {
  return container_id(uid_, name, attempt);
}

void PodWorker::note(const char* name, std::string detail, std::uint64_t start_ns) {
  trace_.add({"podctld", name, std::move(detail), start_ns, boot_now_ns() - start_ns});
}

void PodWorker::set_info(wire::SandboxInfo info) {
  sandbox_trace_ = TraceLog(std::exchange(info.trace, {}));
  info_ = std::move(info);
}

void PodWorker::set_running(const std::string& name, std::uint32_t attempt,
                            wire::ContainerInfo info, bool alive) {
  TraceLog trace(std::exchange(info.trace, {}));
  running_[name] = {attempt, std::move(info), alive, std::move(trace), {}};
}

void PodWorker::recovered(const engine::RecoveredSandbox& found) {
  resumed_ = true;
  auto& sandbox = seen_.sandbox;
  sandbox.attempt = memory_.sandbox_attempt;
  sandbox.pod_ips = pod_ips_;
  if (found.shim_dead) {
    sandbox.state = SandboxState::kAbsent;
  } else {
    // One whose shim does not answer has to be destroyed too.
    sandbox.state = found.state.alive ? SandboxState::kReady : SandboxState::kDead;
    sandbox.message = found.state.death;
    if (found.state.created) set_info(found.state.info);
  }
  for (const auto& running : found.state.containers) {
    if (found.shim_dead) break;
    auto& seen = seen_.container(running.name);
    seen.attempt = running.attempt;
    observe_running(seen, running.info);
    set_running(running.name, running.attempt, running.info, true);
  }
  for (const auto& record : found.state.exits) on_exit(record);
  if (sandbox.state == SandboxState::kReady) refill_volumes();
}

void PodWorker::prefill_images() {
  const auto fill = [this](const api::Container& container) {
    auto& image = seen_.image(container.name);
    if (image.state == lifecycle::ImageState::kReady) return;
    resolve_image(image, lifecycle::wanted_images(*pod_, container, image.attempt));
    if (image.state == lifecycle::ImageState::kFailed)
      image.state = lifecycle::ImageState::kUnknown;
  };
  for (const auto& container : pod_->spec.initContainers) fill(container);
  for (const auto& container : pod_->spec.containers) fill(container);
  for (const auto& container : pod_->spec.ephemeralContainers) fill(container);
}

void PodWorker::images_changed() {
  prefill_images();
  kick();
}

void PodWorker::place(lifecycle::Placement placement) {
  seen_.rejection = apparmor_refusal(*pod_, apparmor_enabled());
  seen_.placement = std::move(placement);
  if (seen_.placement.state != lifecycle::Placed::kHere || !pod_->spec.nodeName.empty()) return;
  api::Pod here = *pod_;
  here.spec.nodeName = context_.machine.facts.name;
  pod_ = std::make_shared<const api::Pod>(std::move(here));
  store_anyway_ = true;
}

void PodWorker::evict(std::string message) {
  if (!seen_.eviction) seen_.eviction = std::move(message);
  kick();
}

void PodWorker::abandon() {
  finished_ = true;
  prober_.reset();
  hooks_.clear();
  timer_->timer.cancel();
  timer_->store.cancel();
  timer_->removal.cancel();
}

void PodWorker::kick() {
  if (scheduled_ || finished_ || held_) return;
  scheduled_ = true;
  asio::post(context_.io, [self = shared_from_this()] {
    if (!self->scheduled_) return;
    self->run({});
  });
}

void PodWorker::create(std::optional<lifecycle::Rejection> rejection,
                       std::function<void(Result<void>)> done) {
  if (rejection) seen_.rejection = std::move(rejection);
  run(std::move(done), true);
}

void PodWorker::update(Revision revision,
                       std::function<void(Answer<std::vector<std::string>>)> done) {
  if (updating_) {
    after_update_.push_back(
        [this, revision = std::move(revision), done = std::move(done)] { update(revision, done); });
    return;
  }
  if (finished_) return done(Refused(not_found("pods", pod_->metadata.name)));
  auto revised = revision(*pod_);
  if (!revised) return done(Refused(std::move(revised).error()));
  // What changes nothing is no change: it keeps its version, and no watch is told.
  if (api::to_json(revised->pod) == api::to_json(*pod_)) return done(std::move(revised->warnings));
  updating_ = true;
  note_resize(revised->pod);
  auto memory = lifecycle::encode_memory(memory_);
  auto finish = [self = shared_from_this(), before = pod_, memory,
                 warnings = std::move(revised->warnings),
                 done = std::move(done)](const Result<void>& stored) {
    if (!stored) self->pod_ = self->context_.objects.put_pod(*before, memory, {});
    self->updating_ = false;
    if (stored) self->refill_volumes();  // labels and annotations may stand in them
    self->kick();
    // First come, first served: whom this answers may ask for a change at once.
    for (const auto& next : std::exchange(self->after_update_, {})) next();
    if (!stored) return done(Refused(refusal_from(stored.error())));
    done(warnings);
  };
  pod_ = context_.objects.put_pod(std::move(revised->pod), std::move(memory), std::move(finish));
}

void PodWorker::end(api::Time at, std::int64_t grace_s, std::function<void(Result<void>)> done) {
  if (updating_) {
    after_update_.push_back([this, at, grace_s, done] { end(at, grace_s, done); });
    return;
  }
  api::Pod going = *pod_;
  // Once, as the first deletion does it there (K apiserver registry/rest/delete.go, BeforeDelete):
  // observedGeneration tells that it was seen (KEP-5067).
  if (!going.metadata.deletionTimestamp)
    going.metadata.generation = going.metadata.generation.value_or(1) + 1;
  going.metadata.deletionTimestamp = at;
  going.metadata.deletionGracePeriodSeconds = grace_s;
  pod_ = std::make_shared<const api::Pod>(std::move(going));
  seen_.deletion_grace_s = static_cast<std::uint64_t>(grace_s);
  store_anyway_ = true;
  run(std::move(done));
}

// One turn of lifecycle's loop. `stored` is answered after the commit; without one nothing is
// stored unless memory or status changed.
void PodWorker::run(std::function<void(Result<void>)> stored, bool first) {
  if (updating_) {
    after_update_.push_back([this, stored = std::move(stored), first] { run(stored, first); });
    return;
  }
  scheduled_ = false;
  if (finished_) {
    if (stored) stored({});
    return;
  }
  const std::uint64_t begin = boot_now_ns();
  auto outcome = lifecycle::step(*pod_, memory_, seen_, {begin, wall_now_ns(), context_.boot_id});
  memory_ = std::move(outcome.memory);
  // A sandbox that fails for want of an object is told of the object that came meanwhile.
  if (seen_.sandbox.state != lifecycle::SandboxState::kCreating) seen_.configs_changed = false;
  follow_probes();
  std::vector<lifecycle::Action> actions;
  std::vector<lifecycle::RecordEvent> events;
  for (auto& action : outcome.actions) {
    if (auto* event = std::get_if<lifecycle::RecordEvent>(&action)) {
      events.push_back(std::move(*event));
      continue;
    }
    lifecycle::note_issued(seen_, action);
    actions.push_back(std::move(action));
  }
  schedule(outcome.wake_at_ns);

  const bool over = !stored && is_over(actions);
  auto memory = lifecycle::encode_memory(memory_);
  auto status = status_json(outcome.status);
  auto finish = [self = shared_from_this(), turn = Turn{std::move(actions), std::move(stored),
                                                        std::exchange(unacknowledged_, {}), first}](
                    Result<void> result) { self->settle(turn, std::move(result)); };
  const std::size_t memory_digest = digest(memory), status_digest = digest(status);
  if (!std::exchange(store_anyway_, false) && memory_digest == stored_memory_ &&
      status_digest == stored_status_) {
    record(events);
    return finish({});
  }
  stored_memory_ = memory_digest;
  stored_status_ = status_digest;
  api::Pod next = *pod_;
  const bool ends = next.status.phase != outcome.status.phase && is_terminal(outcome.status.phase);
  next.status = std::move(outcome.status);
  // The end is not stored before it is acted on: found again, the pod comes to the same end.
  if (over) {
    pod_ = std::make_shared<const api::Pod>(std::move(next));
    record(events);
    return finish({});
  }
  pod_ = context_.objects.put_pod(std::move(next), std::move(memory), std::move(finish));
  // After the pod, whose commit its actions wait for: the store writes what it is given first.
  record(events);
  note("decide", std::to_string(outcome.actions.size()) + " actions", begin);
  if (ends) context_.room_made();
}

void PodWorker::record(const std::vector<lifecycle::RecordEvent>& events) {
  for (const auto& event : events) act(event);
}

void PodWorker::settle(const Turn& turn, Result<void> result) {
  if (result) {
    for (const auto& id : turn.acknowledged) context_.engine.ack_exit(uid_, id);
  } else {
    context_.log("pod " + uid_ + ": " + result.error().message());
    if (turn.first) {
      abandon();
      return turn.stored(std::move(result));
    }
    unacknowledged_.insert(turn.acknowledged.begin(), turn.acknowledged.end());
    store_later();
  }
  execute(turn.actions);
  if (turn.stored) turn.stored(std::move(result));
}

// What could not be stored is tried again: there may be room then.
void PodWorker::store_later() {
  timer_->store.expires_after(kStoreRetry);
  timer_->store.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    auto self = weak.lock();
    if (error || !self) return;
    self->store_anyway_ = true;
    self->kick();
  });
}

// A sandbox that could not be removed is removed again until it is gone; its pod is not gone
// before.
void PodWorker::destroy_later(const lifecycle::DestroySandbox& action, const Error& error) {
  context_.log("destroy sandbox " + uid_ + ": " + error.message());
  lifecycle::RecordEvent event;
  event.warning = true;
  event.reason = "FailedKillPod";
  event.message = "error killing pod: " + error.message();
  act(event);
  timer_->removal.expires_after(kRemovalRetry);
  timer_->removal.async_wait([weak = weak_from_this(), action](boost::system::error_code failed) {
    auto self = weak.lock();
    if (failed || !self || self->finished_) return;
    auto again = action;  // the pod may have been deleted meanwhile
    again.final = again.final || self->pod_->metadata.deletionTimestamp.has_value();
    self->act(again);
  });
}

void PodWorker::schedule(std::uint64_t boot_ns) {
  timer_->timer.cancel();
  if (boot_ns == 0) return;
  const std::uint64_t now = boot_now_ns();
  timer_->timer.expires_after(std::chrono::nanoseconds(boot_ns > now ? boot_ns - now : 0));
  timer_->timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (error) return;
    if (auto self = weak.lock()) self->kick();
  });
}

void PodWorker::on_exit(const wire::ExitRecord& record) {
  unacknowledged_.insert(record.id);
  auto& seen = seen_.container(record.name);
  if (auto running = running_.find(record.name);
      running != running_.end() && running->second.attempt == record.attempt) {
    running->second.alive = false;
    give_up_calls(record.name);
  }
  // An older attempt was answered for already; one whose start was never answered counts as well.
  if (record.attempt >= seen.attempt) {
    if (record.attempt > seen.attempt) {
      seen = {};
      seen.name = record.name;
    }
    set_exited(seen, record);
  }
  kick();
}

void PodWorker::release() {
  held_ = false;
  if (early_death_) on_sandbox_dead(*std::exchange(early_death_, std::nullopt));
  kick();
}

void PodWorker::on_sandbox_dead(const std::string& reason) {
  if (held_) {
    early_death_ = reason;
    return;
  }
  if (seen_.sandbox.state == SandboxState::kReady ||
      seen_.sandbox.state == SandboxState::kCreating) {
    seen_.sandbox.state = SandboxState::kDead;
    seen_.sandbox.message = reason;
  }
  // Nobody is left who could tell how they ended.
  if (!context_.engine.shim_alive(uid_)) {
    for (auto& container : seen_.containers) {
      if (container.state == lifecycle::RunState::kRunning)
        container.state = lifecycle::RunState::kAbsent;
    }
    for (auto& [name, running] : running_) running.alive = false;
  }
  kick();
}

Result<wire::ContainerSpec> PodWorker::container_spec(const std::string& container) {
  const auto running = running_.find(container);
  if (running == running_.end() || !running->second.alive) {
    return fail(Code::kFailedPrecondition, "", "", "container " + container + " is not running");
  }
  return build_spec(container, running->second.attempt, nullptr);
}

void PodWorker::config_changed(const api::KindInfo& kind, const std::string& name) {
  if (!names_config(*pod_, kind, name)) return;
  seen_.configs_changed = true;
  refill_volumes();
  kick();
}

}  // namespace podctl::node
