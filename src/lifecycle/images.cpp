// A container's image and those of its volumes: asking for them, and Kubernetes' words while one
// cannot be had.
#include "podctl/lifecycle/images.hpp"

#include <algorithm>
#include <array>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::uint32_t kInitialBackoff = 10, kMaxBackoff = 300;
// How long a failed pull is shown as such before it is shown as backing off.
constexpr std::uint64_t kShowError = 2 * kSecond;

constexpr std::array<std::string_view, 6> kReasons = {"ErrImagePull",      "ImagePullBackOff",
                                                      "ErrImageNeverPull", "InvalidImageName",
                                                      "ImageInspectError", "RegistryUnavailable"};

bool image_waiting(const ContainerMemory& m) {
  return m.waiting &&
         std::find(kReasons.begin(), kReasons.end(), m.waiting->reason) != kReasons.end();
}

// The reference that could not be had: as the kubelet, a volume's is told of like the container's.
const std::string& failed_name(const Item& item, const ImageObservation* image) {
  return image == nullptr || image->failed.empty() ? item.spec->image : image->failed;
}

std::string quoted(const Item& item, const ImageObservation* image) {
  return "\"" + failed_name(item, image) + "\"";
}

// Reason and event of each failure (K pkg/kubelet/images/image_manager.go).
struct Words {
  std::string reason, event_reason, event, message;
  bool backs_off = false;
};

Words words(const Item& item, const ImageObservation& image) {
  const auto& cause = image.message;
  const auto name = quoted(item, &image);
  switch (image.error) {
    case ImageError::kNeverPull: {
      const auto text = "Container image " + name + " is not present with pull policy of Never";
      return {"ErrImageNeverPull", "ErrImageNeverPull", text, text, false};
    }
    case ImageError::kInvalidName: {
      const auto text = "Failed to apply default image tag " + name + ": " + cause;
      return {"InvalidImageName", "InspectFailed", text, text, false};
    }
    case ImageError::kInspect: {
      const auto text = "Failed to inspect image " + name + ": " + cause;
      return {"ImageInspectError", "Failed", text, text, false};
    }
    case ImageError::kRegistryUnavailable:
      return {"RegistryUnavailable", "Failed", "Failed to pull image " + name + ": " + cause,
              "image pull failed for " + failed_name(item, &image) +
                  " because the registry is unavailable: " + cause,
              true};
    case ImageError::kPull:
      break;
  }
  return {"ErrImagePull", "Failed", "Failed to pull image " + name + ": " + cause, cause, true};
}

void failed(Context& c, const Item& item, const ImageObservation& image) {
  auto& m = *item.memory;
  auto w = words(item, image);
  m.resolving = false;
  auto delay = kInitialBackoff;
  if (w.backs_off) {
    delay = m.pull_backoff_s == 0 ? kInitialBackoff : std::min(2 * m.pull_backoff_s, kMaxBackoff);
    m.pull_backoff_s = delay;
  }
  container_event(c, item, true, w.event_reason, std::move(w.event));
  container_event(c, item, true, "Failed", "Error: " + w.reason);
  m.waiting = Waiting{std::move(w.reason), std::move(w.message), c.now.boot_ns + delay * kSecond};
}

// The failure has been shown; from now on it is backing off.
void show_pull_backoff(Context& c, const Item& item) {
  auto& waiting = *item.memory->waiting;
  if (waiting.reason != "ErrImagePull" && waiting.reason != "RegistryUnavailable") return;
  const auto due = waiting.retry_at_ns - item.memory->pull_backoff_s * kSecond + kShowError;
  if (c.now.boot_ns < due) return c.wake_at(due);
  const auto text = "Back-off pulling image " + quoted(item, c.seen.find_image(item.spec->name));
  waiting.message = text + ": " + waiting.reason + ": " + waiting.message;
  waiting.reason = "ImagePullBackOff";
  container_event(c, item, false, "BackOff", text);
  container_event(c, item, true, "Failed", "Error: ImagePullBackOff");
}

// The spec names another image than the one that was asked for: that one's failures do not count.
void forget_other(ContainerMemory& m) {
  m.pull_backoff_s = 0;
  m.resolving = false;
  if (image_waiting(m)) m.waiting.reset();
}

void take(ContainerMemory& m, const Item& item, const ImageObservation& image) {
  m.spec_image = item.spec->image;
  m.image = image.name.empty() ? item.spec->image : image.name;
  m.image_id = image.id;
  m.stop_signal = image.stop_signal;
  m.volume_images = image.volumes;
  m.pull_backoff_s = 0;
  m.resolving = false;
  if (image_waiting(m)) m.waiting.reset();
}

// Any of them may have become another image since it was resolved.
bool asks_always(const ResolveImage& wanted) {
  return wanted.pull_policy == "Always" ||
         std::ranges::any_of(wanted.volumes,
                             [](const auto& volume) { return volume.pull_policy == "Always"; });
}

}  // namespace

ResolveImage wanted_images(const api::Pod& pod, const api::Container& container,
                           std::uint32_t attempt) {
  ResolveImage wanted{container.name, attempt, container.image, container.imagePullPolicy, {}};
  for (const auto& volume : pod.spec.volumes) {
    const bool mounted = std::ranges::any_of(
        container.volumeMounts, [&](const auto& mount) { return mount.name == volume.name; });
    if (!volume.image || !mounted) continue;
    wanted.volumes.push_back({volume.name, volume.image->reference, volume.image->pullPolicy});
  }
  return wanted;
}

bool image_ready(Context& c, const Item& item) {
  auto& m = *item.memory;
  const auto attempt = m.progress == Progress::kEnded ? m.attempt + 1 : m.attempt;
  const auto* image = c.seen.find_image(item.spec->name);
  if (image != nullptr && image->state == ImageState::kResolving) return false;
  if (image != nullptr && !image->requested.empty() && image->requested != item.spec->image) {
    image = nullptr;
    forget_other(m);
  }
  const bool current = image != nullptr && image->attempt == attempt;
  auto wanted = wanted_images(c.pod, *item.spec, attempt);
  if (image != nullptr && image->state == ImageState::kReady && (current || !asks_always(wanted))) {
    take(m, item, *image);
    return true;
  }
  if (current && image->state == ImageState::kFailed && (m.resolving || !image_waiting(m))) {
    failed(c, item, *image);
  }
  if (image_waiting(m) && !m.resolving) {
    show_pull_backoff(c, item);
    if (c.now.boot_ns < m.waiting->retry_at_ns) {
      c.wake_at(m.waiting->retry_at_ns);
      return false;
    }
  }
  m.resolving = true;
  c.actions.emplace_back(std::move(wanted));
  return false;
}

}  // namespace podctl::lifecycle
