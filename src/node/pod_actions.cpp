// How a pod worker carries out what lifecycle asks for.
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "node/claims.hpp"
#include "node/cpu_manager.hpp"
#include "node/host_ports.hpp"
#include "node/prober.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/image/reference.hpp"
#include "podctl/image/store.hpp"
#include "podctl/lifecycle/images.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/events.hpp"
#include "podctl/node/log_reader.hpp"
#include "podctl/node/objects.hpp"
#include "podctl/node/pod_worker.hpp"
#include "podctl/node/volume_contents.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::node {

using lifecycle::FailureStage;
using lifecycle::ImageState;
using lifecycle::RunState;
using lifecycle::SandboxState;

namespace {

// Which attempts of a container have a log: the numbers before ".log" in its directory.
std::set<std::uint32_t> logged_attempts(const std::string& directory) {
  std::set<std::uint32_t> attempts;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return attempts;
  while (const auto* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    const auto number = text::parse_u64(name.substr(0, name.find(".log")));
    if (number) attempts.insert(static_cast<std::uint32_t>(*number));
  }
  ::closedir(dir);
  return attempts;
}

void remove_logs(const std::string& directory, std::uint32_t up_to) {
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return;
  while (const auto* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    const auto number = text::parse_u64(name.substr(0, name.find(".log")));
    if (number && *number <= up_to) ::unlinkat(::dirfd(dir), entry->d_name, 0);
  }
  ::closedir(dir);
}

// init's last step is the exec itself: what fails there is the workload's own fault.
FailureStage stage_of(const Error& error) {
  if (error.code == Code::kUnavailable || error.code == Code::kCancelled)
    return FailureStage::kSandbox;
  if (error.op == "find sandbox") return FailureStage::kSandbox;  // it failed before its containers
  if (error.op.starts_with("exec")) return FailureStage::kStart;
  return FailureStage::kCreate;
}

std::size_t hash_of(const std::vector<wire::VolumeContent>& contents) {
  return text::hash64(wire::encode(wire::VolumeContents{contents}));
}

}  // namespace

void PodWorker::execute(const std::vector<lifecycle::Action>& actions) {
  for (const auto& action : actions) {
    if (finished_) return;
    std::visit([this](const auto& a) { act(a); }, action);
  }
}

// ---- the sandbox ----

// What podctld puts into volumes, as the objects are now.
Contents PodWorker::contents() const {
  return build_contents(*pod_, configs_of(context_, pod_->metadata.namespace_, pause_pid()),
                        context_.machine.facts);
}

// Changes reach running containers, each volume for itself. What cannot be had any more stays as it
// was, as with the kubelet, and of a pod that ends nothing is changed.
void PodWorker::refill_volumes() {
  if (std::ranges::none_of(pod_->spec.volumes, is_filled)) return;
  if (seen_.sandbox.state != SandboxState::kReady || pod_->metadata.deletionTimestamp) return;
  auto now = contents();
  for (const Error& error : now.failed) {
    lifecycle::RecordEvent event;
    event.warning = true;
    event.reason = "FailedMount";
    event.message = error.message();
    act(event);
  }
  const auto hash = hash_of(now.filled);
  if (std::exchange(filled_, hash) == hash) return;
  context_.engine.fill_volumes(
      uid_, std::move(now.filled), [self = shared_from_this()](const Result<void>& done) {
        if (done || self->finished_) return;
        self->filled_ = 0;
        self->context_.log("pod " + self->uid_ + ": " + done.error().message());
      });
}

void PodWorker::act(const lifecycle::CreateSandbox& action) {
  seen_.sandbox.attempt = action.attempt;
  // Before anything is made, as the kubelet waits for volumes first.
  if (const auto all = contents(); !all.failed.empty()) return sandbox_failed(all.failed.front());
  auto claims = claim_volumes(*pod_, context_.layout);
  if (claims.empty()) return open_network();
  opening_ = true;
  context_.claim_work.run(
      [self = shared_from_this(), claims = std::move(claims)]() -> std::function<void()> {
        auto made = make_claim_volumes(claims);
        return [self, made = std::move(made)] {
          if (self->closed_meanwhile()) return;
          if (!made) return self->sandbox_failed(made.error());
          self->open_network();
        };
      });
}

void PodWorker::open_network() {
  if (pod_->spec.hostNetwork.value_or(false)) return open_users(std::nullopt);
  opening_ = true;
  const std::uint64_t begin = boot_now_ns();
  context_.engine.allocate_network(
      uid_, [self = shared_from_this(), begin](Result<wire::NetworkSpec> net) {
        self->note("allocate addresses", {}, begin);
        if (self->closed_meanwhile()) return;
        if (!net) return self->sandbox_failed(net.error());
        self->pod_ips_.clear();
        for (const auto& address : net->addresses) self->pod_ips_.push_back(address.address.str());
        self->lead_ports(std::move(*net));
      });
}

// Remembered before anything has them: whoever comes after us finds them taken.
void PodWorker::open_users(std::optional<wire::NetworkSpec> net) {
  if (!own_users(*pod_)) return open_sandbox(std::move(net), {});
  opening_ = true;
  const std::uint64_t begin = boot_now_ns();
  context_.engine.allocate_ids(
      uid_, [self = shared_from_this(), net = std::move(net), begin](Result<IdRange> ids) mutable {
        self->note("allocate host ids", ids ? std::to_string(ids->first) : std::string(), begin);
        if (self->closed_meanwhile()) return;
        if (!ids) return self->sandbox_failed(ids.error());
        self->open_sandbox(std::move(net), *ids);
      });
}

// Before the sandbox: a podctld that finds it again needs not ask whether its ports are led to it.
void PodWorker::lead_ports(wire::NetworkSpec net) {
  auto ports = led_ports(*pod_, net);
  if (ports.empty()) return open_users(std::move(net));
  const std::uint64_t begin = boot_now_ns();
  context_.engine.publish_ports(
      uid_, std::move(ports),
      [self = shared_from_this(), net = std::move(net), begin](Result<void> led) mutable {
        self->note("lead host ports", {}, begin);
        if (self->closed_meanwhile()) return;
        if (!led) return self->sandbox_failed(led.error());
        self->open_users(std::move(net));
      });
}

// The pod was ended while its sandbox waited for its network: what had been asked for came to its
// end first, so that what takes it away finds it.
bool PodWorker::closed_meanwhile() {
  if (finished_) return true;
  if (!closing_) return false;
  opening_ = false;
  waiting_starts_.clear();
  act(*std::exchange(closing_, std::nullopt));
  return true;
}

void PodWorker::open_sandbox(std::optional<wire::NetworkSpec> net, std::optional<IdRange> users) {
  opening_ = false;
  auto spec = build_sandbox(allocated(), context_.machine, context_.layout);
  if (!spec) return sandbox_failed(spec.error());
  const auto& ips = net ? pod_ips_ : context_.machine.facts.host_ips;
  auto files = build_files(*pod_, context_.machine, ips);
  if (!files) return sandbox_failed(files.error());
  auto volumes = contents();
  if (!volumes.failed.empty()) return sandbox_failed(volumes.failed.front());
  filled_ = hash_of(volumes.filled);
  spec->contents = std::move(volumes.filled);
  spec->files = std::move(*files);
  spec->net = std::move(net);
  spec->users = users;
  const std::uint64_t begin = boot_now_ns();
  context_.engine.create_sandbox(
      std::move(*spec), [self = shared_from_this(), begin](Result<wire::SandboxInfo> made) {
        self->note("create sandbox", {}, begin);
        self->sandbox_made(std::move(made));
      });
  for (const auto& start : std::exchange(waiting_starts_, {})) start_now(start);
}

void PodWorker::sandbox_made(Result<wire::SandboxInfo> made) {
  if (!made) return sandbox_failed(made.error());
  set_info(std::move(*made));
  if (seen_.sandbox.state == SandboxState::kCreating) seen_.sandbox.state = SandboxState::kReady;
  seen_.sandbox.pod_ips = pod_ips_;
  refill_volumes();  // an object may have changed meanwhile
  kick();
}

void PodWorker::sandbox_failed(const Error& error) {
  opening_ = false;
  for (const auto& start : std::exchange(waiting_starts_, {})) {
    start_failed(start.name, start.attempt, FailureStage::kSandbox, error.message());
  }
  const bool volume = error.op == wire::kVolumeFailed;
  auto report = [self = shared_from_this(), message = error.message(), volume] {
    self->seen_.sandbox.state = SandboxState::kFailed;
    self->seen_.sandbox.message = message;
    self->seen_.sandbox.volume_failed = volume;
    self->kick();
  };
  // A failed sandbox has left nothing but its addresses; an old one of the same uid is in the way.
  context_.engine.destroy_sandbox(uid_, {.host_ports = has_host_ports(*pod_)},
                                  [report](Result<void>) { report(); });
}

void PodWorker::act(const lifecycle::DestroySandbox& action) {
  if (opening_) {
    closing_ = action;
    return;
  }
  const std::uint64_t begin = boot_now_ns();
  // The ends that a living shim saw come before its answer: what runs until then dies of it.
  const bool killed_by_us = context_.engine.shim_alive(uid_);
  // With no grace nobody reads a log any more, be it for a termination message.
  const bool all = action.final && seen_.deletion_grace_s == 0U;
  context_.engine.destroy_sandbox(
      uid_, {action.final, all ? logs() : std::string(), has_host_ports(*pod_)},
      [self = shared_from_this(), action, begin, killed_by_us, all](Result<void> done) {
        if (self->finished_) return;
        if (!done) return self->destroy_later(action, done.error());
        self->note("destroy sandbox", {}, begin);
        self->cleared_ = all;
        self->seen_.sandbox.state = SandboxState::kAbsent;
        self->info_.reset();
        for (auto& container : self->seen_.containers) {
          if (container.state == RunState::kRunning && killed_by_us) {
            container.state = RunState::kExited;
            container.exit = {128 + SIGKILL, SIGKILL, false, boot_now_ns(), wall_now_ns(), {}};
          } else if (container.state == RunState::kRunning ||
                     container.state == RunState::kStarting) {
            container.state = RunState::kAbsent;
          }
        }
        for (auto& [name, running] : self->running_) running.alive = false;
        self->kick();
      });
}

// ---- containers ----

void PodWorker::act(const lifecycle::StartContainer& action) {
  if (opening_) {
    waiting_starts_.push_back(action);
    return;
  }
  start_now(action);
}

Result<wire::ContainerSpec> PodWorker::build_spec(const std::string& name, std::uint32_t attempt,
                                                  const Configs* configs) {
  const auto& pod = allocated();
  const auto* container = find_container(pod, name);
  if (container == nullptr)
    return fail(Code::kNotFound, "", "", "the pod has no container " + name);
  const auto* image = seen_.find_image(name);
  const auto found = TRY(context_.images.resolve(
      image != nullptr && !image->id.empty() ? image->id : container->image));
  const auto volumes = TRY(image_volumes(*container));
  const auto filter = TRY(seccomp_filter(context_, pod, *container));
  const auto& ips =
      pod_->spec.hostNetwork.value_or(false) ? context_.machine.facts.host_ips : pod_ips_;
  auto spec = TRY(build_container({pod, *container, attempt, found, ips, filter, configs, &volumes},
                                  context_.machine, context_.layout));
  TRY(aim(spec));
  return spec;
}

// The layers of the images that volumes of the container show, as they were when it was asked for
// them.
Result<ImageVolumes> PodWorker::image_volumes(const api::Container& container) const {
  ImageVolumes volumes;
  const auto* seen = seen_.find_image(container.name);
  for (const auto& wanted : lifecycle::wanted_images(*pod_, container, 0).volumes) {
    std::string reference = wanted.image;
    if (seen != nullptr) {
      const auto known =
          std::ranges::find(seen->volumes, wanted.volume, &lifecycle::ImageOfVolume::volume);
      if (known != seen->volumes.end()) reference = known->id;
    }
    volumes[wanted.volume] = TRY(context_.images.resolve(reference)).layers;
  }
  return volumes;
}

// An ephemeral container joins the process namespace of its target, which has to run.
Result<void> PodWorker::aim(wire::ContainerSpec& spec) const {
  for (const auto& ephemeral : pod_->spec.ephemeralContainers) {
    if (ephemeral.name != spec.name || ephemeral.targetContainerName.empty()) continue;
    if (spec.pid != wire::PidMode::kContainer) return {};  // it sees those processes anyway
    const auto target = running_.find(ephemeral.targetContainerName);
    if (target == running_.end() || !target->second.alive) {
      return fail(Code::kFailedPrecondition, "", "",
                  "target container " + ephemeral.targetContainerName + " is not running");
    }
    spec.pid = wire::PidMode::kTarget;
    spec.pid_target = target->second.info.id;
  }
  return {};
}

void PodWorker::start_now(const lifecycle::StartContainer& action) {
  const std::uint64_t begin = boot_now_ns();
  const auto configs = configs_of(context_, pod_->metadata.namespace_, pause_pid());
  auto spec = build_spec(action.name, action.attempt, &configs);
  if (!spec)
    return start_failed(action.name, action.attempt, FailureStage::kConfig, spec.error().message());
  if (context_.cpus != nullptr) {
    if (auto given = context_.cpus->admit(allocated()); !given)
      return start_failed(action.name, action.attempt, FailureStage::kConfig,
                          given.error().message());
    spec->resources.cpuset_cpus = context_.cpus->cpus_of(uid_, action.name);
  }
  const std::string cpus = spec->resources.cpuset_cpus;
  note("build container spec", action.name, begin);
  context_.engine.start_container(
      uid_, std::move(*spec),
      [self = shared_from_this(), action, begin, cpus](Result<wire::ContainerInfo> result) {
        self->note("start container", action.name, begin);
        self->started(action, cpus, std::move(result));
      });
}

void PodWorker::started(const lifecycle::StartContainer& action, const std::string& cpus,
                        Result<wire::ContainerInfo> result) {
  if (!result) {
    return start_failed(action.name, action.attempt, stage_of(result.error()),
                        result.error().message());
  }
  auto& seen = seen_.container(action.name);
  set_running(action.name, action.attempt, *result, seen.state != RunState::kExited);
  running_[action.name].cpus = cpus;
  follow_cpus();  // they may be others' meanwhile
  if (seen.attempt == action.attempt) {
    const bool ended = seen.state == RunState::kExited;  // its exit may overtake this answer
    seen.id = result->id;
    seen.started_wall_ns = result->started_wall_ns;
    const std::uint64_t ago = wall_now_ns() - std::min(wall_now_ns(), result->started_wall_ns);
    seen.started_ns = boot_now_ns() - std::min(boot_now_ns() - 1, ago);
    seen.user = lifecycle::RunUser{result->uid, result->gid, result->groups};
    if (!ended) seen.state = RunState::kRunning;
    seen.kill_issued =
        false;  // what was issued was meant for the start, and came too late or early
  }
  kick();
}

void PodWorker::start_failed(const std::string& name, std::uint32_t attempt, FailureStage stage,
                             std::string message) {
  auto& seen = seen_.container(name);
  if (seen.attempt != attempt) return;
  seen.state = RunState::kFailed;
  seen.id = id_of(name, attempt);
  seen.failure = {stage, std::move(message)};
  kick();
}

void PodWorker::act(const lifecycle::SignalContainer& action) {
  context_.engine.signal(uid_, id_of(action.name, action.attempt), action.signal,
                         [](Result<void>) {});
}

void PodWorker::act(const lifecycle::KillContainer& action) {
  context_.engine.kill(uid_, id_of(action.name, action.attempt), [](Result<void>) {});
}

void PodWorker::act(const lifecycle::RemoveContainer& action) {
  const std::string directory = logs() + "/" + action.name;
  for (const auto attempt : logged_attempts(directory)) {
    if (attempt > action.up_to) continue;
    context_.engine.remove_container(uid_, id_of(action.name, attempt), [](Result<void>) {});
  }
  remove_logs(directory, action.up_to);
}

// ---- images, logs, the object ----

std::string PodWorker::logs() const {
  const auto& meta = pod_->metadata;
  return context_.layout.pod_logs(meta.namespace_, meta.name, meta.uid);
}

// One image of the store; what is wrong with it, if anything, becomes the observation's.
std::optional<image::Image> PodWorker::find_image(lifecycle::ImageObservation& seen,
                                                  const std::string& reference,
                                                  const std::string& policy) {
  auto failed = [&seen](lifecycle::ImageError error, std::string message) {
    seen.state = lifecycle::ImageState::kFailed;
    seen.error = error;
    seen.message = std::move(message);
    return std::nullopt;
  };
  if (const auto parsed = image::Reference::parse(reference); !parsed) {
    return failed(lifecycle::ImageError::kInvalidName,
                  "couldn't parse image name \"" + reference + "\": " + parsed.error().detail);
  }
  auto found = context_.images.resolve(reference);
  if (found) return std::move(*found);
  if (found.error().code != Code::kNotFound) {
    return failed(lifecycle::ImageError::kInspect, found.error().message());
  }
  if (policy == "Never") {
    return failed(lifecycle::ImageError::kNeverPull,
                  "Container image \"" + reference + "\" is not present with pull policy of Never");
  }
  return failed(lifecycle::ImageError::kPull,
                "failed to pull image \"" + reference +
                    "\": it is not in the local store, and podctl does not pull from registries; "
                    "bring it with \"podctl image load\" or \"podctl image import\"");
}

void PodWorker::resolve_image(lifecycle::ImageObservation& image,
                              const lifecycle::ResolveImage& wanted) {
  image.requested = wanted.image;
  image.failed.clear();
  image.volumes.clear();
  const auto own = find_image(image, wanted.image, wanted.pull_policy);
  if (!own) return;
  for (const auto& volume : wanted.volumes) {
    const auto shown = find_image(image, volume.image, volume.pull_policy);
    if (!shown) {
      image.failed = volume.image;
      return;
    }
    image.volumes.push_back({volume.volume, shown->id});
  }
  image.state = lifecycle::ImageState::kReady;
  image.id = own->id;
  image.name = MUST(image::Reference::parse(wanted.image)).str();
  image.stop_signal = own->config.stop_signal;
}

void PodWorker::act(const lifecycle::ResolveImage& action) {
  auto& image = seen_.image(action.container);
  image.attempt = action.attempt;
  resolve_image(image, action);
  kick();
}

void PodWorker::act(const lifecycle::FetchLogTail& action) {
  const auto& meta = pod_->metadata;
  const std::string path = context_.layout.container_log(meta.namespace_, meta.name, meta.uid,
                                                         action.name, action.attempt);
  context_.offload.run([weak = weak_from_this(), path, action]() -> std::function<void()> {
    return [weak, action,
            tail = utf8::well_formed(log_tail(path, action.max_lines, action.max_bytes))] {
      auto self = weak.lock();
      if (!self) return;
      auto& seen = self->seen_.container(action.name);
      if (seen.attempt == action.attempt) seen.log_tail = tail;
      self->kick();
    };
  });
}

void PodWorker::act(const lifecycle::RecordEvent& action) {
  context_.events.record(*pod_, action, wall_now_ns());
}

// The object goes last: who waits for its end finds nothing left.
void PodWorker::act(const lifecycle::FinalizeDelete&) {
  finished_ = true;
  prober_.reset();
  hooks_.clear();
  const auto erase = [self = shared_from_this()] {
    self->context_.objects.erase_pod(*self->pod_, {});
    self->gone_(self->uid_);
  };
  const auto last = [self = shared_from_this(), erase]() {
    if (!own_users(*self->pod_)) return erase();
    self->context_.engine.release_ids(self->uid_, [self, erase](const Result<void>& done) {
      if (!done)
        self->context_.log("release host ids of " + self->uid_ + ": " + done.error().message());
      erase();
    });
  };
  if (cleared_) return last();
  context_.offload.run(
      [last, logs = logs(), lib = context_.layout.pod_lib(uid_)]() -> std::function<void()> {
        (void)sys::remove_tree(logs);
        (void)sys::remove_tree_and_mounts(lib);  // what stays is swept by the next podctld
        return last;
      });
}

}  // namespace podctl::node
