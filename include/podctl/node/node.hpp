// The node: every pod of one root, from its object to its processes. What server's handlers call;
// owns the object store, the engine, the image store and a worker for each pod.
//
// One instance in podctld, everything on its loop; answers come through callbacks on that loop.
// HTTP, sockets and logging are not its business (it reports oddities through Options::log).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/layout.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/image/store.hpp"
#include "podctl/lifecycle/placement.hpp"
#include "podctl/node/admission.hpp"
#include "podctl/node/context.hpp"
#include "podctl/node/events.hpp"
#include "podctl/node/kept_objects.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/objects.hpp"
#include "podctl/node/pod_worker.hpp"
#include "podctl/seccomp/filter.hpp"

namespace podctl::node {

template <class T>
using Reply = std::function<void(Answer<T>)>;

struct Written {
  std::shared_ptr<const api::Pod> pod;
  std::shared_ptr<const std::string> json;
  std::vector<std::string> warnings;
};

struct DeleteRequest {
  std::optional<std::int64_t> grace_seconds;  // absent: the pod's own
  std::string uid, resource_version;          // preconditions; empty: none
  bool dry_run = false;
  bool by_file = false;  // a static pod, whose file has gone or changed
};

class Claims;
class CpuManager;
class LogCompression;
class VolumeUsage;
class StaticPods;

class Node {
 public:
  struct Options {
    Layout layout;
    engine::Options engine;
    std::string embedded_image;  // tar of podctl/busybox; empty: none
    std::function<void(const std::string&)> log;
    std::uint64_t max_pods = kMaxPods;
    // The CPU manager's policy is "static", or "none"; absent: as the last podctld had it, at first
    // "none".
    std::optional<bool> static_cpus;
    std::string reserved_cpus;  // a list: for what is no pod's, and for those that share
    bool memory_qos = false;    // kUnsupported where memory is not controlled by cgroup2
    std::vector<std::string> unsafe_sysctls;  // patterns of what pods may set beside the safe ones
  };

  // Opens the stores and makes the root's directories.
  static Result<std::unique_ptr<Node>> open(boost::asio::io_context& io, Options options);
  ~Node();

  // Loads the objects, finds the shims again, takes every pod up. `ready` before any request is
  // served.
  void start(std::function<void(Result<void>)> ready);

  Context& context() { return *context_; }
  Objects& objects() { return *objects_; }
  KeptObjects& kept() { return *kept_; }
  image::Store& images() { return *images_; }
  engine::Engine& engine() { return *engine_; }
  // The Node object as it is now; and its labels and annotations set, which podctld remembers.
  api::Node object() const;
  Result<void> mark(NodeMarks marks);
  // The worker behind a pod, by its uid; null when it is gone.
  PodWorker* worker(const std::string& uid);
  const std::map<std::string, std::shared_ptr<PodWorker>>& workers() const { return workers_; }

  void create(Admitted decoded, bool dry_run, Reply<Written> reply);
  // Changes what may be changed, one change after the other: none is lost to another one's.
  void update(const std::string& ns, const std::string& name, Revision wanted, bool dry_run,
              Reply<Written> reply);
  // The same for the pod's ephemeral containers alone.
  void update_ephemeral(const std::string& ns, const std::string& name, Revision wanted,
                        bool dry_run, Reply<Written> reply);
  // The same for the conditions that others set.
  void update_status(const std::string& ns, const std::string& name, Revision wanted, bool dry_run,
                     Reply<Written> reply);
  // The same for cpu and memory of its containers, which it gets when the node has them.
  void resize(const std::string& ns, const std::string& name, Revision wanted, bool dry_run,
              Reply<Written> reply);
  // Starts the deletion; the object vanishes when nothing of the pod is left.
  void remove(const std::string& ns, const std::string& name, const DeleteRequest& request,
              Reply<Written> reply);
  // An image was loaded or removed.
  void images_changed();
  bool image_in_use(const std::string& id) const;
  // podctl/busybox comes with podctl; it is there whenever podctld runs.
  bool has_embedded_image() const { return !embedded_image_.empty(); }
  // Removes every pod and every kernel object of this root.
  void reset(engine::Callback<void> done);

 private:
  Node() = default;
  Result<void> open_all(boost::asio::io_context& io, Options options);
  void recovered(std::vector<engine::RecoveredSandbox> found,
                 std::function<void(Result<void>)> ready);
  void tick();
  // Each as this shows it.
  using PodView = const api::Pod& (PodWorker::*)() const;
  std::vector<const api::Pod*> placed_pods(PodView of = &PodWorker::charged) const;
  void judge(PodWorker& worker) const;
  lifecycle::NodeView view() const;
  std::vector<std::shared_ptr<PodWorker>> waiting() const;
  void reconsider();
  void place(PodWorker& worker) const;
  void take_ready_sandbox(api::Pod& pod);
  void look_at_machine();
  Result<void> open_cpus(const Options& options);
  Result<void> take_up_cpus(const std::vector<engine::RecoveredSandbox>& found);
  void release_cpus();
  static Result<void> open_memory_qos(const Layout& layout);
  void protect_memory();
  void take_back_protection();
  void revise(const std::string& ns, const std::string& name, Revision revision, bool dry_run,
              Reply<Written> reply);
  void config_changed(const Change& change);
  void withdraw(const Key& key, const std::string& uid);
  std::shared_ptr<PodWorker> adopt(std::shared_ptr<const api::Pod> pod,
                                   lifecycle::PodMemory memory);

  struct Timer;
  std::unique_ptr<Objects> objects_;
  std::unique_ptr<KeptObjects> kept_;
  std::unique_ptr<image::Store> images_;
  std::unique_ptr<seccomp::FilterCache> filters_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Offload> offload_, claim_work_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Claims> claims_;
  std::unique_ptr<VolumeUsage> usage_;
  std::unique_ptr<LogCompression> logs_;
  std::unique_ptr<StaticPods> static_;
  std::string embedded_image_;
  std::uint64_t max_pods_ = kMaxPods;
  bool memory_qos_ = false, static_cpus_ = false;
  std::vector<std::string> unsafe_sysctls_;
  std::uint64_t reserved_cpus_ = 0;
  std::unique_ptr<CpuManager> cpus_;
  NodeMarks marks_;
  // What the groups above the pods were told: of Guaranteed and Burstable ones, bytes.
  std::optional<std::pair<std::int64_t, std::int64_t>> protected_;
  std::map<std::string, std::shared_ptr<PodWorker>> workers_;
  bool resetting_ = false, reconsidering_ = false, protecting_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what was posted comes later
};

}  // namespace podctl::node
