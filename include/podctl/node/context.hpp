// What node's parts share: the loop, the engine, the stores. Made once by Node; everything on
// podctld's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "podctl/base/layout.hpp"
#include "podctl/node/spec_builder.hpp"

namespace boost::asio {
class io_context;
}
namespace podctl::engine {
class Engine;
}
namespace podctl::image {
class Store;
}
namespace podctl::seccomp {
class FilterCache;
}

namespace podctl::node {

class CpuManager;
class Objects;
class Events;

// Blocking work off the loop: `job` runs on a worker, the function it returns back on the loop.
class Offload {
 public:
  Offload(boost::asio::io_context& io, int threads);
  ~Offload();
  void run(std::function<std::function<void()>()> job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Context {
  boost::asio::io_context& io;
  Layout layout;
  Machine machine;
  std::string boot_id;
  engine::Engine& engine;
  image::Store& images;
  seccomp::FilterCache& filters;
  Objects& objects;
  Events& events;
  Offload& offload;
  Offload& claim_work;  // takes as long as volumes have files, and holds up nothing else
  std::function<void(const std::string&)> log;
  std::function<void()> room_made;  // a pod is over: one that waits may be placed
  CpuManager* cpus = nullptr;       // none: containers run on all CPUs
};

// The compiled filter a container starts under; empty when it is unconfined. The first use of a
// profile compiles it (13 ms); afterwards it comes from the cache.
Result<std::string> seccomp_filter(Context& context, const api::Pod& pod,
                                   const api::Container& container);

// The ConfigMaps and Secrets of a namespace, and the files of a pod's volumes; `pause_pid`: that of
// the pod's sandbox.
Configs configs_of(const Context& context, const std::string& ns, std::int32_t pause_pid);

// The container of that name: regular, init, sidecar or ephemeral. Null when there is none.
const api::Container* find_container(const api::Pod& pod, const std::string& name);

}  // namespace podctl::node
