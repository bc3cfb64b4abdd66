#include "podctl/node/removal.hpp"

#include <unistd.h>

#include <filesystem>
#include <set>

#include "podctl/sys/files.hpp"

namespace podctl::node {

namespace fs = std::filesystem;

std::string protection_mark(const Layout& layout) { return layout.run() + "/memory_qos"; }

Result<void> remove_state(const Layout& layout, std::vector<std::string> logs) {
  std::vector<std::string> paths = std::move(logs);
  for (const char* name : {"images", "seccomp", "uploads", "cpu_manager_state", "node_marks",
                           "objects.db", "objects.db-wal", "objects.db-shm"}) {
    paths.push_back(layout.lib() + "/" + name);
  }
  paths.push_back(protection_mark(layout));
  paths.push_back(layout.marker());  // last: until then the rest is ours to remove
  // Containers may have left mounts in these alone.
  for (const char* name : {"pods", "claims"})
    TRY(sys::remove_tree_and_mounts(layout.lib() + "/" + name));
  for (const auto& path : paths) TRY(sys::remove_tree(path));
  std::vector<std::string> directories{layout.lib(), layout.logs()};
  if (!layout.root().empty()) directories.push_back(layout.root() + "/log");
  for (const auto& directory : directories) {
    ::rmdir(directory.c_str());  // stays when others have put something there
  }
  return {};
}

std::vector<std::string> logs_of_pods(const Layout& layout) {
  std::error_code error;
  std::set<std::string> uids;
  for (const std::string& place : {layout.lib() + "/pods", layout.pods_run()}) {
    for (const auto& pod : fs::directory_iterator(place, error)) uids.insert(pod.path().filename());
  }
  std::vector<std::string> logs;
  for (const auto& entry : fs::directory_iterator(layout.logs(), error)) {
    const std::string name = entry.path().filename();  // <ns>_<pod>_<uid>
    if (uids.contains(name.substr(name.rfind('_') + 1))) logs.push_back(entry.path());
  }
  return logs;
}

}  // namespace podctl::node
