#include "podctl/node/node.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <set>

#include "node/claims.hpp"
#include "node/confinement.hpp"
#include "node/cpu_manager.hpp"
#include "node/log_compression.hpp"
#include "node/node_marks.hpp"
#include "node/static_pods.hpp"
#include "node/volume_usage.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/lifecycle/resize.hpp"
#include "podctl/node/claim_path.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/removal.hpp"
#include "podctl/node/spec_builder.hpp"
#include "podctl/seccomp/hardening.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::node {

namespace asio = boost::asio;

struct Node::Timer {
  explicit Timer(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
};

namespace {

constexpr std::int64_t kCentury = 100LL * 365 * 24 * 3600;  // in seconds

Result<void> make_directory(const std::string& path, mode_t mode) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail_errno(error.value(), "make directory", path);
  if (::chmod(path.c_str(), mode) != 0) return fail_errno(errno, "set mode of directory", path);
  return {};
}

Answer<const PodRecord*> require(Objects& objects, const std::string& ns, const std::string& name) {
  const auto* record = objects.find_pod(ns, name);
  if (record == nullptr) return Refused(not_found("pods", name));
  return record;
}

Written dry(api::Pod pod, std::vector<std::string> warnings) {
  auto json = std::make_shared<const std::string>(api::to_json(pod));
  return {std::make_shared<const api::Pod>(std::move(pod)), std::move(json), std::move(warnings)};
}

Refusal goes_with_its_file(const std::string& name, const Layout& layout) {
  return {403,
          "Forbidden",
          "pods \"" + name + "\" is forbidden: it is a static pod and goes with its file in " +
              static_manifests(layout),
          "pods",
          name,
          {}};
}

// Writable layers and volumes of pods whose object is gone: their podctld was killed meanwhile.
void sweep_files(Context& context, const std::map<std::string, std::shared_ptr<PodWorker>>& known) {
  std::vector<std::string> stale;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(context.layout.pod_lib(""), error)) {
    if (!known.contains(entry.path().filename())) stale.push_back(entry.path());
  }
  if (stale.empty()) return;
  context.offload.run([stale = std::move(stale)]() -> std::function<void()> {
    for (const auto& path : stale) (void)sys::remove_tree_and_mounts(path);
    return {};
  });
}

// What somebody wants of a pod, held against what Kubernetes lets one change.
Revision admitted_by(Answer<Admitted> (*admit)(const api::Pod&, Admitted), Revision wanted) {
  return [admit, wanted = std::move(wanted)](const api::Pod& live) -> Answer<Admitted> {
    auto pod = wanted(live);
    return pod ? admit(live, std::move(*pod)) : std::move(pod);
  };
}

// k8s pkg/kubelet/cm/container_manager_linux.go: what allocates at admission and finds too little.
std::optional<lifecycle::Rejection> cpu_refusal(const CpuManager* cpus, const api::Pod& pod) {
  if (cpus == nullptr) return std::nullopt;
  const auto fits = cpus->fits(pod);
  if (fits) return std::nullopt;
  return lifecycle::Rejection{
      "UnexpectedAdmissionError",
      "Allocate failed due to " + fits.error().message() + ", which is unexpected"};
}

bool cpus_differ(const api::Pod& before, const api::Pod& now) {
  const auto of = [](const api::Container& container) {
    const auto requests = api::container_requests(container);
    const auto cpu = requests.find("cpu");
    return cpu == requests.end() ? 0 : cpu->second.milli_value();
  };
  const auto differ = [&](const auto& a, const auto& b) {
    return !std::ranges::equal(a, b, {}, of, of);
  };
  return differ(before.spec.containers, now.spec.containers) ||
         differ(before.spec.initContainers, now.spec.initContainers);
}

}  // namespace

Result<std::unique_ptr<Node>> Node::open(asio::io_context& io, Options options) {
  std::unique_ptr<Node> node(new Node());
  TRY(node->open_all(io, std::move(options)));
  return node;
}

Result<void> Node::open_all(asio::io_context& io, Options options) {
  const auto& layout = options.layout;
  if (options.memory_qos) TRY(open_memory_qos(layout));
  // What containers write lies in there, set-uid programs among it (CVE-2021-41103).
  TRY(make_directory(layout.lib(), 0700));
  TRY(make_directory(layout.run(), 0711));
  TRY(make_directory(layout.logs(), 0755));
  TRY(make_directory(claims_path(layout), 0700));  // their volumes are open to every user
  auto store = TRY(ObjectStore::open(
      layout.objects_db(), [&io](std::function<void()> f) { asio::post(io, std::move(f)); }));
  objects_ = std::make_unique<Objects>(std::move(store));
  objects_->on_error = [log = options.log](const Error& error) {
    log("object store: " + error.message());
  };
  kept_ = std::make_unique<KeptObjects>(*objects_, [this] { return resetting_; });
  images_ = TRY(image::Store::open(layout.images()));
  TRY(make_directory(layout.lib() + "/seccomp", 0700));
  filters_ = std::make_unique<seccomp::FilterCache>(layout.lib() + "/seccomp");
  engine_ = std::make_unique<engine::Engine>(io, layout, std::move(options.engine));
  offload_ = std::make_unique<Offload>(io, 2);
  claim_work_ = std::make_unique<Offload>(io, 1);
  max_pods_ = options.max_pods;
  memory_qos_ = options.memory_qos;
  unsafe_sysctls_ = std::move(options.unsafe_sysctls);
  marks_ = TRY(read_marks(layout));
  TRY(open_cpus(options));
  auto machine = read_machine(layout.lib(), max_pods_);
  events_ = std::make_unique<Events>(*objects_, machine.facts.name);
  context_.reset(new Context{io, layout, std::move(machine), boot_id(), *engine_, *images_,
                             *filters_, *objects_, *events_, *offload_, *claim_work_, options.log,
                             [this] { reconsider(); }, cpus_.get()});
  look_at_machine();
  timer_ = std::make_unique<Timer>(io);
  claims_ = std::make_unique<Claims>(*context_, *kept_);
  usage_ = std::make_unique<VolumeUsage>(*context_, workers_);
  logs_ = std::make_unique<LogCompression>(*context_, workers_);
  static_ = std::make_unique<StaticPods>(*this, *context_);
  embedded_image_ = std::move(options.embedded_image);
  return {};
}

// Workers first: their callbacks hold the rest.
Node::~Node() {
  static_.reset();
  usage_.reset();
  logs_.reset();
  workers_.clear();
  engine_.reset();
  offload_.reset();
  claim_work_.reset();
}

PodWorker* Node::worker(const std::string& uid) {
  const auto found = workers_.find(uid);
  return found == workers_.end() ? nullptr : found->second.get();
}

std::shared_ptr<PodWorker> Node::adopt(std::shared_ptr<const api::Pod> pod,
                                       lifecycle::PodMemory memory) {
  const std::string uid = pod->metadata.uid;
  auto worker = std::make_shared<PodWorker>(*context_, std::move(pod), std::move(memory),
                                            [this](const std::string& gone) {
                                              workers_.erase(gone);
                                              reconsider();
                                              if (!resetting_) static_->reconcile();
                                            });
  workers_[uid] = worker;
  return worker;
}

void Node::start(std::function<void(Result<void>)> ready) {
  auto loaded = objects_->load();
  if (!loaded) return ready(Failure(loaded.error()));
  events_->adopt();
  if (!embedded_image_.empty()) {
    if (auto done = image::ensure_embedded(*images_, embedded_image_); !done)
      context_->log(done.error().message());
  }
  // The common filter is compiled (or read) before the first pod needs it.
  if (auto filter = filters_->get(seccomp::runtime_default(),
                                  seccomp::default_capabilities() & context_->machine.capabilities);
      !filter) {
    context_->log(filter.error().message());
  }
  for (auto& pod : *loaded) {
    auto memory = lifecycle::decode_memory(pod.memory);
    if (!memory) return ready(Failure(std::move(memory).error()));
    adopt(std::move(pod.pod), std::move(*memory))->hold();
  }
  engine_->on_exit = [this](const std::string& uid, const wire::ExitRecord& record) {
    if (auto* found = worker(uid)) return found->on_exit(record);
    engine_->ack_exit(uid, record.id);
  };
  engine_->on_sandbox_dead = [this](const std::string& uid, const std::string& reason) {
    if (auto* found = worker(uid)) found->on_sandbox_dead(reason);
  };
  std::vector<std::string> known;
  for (const auto& [uid, pod] : workers_) known.push_back(uid);
  engine_->release_ids_but(std::move(known), [this, ready = std::move(ready)](Result<void> done) {
    // Those that stay taken are nobody's loss: there are others.
    if (!done) context_->log("release host ids: " + done.error().message());
    engine_->recover([this, ready](std::vector<engine::RecoveredSandbox> found) {
      recovered(std::move(found), ready);
    });
  });
}

void Node::recovered(std::vector<engine::RecoveredSandbox> found,
                     std::function<void(Result<void>)> ready) {
  for (const auto& sandbox : found) {
    if (auto* known = worker(sandbox.uid)) {
      known->recovered(sandbox);
    } else {
      // Its object is gone, or was never committed: nobody waits for it.
      engine_->destroy_sandbox(
          sandbox.uid, {.final = true, .logs = {}, .host_ports = true},
          [this, uid = sandbox.uid](Result<void> done) {
            if (!done) context_->log("destroy orphan " + uid + ": " + done.error().message());
            if (done) engine_->release_ids(uid, [](const Result<void>&) {});
          });
    }
  }
  if (auto taken = take_up_cpus(found); !taken) return ready(std::move(taken));
  objects_->hub().watch([this](const Change& change) { config_changed(change); });
  sweep_files(*context_, workers_);
  claims_->start();
  take_back_protection();
  for (const auto& [uid, pod] : workers_) {
    if (!pod->placed()) place(*pod);
    judge(*pod);
    pod->release();
  }
  reconsider();  // one may belong beside another that has been placed after it
  tick();
  usage_->start();
  logs_->start();
  static_->start();
  ready({});
}

api::Node Node::object() const {
  return node_object(context_->machine, marks_, context_->layout.lib(), objects_->version());
}

// Pods may have waited for a label.
Result<void> Node::mark(NodeMarks marks) {
  const auto own = node_labels(context_->machine.facts.name, {});
  for (const auto& [key, value] : own) marks.labels.erase(key);
  TRY(write_marks(context_->layout, marks));
  marks_ = std::move(marks);
  reconsider();
  return {};
}

void Node::look_at_machine() {
  context_->machine = read_machine(context_->layout.lib(), max_pods_);
  auto& machine = context_->machine;
  machine.memory_qos = memory_qos_;
  machine.exclusive_cpus = static_cpus_;
  machine.reserved_cpus = reserved_cpus_;
  machine.resources["cpu"] = api::Quantity::of(
      static_cast<std::int64_t>(machine.facts.cpus - std::min(machine.facts.cpus, reserved_cpus_)));
}

// What is not driven by any pod: old events, the machine's own files.
void Node::tick() {
  events_->expire(wall_now_ns());
  objects_->retry();
  look_at_machine();
  timer_->timer.expires_after(std::chrono::seconds(60));
  timer_->timer.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

void Node::create(Admitted decoded, bool dry_run, Reply<Written> reply) {
  const bool bound = !decoded.pod.spec.nodeName.empty();
  auto admitted = admit_new(std::move(decoded), context_->machine.facts.name, new_uuid(),
                            wall_now_ns(), unsafe_sysctls_);
  if (!admitted) return reply(Refused(admitted.error()));
  const auto& meta = admitted->pod.metadata;
  if (objects_->find_pod(meta.namespace_, meta.name) != nullptr) {
    return reply(Refused(already_exists("pods", meta.name)));
  }
  if (dry_run) return reply(dry(std::move(admitted->pod), std::move(admitted->warnings)));
  if (resetting_) {
    return reply(Refused(refusal_from(
        Error{Code::kUnavailable, 0, "create pod", meta.name, "podctl is being reset", {}})));
  }
  const Key key{meta.namespace_, meta.name};
  lifecycle::Placement placement;
  if (!bound) placement = lifecycle::place(admitted->pod, view(), placed_pods());
  const bool here = placement.state == lifecycle::Placed::kHere;
  auto rejection = bound ? lifecycle::refuse(admitted->pod, view(), placed_pods()) : std::nullopt;
  if (!rejection) rejection = apparmor_refusal(admitted->pod, apparmor_enabled());
  if (!rejection && (here || bound)) {
    release_cpus();  // of a pod that has ended this very moment
    rejection = cpu_refusal(cpus_.get(), admitted->pod);
  }
  if (!here) admitted->pod.spec.nodeName.clear();
  if (here && !rejection) take_ready_sandbox(admitted->pod);
  const std::string uid = admitted->pod.metadata.uid;
  // Reserved in the cache by the first step's put, on this very turn of the loop.
  auto pod = adopt(std::make_shared<const api::Pod>(std::move(admitted->pod)), {});
  pod->place(std::move(placement));
  if (here) reconsider();  // another one may have waited to be beside it
  pod->create(std::move(rejection), [this, key, uid, warnings = std::move(admitted->warnings),
                                     reply = std::move(reply)](Result<void> stored) {
    if (!stored) {
      withdraw(key, uid);
      return reply(Refused(refusal_from(stored.error())));
    }
    const auto* record = objects_->find_pod(key.first, key.second);
    if (record == nullptr) return reply(Refused(not_found("pods", key.second)));
    reply(Written{record->object, record->json, warnings});
  });
}

// The pods that are placed and not over.
std::vector<const api::Pod*> Node::placed_pods(PodView of) const {
  std::vector<const api::Pod*> placed;
  for (const auto& [uid, other] : workers_) {
    const auto& phase = other->pod().status.phase;
    if (other->placed() && phase != "Succeeded" && phase != "Failed")
      placed.push_back(&((*other).*of)());
  }
  return placed;
}

lifecycle::NodeView Node::view() const {
  const auto& facts = context_->machine.facts;
  return {facts.name, node_labels(facts.name, marks_), context_->machine.resources,
          [this](const auto& ns, const auto& name) {
            return objects_->find<api::PersistentVolumeClaim>(ns, name);
          }};
}

// Those that wait for a place, in the order of the scheduler's queue (k8s plugins/queuesort).
std::vector<std::shared_ptr<PodWorker>> Node::waiting() const {
  std::vector<std::shared_ptr<PodWorker>> queue;
  for (const auto& [uid, worker] : workers_) {
    if (!worker->placed()) queue.push_back(worker);
  }
  std::ranges::stable_sort(queue, [](const auto& a, const auto& b) {
    const api::Pod &first = a->pod(), &second = b->pod();
    const auto one = first.spec.priority.value_or(0), two = second.spec.priority.value_or(0);
    if (one != two) return one > two;
    return first.metadata.creationTimestamp.seconds() < second.metadata.creationTimestamp.seconds();
  });
  return queue;
}

// Pods that wait for a place, once something has changed.
void Node::reconsider() {
  if (reconsidering_) return;
  reconsidering_ = true;
  asio::post(context_->io, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    reconsidering_ = false;
    for (const auto& [uid, worker] : workers_) judge(*worker);
    protect_memory();
    release_cpus();
    for (const auto& worker : waiting()) {
      place(*worker);
      if (worker->placed()) reconsider();
      worker->kick();
    }
  });
}

// Whether a pod that was resized can have what its spec asks for now.
void Node::judge(PodWorker& worker) const {
  if (worker.memory().resize.allocated.empty()) return;
  if (static_cpus_ && api::qos_class(worker.pod()) == api::QosClass::kGuaranteed &&
      cpus_differ(worker.allocated(), worker.pod())) {
    return worker.judge({lifecycle::ResizeVerdict::kInfeasible,
                         "Resize is infeasible for Guaranteed Pods alongside CPU Manager static "
                         "policy"});
  }
  const auto others = placed_pods(&PodWorker::granted);
  worker.judge(lifecycle::judge_resize(worker.pod(), view(), others));
}

void Node::place(PodWorker& worker) const {
  worker.place(lifecycle::place(worker.pod(), view(), placed_pods()));
}

// A pod that could not be stored was seen, but it never began.
void Node::withdraw(const Key& key, const std::string& uid) {
  const auto* record = objects_->find_pod(key.first, key.second);
  if (record == nullptr || record->object->metadata.uid != uid) return;
  objects_->erase_pod(*record->object, {});
  workers_.erase(uid);
  engine_->destroy_sandbox(uid, {.final = true}, [](const Result<void>&) {});
}

// A pod's sandbox may stand before the pod is known: its uid becomes the pod's.
void Node::take_ready_sandbox(api::Pod& pod) {
  if (own_users(pod)) return;
  const auto spec = build_sandbox(pod, context_->machine, context_->layout);
  if (!spec) return;  // the sandbox's own attempt tells why
  if (auto uid = engine_->take_ready(*spec)) pod.metadata.uid = std::move(*uid);
}

void Node::update(const std::string& ns, const std::string& name, Revision wanted, bool dry_run,
                  Reply<Written> reply) {
  revise(ns, name, admitted_by(admit_update, std::move(wanted)), dry_run, std::move(reply));
}

void Node::update_ephemeral(const std::string& ns, const std::string& name, Revision wanted,
                            bool dry_run, Reply<Written> reply) {
  revise(ns, name, admitted_by(admit_ephemeral, std::move(wanted)), dry_run, std::move(reply));
}

void Node::update_status(const std::string& ns, const std::string& name, Revision wanted,
                         bool dry_run, Reply<Written> reply) {
  revise(ns, name, admitted_by(admit_status, std::move(wanted)), dry_run, std::move(reply));
}

void Node::resize(const std::string& ns, const std::string& name, Revision wanted, bool dry_run,
                  Reply<Written> reply) {
  revise(ns, name, admitted_by(admit_resize, std::move(wanted)), dry_run, std::move(reply));
}

void Node::revise(const std::string& ns, const std::string& name, Revision revision, bool dry_run,
                  Reply<Written> reply) {
  const auto live = require(*objects_, ns, name);
  if (!live) return reply(Refused(live.error()));
  if (dry_run) {
    auto admitted = revision(*(*live)->object);
    if (!admitted) return reply(Refused(std::move(admitted).error()));
    return reply(dry(std::move(admitted->pod), std::move(admitted->warnings)));
  }
  auto* pod = worker((*live)->object->metadata.uid);
  if (pod == nullptr) return reply(Refused(not_found("pods", name)));
  pod->update(std::move(revision), [this, ns, name, reply = std::move(reply)](
                                       Answer<std::vector<std::string>> warnings) {
    if (!warnings) return reply(Refused(std::move(warnings).error()));
    const auto* record = objects_->find_pod(ns, name);
    if (record == nullptr) return reply(Refused(not_found("pods", name)));
    reconsider();
    reply(Written{record->object, record->json, std::move(*warnings)});
  });
}

// A second, shorter grace shortens a running deletion; a longer one changes nothing, as in
// Kubernetes.
void Node::remove(const std::string& ns, const std::string& name, const DeleteRequest& request,
                  Reply<Written> reply) {
  const auto found = require(*objects_, ns, name);
  if (!found) return reply(Refused(found.error()));
  const PodRecord record = **found;
  if (is_static(*record.object) && !request.by_file)
    return reply(Refused(goes_with_its_file(name, context_->layout)));
  const auto& meta = record.object->metadata;
  if ((!request.uid.empty() && request.uid != meta.uid) ||
      (!request.resource_version.empty() && request.resource_version != meta.resourceVersion)) {
    return reply(Refused(conflict("pods", name, "the precondition does not hold")));
  }
  if (request.grace_seconds && *request.grace_seconds < 0) {
    return reply(Refused(bad_request("gracePeriodSeconds must not be negative")));
  }
  auto* pod = worker(meta.uid);
  const std::int64_t grace = request.grace_seconds.value_or(
      record.object->spec.terminationGracePeriodSeconds.value_or(30));
  const bool nothing_new =
      meta.deletionTimestamp.has_value() && meta.deletionGracePeriodSeconds.value_or(0) <= grace;
  if (request.dry_run || nothing_new || pod == nullptr)
    return reply(Written{record.object, record.json, {}});
  // A longer one is for ever, and a clock of nanoseconds would run over.
  const auto until = static_cast<std::uint64_t>(std::min(grace, kCentury)) * 1'000'000'000ULL;
  const auto at = to_time(wall_now_ns() + until);
  pod->end(at, grace, [this, ns, name, record, reply = std::move(reply)](Result<void> stored) {
    std::vector<std::string> warnings;
    // It goes all the same: what fills the disk could not be deleted else.
    if (!stored)
      warnings.push_back("the pod ends, but that it shall could not be stored (" +
                         stored.error().message() + "): should podctld end first, delete it again");
    const auto* now = objects_->find_pod(ns, name);
    if (now == nullptr) return reply(Written{record.object, record.json, warnings});
    reply(Written{now->object, now->json, warnings});
  });
}

// Pods that take variables or files from the object look at it again.
void Node::config_changed(const Change& change) {
  claims_->changed(change);
  const auto* kind = api::find_kind(change.kind);
  if (kind == nullptr || !kind->kept()) return;
  const auto& name = kind->metadata(change.object.get()).name;
  for (const auto& [uid, pod] : workers_) {
    if (pod->pod().metadata.namespace_ == change.ns) pod->config_changed(*kind, name);
  }
  if (kind == &api::kind_of<api::PersistentVolumeClaim>()) reconsider();
}

void Node::images_changed() {
  for (const auto& [uid, pod] : workers_) pod->images_changed();
}

namespace {

// As its own, or in a volume.
bool shows_image(const api::ContainerStatus& status, const std::string& id) {
  if (status.imageID.find(id) != std::string::npos) return true;
  return std::ranges::any_of(status.volumeMounts, [&id](const auto& mount) {
    return mount.volumeStatus && mount.volumeStatus->image &&
           mount.volumeStatus->image->imageRef == id;
  });
}

}  // namespace

bool Node::image_in_use(const std::string& id) const {
  for (const auto& [uid, pod] : workers_) {
    const auto& status = pod->pod().status;
    for (const auto* list : {&status.initContainerStatuses, &status.containerStatuses,
                             &status.ephemeralContainerStatuses}) {
      if (std::ranges::any_of(*list, [&id](const auto& one) { return shows_image(one, id); }))
        return true;
    }
  }
  return false;
}

void Node::reset(engine::Callback<void> done) {
  std::vector<std::string> logs;
  for (const auto& [key, record] : objects_->pods()) {
    logs.push_back(context_->layout.pod_logs(key.first, key.second, record.object->metadata.uid));
  }
  resetting_ = true;
  for (const auto& [uid, pod] : workers_) pod->abandon();
  workers_.clear();
  engine_->reset([this, logs, done = std::move(done)](Result<void> result) {
    if (!result) return done(std::move(result));
    context_->offload.run([layout = context_->layout, logs, done]() -> std::function<void()> {
      return [done, removed = remove_state(layout, logs)] { done(removed); };
    });
  });
}

}  // namespace podctl::node
