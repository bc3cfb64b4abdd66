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
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/node/object_store.hpp"
#include "podctl/node/watch_hub.hpp"

namespace podctl::node {

template <class T>
struct Record {
  std::shared_ptr<const T> object;
  std::shared_ptr<const std::string> json;
  std::uint64_t version = 0;
};
using PodRecord = Record<api::Pod>;
using EventRecord = Record<api::Event>;
using Key = std::pair<std::string, std::string>;  // namespace, name

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
  // Every namespace that holds an object, and "default".
  std::set<std::string> namespaces() const;

  // The resourceVersion of lists.
  std::uint64_t version() const { return store_->version(); }
  WatchHub& hub() { return hub_; }

  // Sets metadata.resourceVersion, stores, tells. `done` (may be empty) comes after the commit.
  std::shared_ptr<const api::Pod> put_pod(api::Pod pod, std::string memory, ObjectStore::Done done);
  void put_event(api::Event event);
  // `last` is what watchers are told of as the object's last state.
  void erase_pod(const api::Pod& last, ObjectStore::Done done);
  void erase_event(const std::string& ns, const std::string& name);

  // Told of writes that could not be committed and whose writer does not ask.
  std::function<void(const Error&)> on_error;

 private:
  template <class T>
  std::shared_ptr<const T> put(std::map<Key, Record<T>>& map, T object, const char* kind,
                               std::string memory, ObjectStore::Done done);
  template <class T>
  void erase(std::map<Key, Record<T>>& map, T last, const char* kind, ObjectStore::Done done);
  ObjectStore::Done checked(ObjectStore::Done done);

  std::unique_ptr<ObjectStore> store_;
  WatchHub hub_;
  std::map<Key, PodRecord> pods_;
  std::map<Key, EventRecord> events_;
};

}  // namespace podctl::node
