#include "podctl/node/watch_hub.hpp"

#include <utility>

namespace podctl::node {

const char* change_name(ChangeType type) {
  switch (type) {
    case ChangeType::kAdded:
      return "ADDED";
    case ChangeType::kModified:
      return "MODIFIED";
    case ChangeType::kDeleted:
      return "DELETED";
  }
  return "";
}

WatchHub::WatchHub(std::uint64_t first_version, std::size_t max_changes, std::size_t max_bytes)
    : oldest_(first_version), max_changes_(max_changes), max_bytes_(max_bytes) {}

void WatchHub::publish(Change change) {
  // Copied first: a watcher may end its own watch, or start another, while it is being told.
  std::vector<std::pair<std::uint64_t, std::shared_ptr<Watcher>>> told(watchers_.begin(),
                                                                       watchers_.end());
  bytes_ += change.json->size();
  ring_.push_back(change);
  ring_.back().object.reset();  // decoded objects of the past would be most of podctld's memory
  ring_.back().previous.reset();
  while (ring_.size() > max_changes_ || (bytes_ > max_bytes_ && ring_.size() > 1)) {
    oldest_ = ring_.front().version;
    bytes_ -= ring_.front().json->size();
    ring_.pop_front();
  }
  for (const auto& [id, watcher] : told) {
    if (watchers_.contains(id)) (*watcher)(change);
  }
}

std::optional<std::vector<Change>> WatchHub::since(std::uint64_t version) const {
  if (version < oldest_) return std::nullopt;
  std::vector<Change> changes;
  for (const auto& change : ring_) {
    if (change.version > version) changes.push_back(change);
  }
  return changes;
}

std::uint64_t WatchHub::watch(Watcher watcher) {
  const std::uint64_t id = next_id_++;
  watchers_.emplace(id, std::make_shared<Watcher>(std::move(watcher)));
  return id;
}

void WatchHub::unwatch(std::uint64_t id) { watchers_.erase(id); }

}  // namespace podctl::node
