// The objects of one root on disk: SQLite in WAL mode, one worker thread, grouped commits.
//
// Used by node on podctld's loop. It knows rows, not Kubernetes: an object is its identity, its
// JSON and the lifecycle's memory beside it. The caller's own cache answers reads; this is read
// once, at start. A write is durable against the death of podctld when its callback runs (a WAL
// commit without fsync), and against the loss of power at the next checkpoint. It never decides a
// resourceVersion's meaning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::node {

struct StoredObject {
  std::string kind, ns, name, uid;
  std::uint64_t resource_version = 0;
  std::string json;    // the object as it is served
  std::string memory;  // the lifecycle's memory as JSON; empty for other kinds
};

class ObjectStore {
 public:
  // Runs a function on the loop's thread, soon; must be callable from any thread.
  using Post = std::function<void(std::function<void()>)>;
  using Done = std::function<void(Result<void>)>;

  // Opens or makes the file (mode 0600). kCorrupt when it is not a store of ours or SQLite finds it
  // damaged, kUnsupported when a newer podctl wrote it.
  static Result<std::unique_ptr<ObjectStore>> open(const std::string& path, Post post);
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  // Finishes what is queued; callbacks that have not run by then are dropped.
  ~ObjectStore();

  // Everything, in the order of writing. At start only, before the first put.
  Result<std::vector<StoredObject>> load();

  // The next resourceVersion; never given twice, not even after a restart (a restart continues
  // above the highest version that was committed, and no version is answered to anybody before its
  // commit).
  std::uint64_t next_version() { return ++version_; }
  std::uint64_t version() const { return version_; }

  // Queued in order; writes that wait together share a commit. `done` runs on the loop and may be
  // empty.
  void put(StoredObject object, Done done);
  // A removal that fails is kept and done with the next commit that succeeds.
  void remove(std::string kind, std::string ns, std::string name, std::uint64_t version, Done done);
  // Commits what is kept, if there is any.
  void retry();

 private:
  class Worker;
  explicit ObjectStore(std::unique_ptr<Worker> worker, std::uint64_t version);
  std::unique_ptr<Worker> worker_;
  std::uint64_t version_;
};

}  // namespace podctl::node
