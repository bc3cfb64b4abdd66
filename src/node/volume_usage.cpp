#include "node/volume_usage.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

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

}  // namespace

std::vector<BoundedVolume> bounded_volumes(const api::Pod& pod, const Layout& layout) {
  std::vector<BoundedVolume> bounded;
  if (over(pod)) return bounded;
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.emptyDir || volume.emptyDir->medium == "Memory") continue;
    const auto& limit = volume.emptyDir->sizeLimit;
    if (!limit.has_value() || limit.value() <= 0) continue;
    bounded.push_back(
        {pod.metadata.uid, volume.name, layout.volume(pod.metadata.uid, volume.name), limit});
  }
  return bounded;
}

std::string over_limit_message(const BoundedVolume& volume) {
  return "Usage of EmptyDir volume \"" + volume.name + "\" exceeds the limit \"" +
         volume.limit.str() + "\". ";
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
  std::vector<BoundedVolume> bounded;
  for (const auto& [uid, worker] : workers_) {
    for (auto& volume : bounded_volumes(worker->pod(), context_.layout))
      bounded.push_back(std::move(volume));
  }
  if (bounded.empty()) return again(kPeriod);
  context_.offload.run(
      [this, alive = alive_, bounded = std::move(bounded)]() -> std::function<void()> {
        const std::uint64_t begin = boot_now_ns();
        std::vector<BoundedVolume> over;
        for (const auto& volume : bounded) {
          const auto used = sys::disk_usage(volume.path);
          // One that is not there yet, or goes just now, has nothing in it.
          if (used && *used > static_cast<std::uint64_t>(volume.limit.value()))
            over.push_back(volume);
        }
        return [this, alive, over = std::move(over), took = boot_now_ns() - begin] {
          if (*alive) measured(over, took);
        };
      });
}

void VolumeUsage::measured(const std::vector<BoundedVolume>& over, std::uint64_t took_ns) {
  for (const auto& volume : over) {
    const auto worker = workers_.find(volume.uid);
    if (worker != workers_.end()) worker->second->evict(over_limit_message(volume));
  }
  again(std::max(kPeriod, took_ns * kShare));
}

}  // namespace podctl::node
