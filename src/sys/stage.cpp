#include "podctl/sys/stage.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::sys {
namespace {

constexpr const char* kNull = "null";

// A directory as RootDir wants it, of a descriptor that stays the caller's.
Result<RootDir> directory_of(int mount_fd) {
  UniqueFd fd(::fcntl(mount_fd, F_DUPFD_CLOEXEC, 3));
  if (!fd) return fail_errno(errno, "copy descriptor", "stage");
  return RootDir(std::move(fd));
}

Result<UniqueFd> open_null_of(const RootDir& directory) {
  UniqueFd fd = TRY(directory.open_path(kNull, false));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", "null device");
  if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
    return fail(Code::kPermissionDenied, "open", "/dev/null", "not the null device");
  }
  return fd;
}

// Attached already: it is bound by its descriptor.
Result<void> furnish(int mount_fd) {
  const RootDir stage = TRY(directory_of(mount_fd));
  const UniqueFd null = TRY(open_null_of(TRY(RootDir::open_host("/dev"))));
  const UniqueFd place = TRY(stage.create_file(kNull));
  TRY(attach(TRY(clone_mount(null.get(), false)).get(), place.get(), "the stage's null device"));
  return set_attributes(mount_fd, kReadOnly, false);
}

Result<void> build(const std::string& target) {
  TRY(set_root_propagation(Spread::kPrivate));
  const UniqueFd root =
      TRY(new_mount("tmpfs", {{"mode", "755"}, {"size", "4k"}, {"nr_inodes", "2"}},
                    kNoSuid | kNoDev | kNoExec, "podctl"));
  const auto place = TRY(RootDir::open_host(target));
  TRY(attach(root.get(), place.fd(), target));
  TRY(furnish(root.get()));
  return pivot_root(root.get());
}

}  // namespace

Result<UniqueFd> make_stage(const std::string& target) {
  const UniqueFd own = TRY(open_namespace("self", "mnt"));
  TRY(enter_new(CLONE_NEWNS));
  UniqueFd stage = TRY(open_namespace("self", "mnt"));
  TRY(build(target));
  TRY(enter(own.get(), CLONE_NEWNS));
  return stage;
}

Result<UniqueFd> enter_stage(int stage, int users) {
  TRY(enter(stage, CLONE_NEWNS));
  if (users >= 0) TRY(become_root_of(users));
  TRY(enter_new(CLONE_NEWNS));
  return open_null_of(TRY(RootDir::open_host("/")));
}

Result<void> attach_root(int mount_fd) {
  const auto stage = TRY(RootDir::open_host("/"));
  return attach(mount_fd, stage.fd(), "/");
}

Result<void> enter_root(int mount_fd) {
  if (::fchdir(mount_fd) != 0) return fail_errno(errno, "enter", "the new root");
  if (::chroot(".") != 0) return fail_errno(errno, "make root", "/");
  return {};
}

}  // namespace podctl::sys
