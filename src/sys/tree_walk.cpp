#include "tree_walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace podctl::sys {
namespace {

constexpr int kOpen = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// 0, or errno. `mounted`: whether a mount begins there, which may be of the same file system.
int look(int directory, const char* name, struct stat& st, bool& mounted) {
  struct statx now {};
  if (::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &now) != 0)
    return errno;
  st.st_dev = makedev(now.stx_dev_major, now.stx_dev_minor);
  st.st_ino = now.stx_ino;
  st.st_mode = now.stx_mode;
  st.st_nlink = now.stx_nlink;
  st.st_uid = now.stx_uid;
  st.st_gid = now.stx_gid;
  st.st_size = static_cast<off_t>(now.stx_size);
  st.st_blocks = static_cast<blkcnt_t>(now.stx_blocks);
  mounted = (now.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  return 0;
}

// A directory on the way down: who it is, and which below it are still to be seen.
struct Level {
  ino_t inode = 0;
  std::vector<std::string> below;
};

class Walk {
 public:
  explicit Walk(const Visit& visit) : visit_(visit) {}

  Result<void> run(const std::string& path) {
    here_ = UniqueFd(::open(path.c_str(), kOpen));
    struct stat st {};
    if (!here_ || ::fstat(here_.get(), &st) != 0) return fail_errno(errno, "open directory", path);
    device_ = st.st_dev;
    visit_(here_.get(), ".", st);
    enter(st.st_ino);
    while (!levels_.empty()) {
      if (levels_.back().below.empty()) {
        if (!leave()) break;
      } else {
        descend();
      }
    }
    return {};
  }

 private:
  // Visits what lies in the directory that is open, and notes its directories.
  void enter(ino_t inode) {
    levels_.push_back({inode, {}});
    alignas(dirent64) char names[8192];
    ssize_t size = 0;
    while ((size = ::getdents64(here_.get(), names, sizeof names)) > 0) {
      for (ssize_t at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const dirent64*>(names + at);
        at += entry->d_reclen;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        struct stat st {};
        bool mounted = false;
        if (look(here_.get(), entry->d_name, st, mounted) != 0 || mounted) continue;
        visit_(here_.get(), entry->d_name, st);
        if (S_ISDIR(st.st_mode)) levels_.back().below.emplace_back(name);
      }
    }
  }

  void descend() {
    const std::string name = std::move(levels_.back().below.back());
    levels_.back().below.pop_back();
    UniqueFd child = open_below(here_.get(), name.c_str());
    struct stat st {};
    if (!child || ::fstat(child.get(), &st) != 0) return;
    here_ = std::move(child);
    enter(st.st_ino);
  }

  // Up again; false at the end, or where the way up is not the way down.
  bool leave() {
    levels_.pop_back();
    if (levels_.empty()) return false;
    UniqueFd parent(::openat(here_.get(), "..", kOpen));
    struct stat st {};
    if (!parent || ::fstat(parent.get(), &st) != 0) return false;
    if (st.st_dev != device_ || st.st_ino != levels_.back().inode) return false;
    here_ = std::move(parent);
    return true;
  }

  UniqueFd here_;
  dev_t device_ = 0;
  std::vector<Level> levels_;
  const Visit& visit_;
};

}  // namespace

UniqueFd open_below(int directory, const char* name) {
  open_how how{};
  how.flags = kOpen;
  how.resolve = RESOLVE_NO_XDEV;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof how)));
}

Result<void> walk_tree(const std::string& path, const Visit& visit) {
  return Walk(visit).run(path);
}

}  // namespace podctl::sys
