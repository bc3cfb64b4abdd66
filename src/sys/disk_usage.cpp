#include "podctl/sys/disk_usage.hpp"

#include <set>

#include "tree_walk.hpp"

namespace podctl::sys {
namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks, stat(3type)

}  // namespace

Result<std::uint64_t> disk_usage(const std::string& path) {
  std::uint64_t used = 0;
  std::set<ino_t> seen;
  TRY(walk_tree(path, [&](int, const char*, const struct stat& st) {
    if (st.st_nlink > 1 && !S_ISDIR(st.st_mode) && !seen.insert(st.st_ino).second) return;
    used += static_cast<std::uint64_t>(st.st_blocks) * kBlock;
  }));
  return used;
}

}  // namespace podctl::sys
