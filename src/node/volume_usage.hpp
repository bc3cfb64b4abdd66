// How much pods keep in emptyDirs on disk that have a sizeLimit: measured from time to time, and
// who keeps more is put out, as the kubelet does (pkg/kubelet/eviction, emptyDirLimitEviction).
//
// Owned by Node, on podctld's loop; the measuring is done by a worker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "podctl/node/context.hpp"
#include "podctl/node/pod_worker.hpp"

namespace podctl::node {

// A volume that is bounded, of a pod that is not over.
struct BoundedVolume {
  std::string uid, name, path;
  api::Quantity limit;
};
std::vector<BoundedVolume> bounded_volumes(const api::Pod& pod, const Layout& layout);
std::string over_limit_message(const BoundedVolume& volume);

class VolumeUsage {
 public:
  using Workers = std::map<std::string, std::shared_ptr<PodWorker>>;
  VolumeUsage(Context& context, const Workers& workers);
  ~VolumeUsage();
  void start();

 private:
  struct Timer;
  void measure();
  void measured(const std::vector<BoundedVolume>& over, std::uint64_t took_ns);
  void again(std::uint64_t in_ns);

  Context& context_;
  const Workers& workers_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers come later than the end
};

}  // namespace podctl::node
