#include "node/volume_usage.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "podctl/api/resources_math.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/sys/disk_usage.hpp"

namespace podctl::node {
namespace {

// The kubelet's housekeeping looks as often.
constexpr std::uint64_t kPeriod = 10'000'000'000;
// Of a worker's time no more than this part, however many files there are.
constexpr std::uint64_t kShare = 20;

bool over(const api::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed" ||
         pod.metadata.deletionTimestamp.has_value();
}

void add_volumes(std::vector<BoundedStorage>& all, const api::Pod& pod, const Layout& layout) {
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.emptyDir || volume.emptyDir->medium == "Memory") continue;
    const auto& limit = volume.emptyDir->sizeLimit;
    if (!limit.has_value() || limit.value() <= 0) continue;
    all.push_back({pod.metadata.uid,
                   {layout.volume(pod.metadata.uid, volume.name)},
                   limit,
                   "Usage of EmptyDir volume \"" + volume.name + "\" exceeds the limit \"" +
                       limit.str() + "\". "});
  }
}

const api::Quantity* limit_of(const api::ResourceMap& limits) {
  const auto found = limits.find("ephemeral-storage");
  return found == limits.end() || found->second.value() <= 0 ? nullptr : &found->second;
}

// What all its containers and volumes on disk take, held against the sum of the limits.
void add_pod(std::vector<BoundedStorage>& all, const api::Pod& pod, const Layout& layout) {
  const auto& meta = pod.metadata;
  const auto limits = api::effective_limits(pod);
  const auto* limit = limit_of(limits);
  if (limit == nullptr) return;
  all.push_back({meta.uid,
                 {layout.pod_lib(meta.uid), layout.pod_logs(meta.namespace_, meta.name, meta.uid)},
                 *limit,
                 "Pod ephemeral local storage usage exceeds the total limit of containers " +
                     limit->str() + ". "});
}

// What each writes beside volumes, and logs.
void add_containers(std::vector<BoundedStorage>& all, const api::Pod& pod, const Layout& layout) {
  const auto& meta = pod.metadata;
  for (const auto& container : pod.spec.containers) {
    const auto limits = api::container_limits(container);
    const auto* limit = limit_of(limits);
    if (limit == nullptr) continue;
    all.push_back({meta.uid,
                   {layout.pod_lib(meta.uid) + "/containers/" + container.name,
                    layout.pod_logs(meta.namespace_, meta.name, meta.uid) + "/" + container.name},
                   *limit,
                   "Container " + container.name +
                       " exceeded its local ephemeral storage limit \"" + limit->str() + "\". "});
  }
}

bool exceeded(const BoundedStorage& storage) {
  std::uint64_t used = 0;
  for (const auto& path : storage.paths) {
    // What is not there yet, or goes just now, has nothing in it.
    if (const auto here = sys::disk_usage(path)) used += *here;
  }
  return used > static_cast<std::uint64_t>(storage.limit.value());
}

}  // namespace

std::vector<BoundedStorage> bounded_storage(const api::Pod& pod, const Layout& layout) {
  std::vector<BoundedStorage> all;
  if (over(pod)) return all;
  add_volumes(all, pod, layout);
  add_pod(all, pod, layout);
  add_containers(all, pod, layout);
  return all;
}

struct VolumeUsage::Timer {
  explicit Timer(boost::asio::io_context& io) : timer(io) {}
  boost::asio::steady_timer timer;
};

VolumeUsage::VolumeUsage(Context& context, const Workers& workers)
    : context_(context), workers_(workers), timer_(std::make_unique<Timer>(context.io)) {}

VolumeUsage::~VolumeUsage() { *alive_ = false; }

void VolumeUsage::start() { again(kPeriod); }

void VolumeUsage::again(std::uint64_t in_ns) {
  timer_->timer.expires_after(std::chrono::nanoseconds(in_ns));
  timer_->timer.async_wait([this](boost::system::error_code error) {
    if (!error) measure();
  });
}

void VolumeUsage::measure() {
  std::vector<BoundedStorage> bounded;
  for (const auto& [uid, worker] : workers_) {
    for (auto& storage : bounded_storage(worker->pod(), context_.layout))
      bounded.push_back(std::move(storage));
  }
  if (bounded.empty()) return again(kPeriod);
  context_.offload.run(
      [this, alive = alive_, bounded = std::move(bounded)]() -> std::function<void()> {
        const std::uint64_t begin = boot_now_ns();
        std::vector<BoundedStorage> over;
        for (const auto& storage : bounded) {
          if (exceeded(storage)) over.push_back(storage);
        }
        return [this, alive, over = std::move(over), took = boot_now_ns() - begin] {
          if (*alive) measured(over, took);
        };
      });
}

void VolumeUsage::measured(const std::vector<BoundedStorage>& over, std::uint64_t took_ns) {
  for (const auto& storage : over) {
    const auto worker = workers_.find(storage.uid);
    if (worker != workers_.end()) worker->second->evict(storage.message);
  }
  again(std::max(kPeriod, took_ns * kShare));
}

}  // namespace podctl::node
