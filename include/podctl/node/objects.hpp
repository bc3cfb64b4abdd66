// Every object of this podctld in memory, with its JSON as served: what reads answer from. Writes
// go through to the store and to the watchers.
//
// Used by node and server on podctld's loop. A put is seen by readers at once and answered when it
// is committed. It gives out resourceVersions and never decides what an object may become.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "podctl/api/event.hpp"
#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/node/object_store.hpp"
#include "podctl/node/watch_hub.hpp"

namespace podctl::node {

struct PodRecord {
  std::shared_ptr<const api::Pod> object;
  std::shared_ptr<const std::string> json;
  std::uint64_t version = 0;
};
// Events are the many: seven a pod, and rarely read. They are kept as JSON alone.
struct EventRecord {
  std::shared_ptr<const std::string> json;
  std::uint64_t version = 0;
  std::int64_t made_seconds = 0;  // of creationTimestamp
  std::int64_t last_seconds = 0;  // of lastTimestamp
  std::uint64_t sameness = 0;     // of events that differ only in time and count
  std::shared_ptr<const api::Event> decode() const;
};
// An object of a kind that is only kept (api::KindInfo::kept), of that kind's type.
struct KeptRecord {
  std::shared_ptr<const void> object;
  std::shared_ptr<const std::string> json;
  std::uint64_t version = 0;
};
using Key = std::pair<std::string, std::string>;  // namespace, name

// An event that stands for many whose messages alone differ begins so.
inline constexpr std::string_view kCombined = "(combined from similar events): ";

// A hash of what makes two events one, as Kubernetes' recorder counts them. Combined ones are one
// whatever their message.
std::uint64_t sameness(const api::Event& event);

class Objects {
 public:
  struct LoadedPod {
    std::shared_ptr<const api::Pod> pod;
    std::string memory;
  };

  explicit Objects(std::unique_ptr<ObjectStore> store);

  // Reads the store. Pods come with their lifecycle's memory. kCorrupt names the object that cannot
  // be read.
  Result<std::vector<LoadedPod>> load();

  const std::map<Key, PodRecord>& pods() const { return pods_; }
  const std::map<Key, EventRecord>& events() const { return events_; }
  const PodRecord* find_pod(const std::string& ns, const std::string& name) const;
  const EventRecord* find_event(const std::string& ns, const std::string& name) const;
  const std::map<Key, KeptRecord>& kept(const api::KindInfo& kind) const;
  const KeptRecord* find_kept(const api::KindInfo& kind, const std::string& ns,
                              const std::string& name) const;
  // The object itself; null when there is none.
  template <class T>
  const T* find(const std::string& ns, const std::string& name) const {
    const auto* record = find_kept(api::kind_of<T>(), ns, name);
    return record == nullptr ? nullptr : static_cast<const T*>(record->object.get());
  }
  // Every namespace that holds an object, and "default".
  std::set<std::string> namespaces() const;

  // The resourceVersion of lists.
  std::uint64_t version() const { return store_->version(); }
  // Does what the store could not do when it was asked.
  void retry() { store_->retry(); }
  WatchHub& hub() { return hub_; }

  // Sets metadata.resourceVersion, stores, tells. `done` (may be empty) comes after the commit.
  std::shared_ptr<const api::Pod> put_pod(api::Pod pod, std::string memory, ObjectStore::Done done);
  void put_event(api::Event event);
  // `object` is of the kind's type; nobody else may change it any more.
  void put_kept(const api::KindInfo& kind, std::shared_ptr<void> object, ObjectStore::Done done);
  // `last` is what watchers are told of as the object's last state.
  void erase_pod(api::Pod last, ObjectStore::Done done);
  void erase_event(const std::string& ns, const std::string& name);
  void erase_kept(const api::KindInfo& kind, const Key& key, ObjectStore::Done done);

  // Told of writes that could not be committed and whose writer does not ask.
  std::function<void(const Error&)> on_error;

 private:
  template <class T>
  Change written(T object, const char* kind, std::string memory, ObjectStore::Done done);
  Change stored(const api::ObjectMeta& meta, std::string_view kind, std::string json,
                std::string memory, ObjectStore::Done done);
  Result<void> load_kept(const api::KindInfo& kind, StoredObject row);
  void erased(std::string_view kind, const Key& key, Change change, ObjectStore::Done done);
  ObjectStore::Done checked(ObjectStore::Done done);

  std::unique_ptr<ObjectStore> store_;
  WatchHub hub_;
  std::map<Key, PodRecord> pods_;
  std::map<Key, EventRecord> events_;
  std::map<const api::KindInfo*, std::map<Key, KeptRecord>> kept_;
};

}  // namespace podctl::node
