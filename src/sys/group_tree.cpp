#include "podctl/sys/group_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/base/unique_fd.hpp"
#include "tree_walk.hpp"

namespace podctl::sys {
namespace {

constexpr mode_t kFile = 0660, kDirectory = 02770;

mode_t wanted(const struct stat& st) { return S_ISDIR(st.st_mode) ? kDirectory : kFile; }

bool given(const struct stat& st, unsigned gid) {
  return st.st_gid == gid && (st.st_mode & wanted(st)) == wanted(st);
}

// By one descriptor from the look to the change: the name may be another file's in between.
Result<void> give(int directory, const char* name, unsigned gid) {
  const UniqueFd file(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!file && errno == ENOENT) return {};  // removed meanwhile
  if (!file || ::fstat(file.get(), &st) != 0) return fail_errno(errno, "open", name);
  if (st.st_gid != gid &&
      ::fchownat(file.get(), "", static_cast<uid_t>(-1), gid, AT_EMPTY_PATH) != 0) {
    return fail_errno(errno, "give to group " + std::to_string(gid), name);
  }
  if (S_ISLNK(st.st_mode) || given(st, gid)) return {};
  // The kernel offers no fchmod of an O_PATH descriptor before 6.6 (fchmodat2).
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  if (::chmod(path.c_str(), (st.st_mode & 07777U) | wanted(st)) != 0)
    return fail_errno(errno, "set mode", name);
  return {};
}

}  // namespace

Result<void> give_tree_to_group(const std::string& path, unsigned gid, bool on_mismatch) {
  struct stat top {};
  if (::lstat(path.c_str(), &top) != 0) return fail_errno(errno, "stat", path);
  if (on_mismatch && given(top, gid)) return {};
  Result<void> done;
  TRY(walk_tree(path, [&](int directory, const char* name, const struct stat&) {
    if (done) done = give(directory, name, gid);
  }));
  return done;
}

}  // namespace podctl::sys
