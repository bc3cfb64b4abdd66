#include "claim.hpp"

#include <filesystem>

#include "podctl/sys/files.hpp"

namespace podctl::server {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// What podctl itself leaves there before a podctld runs: its lock, its starter's.
bool only_ours(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with("podctld.")) return false;
  }
  return !error || error == std::errc::no_such_file_or_directory;
}

}  // namespace

Result<void> claim_root(const Layout& layout) {
  if (layout.root().empty() || exists(layout.marker())) return {};
  // Roots of before there was a mark have a store.
  if (!exists(layout.objects_db())) {
    for (const std::string& directory : {layout.lib(), layout.run()}) {
      if (only_ours(directory) || exists(layout.marker())) continue;  // another may just mark it
      return fail(
          Code::kFailedPrecondition, "use as a root", layout.root(),
          "podctl did not make what is in " + directory + ": give --root a directory of its own");
    }
  }
  TRY(sys::make_directories(layout.lib(), 0700));
  return sys::write_file(layout.marker(), "podctl keeps its state here\n", 0644);
}

}  // namespace podctl::server
