// How much pods keep on the disk, where that is bounded: by the sizeLimit of an emptyDir, by a
// container's limit of ephemeral-storage, and by the sum of those. Measured from time to time, and
// who keeps more is put out, as the kubelet does (pkg/kubelet/eviction, localStorageEviction).
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

// What of a pod that is not over is bounded.
struct BoundedStorage {
  std::string uid;                 // of the pod
  std::vector<std::string> paths;  // where it lies
  api::Quantity limit;
  std::string message;  // why the pod goes that keeps more there
};
// In the order in which the kubelet looks at them.
std::vector<BoundedStorage> bounded_storage(const api::Pod& pod, const Layout& layout);

class VolumeUsage {
 public:
  using Workers = std::map<std::string, std::shared_ptr<PodWorker>>;
  VolumeUsage(Context& context, const Workers& workers);
  ~VolumeUsage();
  void start();

 private:
  struct Timer;
  void measure();
  void measured(const std::vector<BoundedStorage>& over, std::uint64_t took_ns);
  void again(std::uint64_t in_ns);

  Context& context_;
  const Workers& workers_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers come later than the end
};

}  // namespace podctl::node
