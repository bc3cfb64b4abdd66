#include "podctl/node/objects.hpp"

#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"

namespace podctl::node {
namespace {

Failure unreadable(const StoredObject& row, const api::Fault& fault) {
  return fail(Code::kCorrupt, "read stored object", row.kind + " " + row.ns + "/" + row.name,
              fault.field + ": " + fault.text);
}

template <class T>
Result<std::shared_ptr<const T>> decode_row(const StoredObject& row) {
  auto object = std::make_shared<T>();
  const auto faults = api::decode_json(row.json, *object);
  if (!faults.empty()) return unreadable(row, faults[0]);
  return std::shared_ptr<const T>(std::move(object));
}

std::shared_ptr<const std::string> shared(std::string json) {
  json.shrink_to_fit();  // it grew by doubling, and stays as long as the object
  return std::make_shared<const std::string>(std::move(json));
}

EventRecord record_of(const api::Event& event, std::shared_ptr<const std::string> json,
                      std::uint64_t version) {
  return {std::move(json), version, event.metadata.creationTimestamp.seconds(),
          event.lastTimestamp.seconds(), sameness(event)};
}

}  // namespace

std::uint64_t sameness(const api::Event& event) {
  const bool combined = event.message.starts_with(kCombined);
  const std::string message(combined ? kCombined : std::string_view(event.message));
  std::string parts;
  for (const std::string* part :
       {&event.involvedObject.uid, &event.involvedObject.fieldPath, &event.type, &event.reason,
        &message, &event.reportingComponent}) {
    parts += *part + '\x1f';
  }
  return text::hash64(parts);
}

// What put() or load() has encoded or decoded before: it has no faults.
std::shared_ptr<const api::Event> EventRecord::decode() const {
  auto event = std::make_shared<api::Event>();
  static_cast<void>(api::decode_json(*json, *event));
  return event;
}

Objects::Objects(std::unique_ptr<ObjectStore> store)
    : store_(std::move(store)), hub_(store_->version()) {}

Result<std::vector<Objects::LoadedPod>> Objects::load() {
  std::vector<LoadedPod> loaded;
  for (auto& row : TRY(store_->load())) {
    const Key key{row.ns, row.name};
    if (row.kind == "Pod") {
      auto pod = TRY(decode_row<api::Pod>(row));
      pods_[key] = {pod, shared(std::move(row.json)), row.resource_version};
      loaded.push_back({std::move(pod), std::move(row.memory)});
    } else if (row.kind == "Event") {
      const auto event = TRY(decode_row<api::Event>(row));
      events_[key] = record_of(*event, shared(std::move(row.json)), row.resource_version);
    } else if (const auto* kind = api::find_kind(row.kind); kind != nullptr && kind->kept()) {
      TRY(load_kept(*kind, std::move(row)));
    }
  }
  return loaded;
}

Result<void> Objects::load_kept(const api::KindInfo& kind, StoredObject row) {
  auto object = kind.make();
  const auto faults = api::decode_json(row.json, kind.type(), object.get());
  if (!faults.empty()) return unreadable(row, faults[0]);
  kept_[&kind][{row.ns, row.name}] = {std::move(object), shared(std::move(row.json)),
                                      row.resource_version};
  return {};
}

const std::map<Key, KeptRecord>& Objects::kept(const api::KindInfo& kind) const {
  static const std::map<Key, KeptRecord> kNone;
  const auto found = kept_.find(&kind);
  return found == kept_.end() ? kNone : found->second;
}

const KeptRecord* Objects::find_kept(const api::KindInfo& kind, const std::string& ns,
                                     const std::string& name) const {
  const auto& all = kept(kind);
  const auto found = all.find({ns, name});
  return found == all.end() ? nullptr : &found->second;
}

const PodRecord* Objects::find_pod(const std::string& ns, const std::string& name) const {
  const auto found = pods_.find({ns, name});
  return found == pods_.end() ? nullptr : &found->second;
}

const EventRecord* Objects::find_event(const std::string& ns, const std::string& name) const {
  const auto found = events_.find({ns, name});
  return found == events_.end() ? nullptr : &found->second;
}

std::set<std::string> Objects::namespaces() const {
  std::set<std::string> names{"default"};
  for (const auto& [key, pod] : pods_) names.insert(key.first);
  for (const auto& [key, event] : events_) names.insert(key.first);
  for (const auto& [kind, objects] : kept_) {
    for (const auto& [key, record] : objects) names.insert(key.first);
  }
  return names;
}

ObjectStore::Done Objects::checked(ObjectStore::Done done) {
  if (done) return done;
  return [this](Result<void> result) {
    if (!result && on_error) on_error(result.error());
  };
}

// Gives the object its version and stores it.
template <class T>
Change Objects::written(T object, const char* kind, std::string memory, ObjectStore::Done done) {
  const std::uint64_t version = store_->next_version();
  object.metadata.resourceVersion = std::to_string(version);
  const auto whole = std::make_shared<const T>(std::move(object));
  Change change =
      stored(whole->metadata, kind, api::to_json(*whole), std::move(memory), std::move(done));
  change.version = version;
  change.object = whole;
  return change;
}

// Of an object that has its version.
Change Objects::stored(const api::ObjectMeta& meta, std::string_view kind, std::string json,
                       std::string memory, ObjectStore::Done done) {
  const std::uint64_t version = store_->version();
  auto text = shared(std::move(json));
  store_->put(
      {std::string(kind), meta.namespace_, meta.name, meta.uid, version, *text, std::move(memory)},
      checked(std::move(done)));
  return {ChangeType::kAdded, std::string(kind), meta.namespace_, version,
          std::move(text),    nullptr,           nullptr};
}

// Takes the object out of the store. A DELETED event carries its last state under the version of
// its removal, as in Kubernetes.
void Objects::erased(std::string_view kind, const Key& key, Change change, ObjectStore::Done done) {
  change.type = ChangeType::kDeleted;
  change.kind = kind;
  change.ns = key.first;
  const std::uint64_t version = change.version;
  hub_.publish(std::move(change));
  store_->remove(std::string(kind), key.first, key.second, version, checked(std::move(done)));
}

std::shared_ptr<const api::Pod> Objects::put_pod(api::Pod pod, std::string memory,
                                                 ObjectStore::Done done) {
  Change change = written(std::move(pod), "Pod", std::move(memory), std::move(done));
  auto object = std::static_pointer_cast<const api::Pod>(change.object);
  auto& record = pods_[{object->metadata.namespace_, object->metadata.name}];
  if (record.object) change.type = ChangeType::kModified;
  change.previous = record.object;
  record = {object, change.json, change.version};
  hub_.publish(std::move(change));
  return object;
}

void Objects::put_event(api::Event event) {
  Change change = written(std::move(event), "Event", {}, {});
  const auto object = std::static_pointer_cast<const api::Event>(change.object);
  auto& record = events_[{object->metadata.namespace_, object->metadata.name}];
  if (record.json) {
    // Nothing that selects an event ever changes in it: it was selected if it is now.
    change.type = ChangeType::kModified;
    change.previous = object;
  }
  record = record_of(*object, change.json, change.version);
  hub_.publish(std::move(change));
}

void Objects::erase_pod(api::Pod last, ObjectStore::Done done) {
  const Key key{last.metadata.namespace_, last.metadata.name};
  const auto found = pods_.find(key);
  if (found == pods_.end()) {
    if (done) done({});
    return;
  }
  Change change;
  change.version = store_->next_version();
  last.metadata.resourceVersion = std::to_string(change.version);
  change.json = shared(api::to_json(last));
  change.object = std::make_shared<const api::Pod>(std::move(last));
  change.previous = found->second.object;
  pods_.erase(found);
  erased("Pod", key, std::move(change), std::move(done));
}

void Objects::erase_event(const std::string& ns, const std::string& name) {
  const auto found = events_.find({ns, name});
  if (found == events_.end()) return;
  Change change;
  change.version = store_->next_version();
  api::Event last = *found->second.decode();
  last.metadata.resourceVersion = std::to_string(change.version);
  change.json = shared(api::to_json(last));
  change.object = change.previous = std::make_shared<const api::Event>(std::move(last));
  events_.erase(found);
  erased("Event", {ns, name}, std::move(change), {});
}

void Objects::put_kept(const api::KindInfo& kind, std::shared_ptr<void> object,
                       ObjectStore::Done done) {
  auto& meta = kind.metadata(object.get());
  meta.resourceVersion = std::to_string(store_->next_version());
  std::string json;
  api::encode_json(kind.type(), object.get(), json);
  Change change = stored(meta, kind.kind, std::move(json), {}, std::move(done));
  change.object = object;
  auto& record = kept_[&kind][{meta.namespace_, meta.name}];
  if (record.object) change.type = ChangeType::kModified;
  change.previous = record.object;
  record = {std::move(object), change.json, change.version};
  hub_.publish(std::move(change));
}

void Objects::erase_kept(const api::KindInfo& kind, const Key& key, ObjectStore::Done done) {
  auto& all = kept_[&kind];
  const auto found = all.find(key);
  if (found == all.end()) {
    if (done) done({});
    return;
  }
  Change change;
  change.version = store_->next_version();
  auto last = kind.make();
  static_cast<void>(api::decode_json(*found->second.json, kind.type(), last.get()));
  kind.metadata(last.get()).resourceVersion = std::to_string(change.version);
  std::string json;
  api::encode_json(kind.type(), last.get(), json);
  change.json = shared(std::move(json));
  change.object = std::move(last);
  change.previous = found->second.object;
  all.erase(found);
  erased(kind.kind, key, std::move(change), std::move(done));
}

}  // namespace podctl::node
