#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "init/rootfs_mounts.hpp"
#include "podctl/sys/mount.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

// Opens what is to be covered; nothing when it is not there.
Result<UniqueFd> open_target(const RootDir& root, const std::string& path) {
  auto found = root.open_path(path);
  if (!found && found.error().code == Code::kNotFound) return UniqueFd();
  return found;
}

class Masks {
 public:
  Masks(const RootDir& root, int null) : root_(root), null_(null) {}

  Result<void> hide(const std::string& path) {
    const UniqueFd target = TRY(open_target(root_, path));
    if (!target) return {};
    struct stat st;
    if (::fstat(target.get(), &st) != 0) return fail_errno(errno, "stat", path);
    const UniqueFd cover =
        S_ISDIR(st.st_mode) ? TRY(empty_directory()) : TRY(sys::clone_mount(null_, false));
    return sys::attach(cover.get(), target.get(), path);
  }

  Result<void> protect(const std::string& path) {
    const UniqueFd target = TRY(open_target(root_, path));
    if (!target) return {};
    const UniqueFd copy = TRY(sys::clone_mount(target.get(), true));
    TRY(sys::set_attributes(copy.get(), sys::kReadOnly, true));
    return sys::attach(copy.get(), target.get(), path);
  }

 private:
  // One read-only tmpfs serves all the directories: a mount costs less than a file system.
  Result<UniqueFd> empty_directory() {
    if (!keep_) {
      UniqueFd made =
          TRY(sys::new_mount("tmpfs", {{"mode", "755"}, {"size", "4k"}, {"nr_inodes", "1"}},
                             sys::kReadOnly | sys::kNoSuid | sys::kNoDev | sys::kNoExec));
      keep_ = UniqueFd(::fcntl(made.get(), F_DUPFD_CLOEXEC, 3));
      if (!keep_) return fail_errno(errno, "copy descriptor", "mask");
      return made;
    }
    return sys::clone_mount(keep_.get(), false);
  }

  const RootDir& root_;
  int null_;
  UniqueFd keep_;
};

}  // namespace

Result<void> apply_masks(const RootDir& root, const wire::SecuritySpec& security, int null) {
  if (security.privileged) return {};
  Masks masks(root, null);
  for (const auto& path : security.readonly_paths) {
    TRY_CONTEXT(masks.protect(path), "read-only path '" + path + "'");
  }
  for (const auto& path : security.masked_paths) {
    TRY_CONTEXT(masks.hide(path), "masked path '" + path + "'");
  }
  return {};
}

}  // namespace podctl::init
