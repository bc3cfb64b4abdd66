#include "podctl/node/events.hpp"

#include "podctl/base/text.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"

namespace podctl::node {

Events::Events(Objects& objects, std::string host) : objects_(objects), host_(std::move(host)) {}

std::string Events::signature(const api::Event& event) {
  std::string s;
  for (const std::string* part :
       {&event.involvedObject.uid, &event.involvedObject.fieldPath, &event.type, &event.reason,
        &event.message, &event.reportingComponent}) {
    s += *part + '\x1f';
  }
  return s;
}

void Events::adopt() {
  for (const auto& [key, record] : objects_.events()) known_[signature(*record.object)] = key;
}

void Events::record(const api::Pod& pod, const lifecycle::RecordEvent& wanted,
                    std::uint64_t wall_ns) {
  const auto& meta = pod.metadata;
  api::Event event;
  event.kind = "Event";
  event.apiVersion = "v1";
  event.metadata.namespace_ = meta.namespace_;
  // Listed by name, a pod's events stand in the order they came.
  event.metadata.name =
      meta.name + "." + text::hex(text::hash64(meta.uid), 8) + text::hex(wanted.sequence, 8);
  event.involvedObject = {"Pod", meta.namespace_,      meta.name,        meta.uid,
                          "v1",  meta.resourceVersion, wanted.field_path};
  event.reason = wanted.reason;
  event.message = wanted.message;
  event.type = wanted.warning ? "Warning" : "Normal";
  event.source =
      api::EventSource{wanted.component, wanted.component == "kubelet" ? host_ : std::string()};
  event.reportingComponent = wanted.component;
  event.reportingInstance = event.source->host;
  const auto now = to_time(wall_ns);
  event.firstTimestamp = event.lastTimestamp = event.metadata.creationTimestamp = now;
  event.count = 1;

  const auto same = known_.find(signature(event));
  const auto* before =
      same == known_.end() ? nullptr : objects_.find_event(same->second.first, same->second.second);
  if (before != nullptr) {
    api::Event again = *before->object;
    again.lastTimestamp = now;
    again.count = again.count.value_or(1) + 1;
    return objects_.put_event(std::move(again));
  }
  event.metadata.uid = new_uuid();
  known_[signature(event)] = {meta.namespace_, event.metadata.name};
  objects_.put_event(std::move(event));
}

void Events::expire(std::uint64_t wall_ns) {
  const auto limit = static_cast<std::int64_t>(wall_ns / 1'000'000'000ULL) - kEventTtlSeconds;
  std::vector<Key> old;
  for (const auto& [key, record] : objects_.events()) {
    if (record.object->lastTimestamp.seconds() < limit) {
      old.push_back(key);
      known_.erase(signature(*record.object));
    }
  }
  for (const auto& key : old) objects_.erase_event(key.first, key.second);
}

}  // namespace podctl::node
