// Who is told when an object changes: a bounded ring of recent changes and the watchers that follow
// it.
//
// Used by node (publishes) and server (watches), on podctld's loop only. It never reads the store:
// a watch from a version that has left the ring, or from before this podctld, is Expired, as in
// Kubernetes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace podctl::node {

enum class ChangeType : std::uint8_t { kAdded, kModified, kDeleted };
const char* change_name(ChangeType type);  // "ADDED", "MODIFIED", "DELETED"

struct Change {
  ChangeType type = ChangeType::kAdded;
  std::string kind, ns;
  std::uint64_t version = 0;
  std::shared_ptr<const std::string> json;  // the object as served
  std::shared_ptr<const void> object;       // decoded (api::Pod for kind Pod, api::Event for Event)
  std::shared_ptr<const void> previous;     // before the change; null for kAdded
};

class WatchHub {
 public:
  using Watcher = std::function<void(const Change&)>;

  // Changes of versions up to `first_version` are from before this podctld. The ring keeps at most
  // `max_changes` and about `max_bytes` of JSON.
  explicit WatchHub(std::uint64_t first_version, std::size_t max_changes = 1024,
                    std::size_t max_bytes = 1U << 20);

  // Tells every watcher at once, on this thread.
  void publish(Change change);

  // The changes after `version`, without their decoded objects; nothing when that is too old (410
  // Expired).
  std::optional<std::vector<Change>> since(std::uint64_t version) const;

  // Called for every later change until unwatch(). A watcher may unwatch itself or others while it
  // runs.
  std::uint64_t watch(Watcher watcher);
  void unwatch(std::uint64_t id);
  std::size_t watchers() const { return watchers_.size(); }

 private:
  std::uint64_t oldest_;  // since(v) works for v >= oldest_
  std::size_t max_changes_, max_bytes_, bytes_ = 0;
  std::deque<Change> ring_;
  std::map<std::uint64_t, std::shared_ptr<Watcher>> watchers_;
  std::uint64_t next_id_ = 1;
};

}  // namespace podctl::node
