#include "podctl/node/objects.hpp"

#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"

namespace podctl::node {
namespace {

template <class T>
Result<std::shared_ptr<const T>> decode_row(const StoredObject& row) {
  auto object = std::make_shared<T>();
  const auto faults = api::decode_json(row.json, *object);
  if (!faults.empty()) {
    return fail(Code::kCorrupt, "read stored object", row.kind + " " + row.ns + "/" + row.name,
                faults[0].field + ": " + faults[0].text);
  }
  return std::shared_ptr<const T>(std::move(object));
}

}  // namespace

Objects::Objects(std::unique_ptr<ObjectStore> store)
    : store_(std::move(store)), hub_(store_->version()) {}

Result<std::vector<Objects::LoadedPod>> Objects::load() {
  std::vector<LoadedPod> loaded;
  for (auto& row : TRY(store_->load())) {
    const Key key{row.ns, row.name};
    if (row.kind == "Pod") {
      auto pod = TRY(decode_row<api::Pod>(row));
      pods_[key] = {pod, std::make_shared<const std::string>(std::move(row.json)),
                    row.resource_version};
      loaded.push_back({std::move(pod), std::move(row.memory)});
    } else if (row.kind == "Event") {
      auto event = TRY(decode_row<api::Event>(row));
      events_[key] = {std::move(event), std::make_shared<const std::string>(std::move(row.json)),
                      row.resource_version};
    }
  }
  return loaded;
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
  return names;
}

ObjectStore::Done Objects::checked(ObjectStore::Done done) {
  if (done) return done;
  return [this](Result<void> result) {
    if (!result && on_error) on_error(result.error());
  };
}

template <class T>
std::shared_ptr<const T> Objects::put(std::map<Key, Record<T>>& map, T object, const char* kind,
                                      std::string memory, ObjectStore::Done done) {
  const std::uint64_t version = store_->next_version();
  object.metadata.resourceVersion = std::to_string(version);
  const Key key{object.metadata.namespace_, object.metadata.name};
  auto shared = std::make_shared<const T>(std::move(object));
  auto json = std::make_shared<const std::string>(api::to_json(*shared));
  auto& record = map[key];
  Change change{record.object ? ChangeType::kModified : ChangeType::kAdded,
                kind,
                key.first,
                version,
                json,
                shared,
                record.object};
  record = {shared, json, version};
  store_->put(
      {kind, key.first, key.second, shared->metadata.uid, version, *json, std::move(memory)},
      checked(std::move(done)));
  hub_.publish(std::move(change));
  return shared;
}

// A DELETED event carries the object's last state under the version of its removal, as in
// Kubernetes.
template <class T>
void Objects::erase(std::map<Key, Record<T>>& map, T last, const char* kind,
                    ObjectStore::Done done) {
  const Key key{last.metadata.namespace_, last.metadata.name};
  const auto found = map.find(key);
  if (found == map.end()) {
    if (done) done({});
    return;
  }
  const std::uint64_t version = store_->next_version();
  last.metadata.resourceVersion = std::to_string(version);
  auto json = std::make_shared<const std::string>(api::to_json(last));
  Change change{ChangeType::kDeleted,
                kind,
                key.first,
                version,
                std::move(json),
                std::make_shared<const T>(std::move(last)),
                found->second.object};
  map.erase(found);
  hub_.publish(std::move(change));
  store_->remove(kind, key.first, key.second, version, checked(std::move(done)));
}

std::shared_ptr<const api::Pod> Objects::put_pod(api::Pod pod, std::string memory,
                                                 ObjectStore::Done done) {
  return put(pods_, std::move(pod), "Pod", std::move(memory), std::move(done));
}

void Objects::put_event(api::Event event) { put(events_, std::move(event), "Event", {}, {}); }

void Objects::erase_pod(const api::Pod& last, ObjectStore::Done done) {
  erase(pods_, last, "Pod", std::move(done));
}

void Objects::erase_event(const std::string& ns, const std::string& name) {
  if (const auto* record = find_event(ns, name)) erase(events_, *record->object, "Event", {});
}

}  // namespace podctl::node
