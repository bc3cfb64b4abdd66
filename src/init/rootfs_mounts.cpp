#include "init/rootfs_mounts.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/sys/mount.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

constexpr std::uint64_t kPlain = sys::kNoSuid | sys::kNoDev | sys::kNoExec;

Result<void> mount_at(const RootDir& root, const char* path, const UniqueFd& mount) {
  const UniqueFd target = TRY(real_directory(root, path));
  return sys::attach(mount.get(), target.get(), std::string("/") + path);
}

// One v1 hierarchy at /sys/fs/cgroup/<controllers>, the container's own group as its root by the
// cgroup namespace. cgroup_namespaces(7).
Result<void> mount_v1(const RootDir& tree, const std::string& controllers,
                      std::uint64_t attributes) {
  UniqueFd mount;
  if (controllers == "unified") {
    mount = TRY(sys::new_mount("cgroup2", {}, attributes, "cgroup"));
  } else {
    std::vector<sys::MountOption> options;
    for (const auto c : text::split(controllers, ',')) options.emplace_back(std::string(c), "");
    mount = TRY(sys::new_mount("cgroup", options, attributes, "cgroup"));
  }
  const UniqueFd target = TRY(tree.mkdir_all(controllers));
  return sys::attach(mount.get(), target.get(), "/sys/fs/cgroup/" + controllers);
}

Result<void> mount_cgroups(const RootDir& root, const Prepared& prepared, bool read_only) {
  if (prepared.cgroups.empty()) return {};
  const std::uint64_t attributes = kPlain | (read_only ? sys::kReadOnly : 0);
  if (prepared.unified_only) {
    return mount_at(root, "sys/fs/cgroup",
                    TRY(sys::new_mount("cgroup2", {}, attributes, "cgroup")));
  }
  UniqueFd tmpfs = TRY(sys::new_mount("tmpfs", {{"mode", "755"}, {"size", "64k"}}, kPlain));
  TRY(mount_at(root, "sys/fs/cgroup", tmpfs));
  // The handle that new_mount gave is the tmpfs's root: what is made below it lies on it.
  const int mounted = tmpfs.get();
  const RootDir tree(std::move(tmpfs));
  for (const auto& controllers : prepared.cgroups) TRY(mount_v1(tree, controllers, attributes));
  return read_only ? sys::set_attributes(mounted, sys::kReadOnly, false) : Result<void>();
}

// Nothing may be laid over procfs (CVE-2019-16884, CVE-2025-52881) nor over the root itself.
Result<void> check_target(const RootDir& root, int target, const wire::MountSpec& m) {
  struct statfs fs;
  struct stat at, top;
  if (::fstatfs(target, &fs) != 0 || ::fstat(target, &at) != 0 || ::fstat(root.fd(), &top) != 0) {
    return fail_errno(errno, "stat", m.target);
  }
  if (fs.f_type == PROC_SUPER_MAGIC) {
    return fail(Code::kPermissionDenied, "mount", m.target, "lies inside /proc");
  }
  if (at.st_dev == top.st_dev && at.st_ino == top.st_ino) {
    return fail(Code::kInvalidArgument, "mount", m.target, "is the root of the container");
  }
  return {};
}

Result<void> mount_volume(const RootDir& root, const wire::MountSpec& m, const Source& source) {
  const UniqueFd target =
      source.directory ? TRY(root.mkdir_all(m.target)) : TRY(root.create_file(m.target));
  TRY(check_target(root, target.get(), m));
  return sys::attach(source.mount.get(), target.get(), m.target);
}

// A volume of the image is a directory of the writable layer, and goes with it. Where the root is
// read-only it is a mount of its own: a clone of the root's, which is not yet read-only.
Result<void> open_image_volume(const RootDir& root, const wire::RootfsSpec& rootfs,
                               const std::string& path) {
  const UniqueFd directory = TRY(root.mkdir_all(path));
  if (!rootfs.read_only) return {};
  TRY(check_target(root, directory.get(), {.target = path}));
  const UniqueFd writable = TRY(sys::clone_mount(directory.get(), false));
  return sys::attach(writable.get(), directory.get(), path);
}

}  // namespace

Result<UniqueFd> real_directory(const RootDir& root, const char* path) {
  auto found = root.open_real_directory(path);
  if (found || found.error().code != Code::kNotFound) return found;
  TRY(root.mkdir_all(path));
  return root.open_real_directory(path);
}

Result<void> mount_defaults(const RootDir& root, const Prepared& prepared) {
  const auto& container = *prepared.request.container;
  const bool privileged = container.security.privileged;
  TRY(mount_at(root, "proc", TRY(sys::new_mount("proc", {}, kPlain))));
  // A new sysfs shows the network namespace of who mounts it. With the host's network, or without
  // one of its own user namespace's, the kernel allows it to root all the same.
  TRY(mount_at(root, "sys",
               TRY(sys::new_mount("sysfs", {}, kPlain | (privileged ? 0 : sys::kReadOnly)))));
  TRY(mount_cgroups(root, prepared, !privileged));
  return mount_dev(root, container);
}

Result<void> mount_volumes(const RootDir& root, const wire::ContainerSpec& container,
                           std::vector<Source>& sources) {
  for (const std::string& path : container.rootfs.volumes) {
    TRY_CONTEXT(open_image_volume(root, container.rootfs, path), "the image's volume " + path);
  }
  for (std::size_t i = 0; i < container.mounts.size(); ++i) {
    const auto& m = container.mounts[i];
    TRY_CONTEXT(mount_volume(root, m, sources[i]), "volume '" + m.name + "' at '" + m.target + "'");
    sources[i].mount.reset();
  }
  return {};
}

}  // namespace podctl::init
