#include "podctl/node/events.hpp"

#include "podctl/base/text.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"

namespace podctl::node {
namespace {

constexpr std::size_t kSimilar = 10;
constexpr std::int64_t kSimilarSeconds = 600;
constexpr std::size_t kMessage = 1024;  // Kubernetes' API: NoteLengthLimit of events.k8s.io

// What fits, whole characters.
std::string cut(std::string message) {
  if (message.size() <= kMessage) return message;
  std::size_t end = kMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0U) == 0x80U) --end;
  message.resize(end);
  return message;
}

}  // namespace

Events::Events(Objects& objects, std::string host) : objects_(objects), host_(std::move(host)) {}

// As Kubernetes names them: by their first time, so that those of one pod name, listed by name,
// stand in the order they came, also when it was used several times.
std::string Events::new_name(const api::ObjectMeta& about, std::uint64_t wall_ns) const {
  for (;; ++wall_ns) {
    std::string name = about.name + "." + text::hex(wall_ns, 16);
    if (objects_.find_event(about.namespace_, name) == nullptr) return name;
  }
}

void Events::adopt() {
  for (const auto& [key, record] : objects_.events()) known_[record.sameness] = key;
}

void Events::record(const api::Pod& pod, const lifecycle::RecordEvent& event,
                    std::uint64_t wall_ns) {
  record(api::kind_of<api::Pod>(), pod.metadata, event, wall_ns);
}

void Events::record(const api::KindInfo& kind, const api::ObjectMeta& meta,
                    const lifecycle::RecordEvent& wanted, std::uint64_t wall_ns) {
  api::Event event;
  event.kind = "Event";
  event.apiVersion = "v1";
  event.metadata.namespace_ = meta.namespace_;
  event.involvedObject = {std::string(kind.kind), meta.namespace_,  meta.name, meta.uid, "v1",
                          meta.resourceVersion,   wanted.field_path};
  event.reason = wanted.reason;
  event.message = cut(wanted.message);
  event.type = wanted.warning ? "Warning" : "Normal";
  event.source =
      api::EventSource{wanted.component, wanted.component == "kubelet" ? host_ : std::string()};
  event.reportingComponent = wanted.component;
  event.reportingInstance = event.source->host;
  const auto now = to_time(wall_ns);
  event.firstTimestamp = event.lastTimestamp = event.metadata.creationTimestamp = now;
  event.count = 1;

  if (are_many(event)) event.message = cut(std::string(kCombined) + event.message);
  const std::uint64_t same = sameness(event);
  const auto known = known_.find(same);
  const auto* before = known == known_.end()
                           ? nullptr
                           : objects_.find_event(known->second.first, known->second.second);
  if (before != nullptr && before->sameness == same) {
    api::Event again = *before->decode();
    again.lastTimestamp = now;
    again.message = std::move(event.message);  // of combined ones the newest
    again.count = again.count.value_or(1) + 1;
    return objects_.put_event(std::move(again));
  }
  event.metadata.uid = new_uuid();
  event.metadata.name = new_name(meta, wall_ns);
  known_[same] = {meta.namespace_, event.metadata.name};
  objects_.put_event(std::move(event));
}

// More than ten within ten minutes of each other (client-go tools/record events_cache.go).
bool Events::are_many(const api::Event& event) {
  api::Event bare = event;
  bare.message.clear();
  auto& similar = similar_[sameness(bare)];
  const auto now = event.lastTimestamp.seconds();
  if (now - similar.last_seconds > kSimilarSeconds) similar.messages.clear();
  similar.last_seconds = now;
  const auto own = text::hash64(event.message);
  if (similar.messages.contains(own)) return false;
  if (similar.messages.size() >= kSimilar) return true;
  similar.messages.insert(own);
  return false;
}

void Events::expire(std::uint64_t wall_ns) {
  const auto limit = static_cast<std::int64_t>(wall_ns / 1'000'000'000ULL) - kEventTtlSeconds;
  std::vector<Key> old;
  for (const auto& [key, record] : objects_.events()) {
    if (record.last_seconds < limit) {
      old.push_back(key);
      known_.erase(record.sameness);
    }
  }
  for (const auto& key : old) objects_.erase_event(key.first, key.second);
  std::erase_if(similar_, [limit](const auto& entry) { return entry.second.last_seconds < limit; });
}

}  // namespace podctl::node
