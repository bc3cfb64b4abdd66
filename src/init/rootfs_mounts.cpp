#include "init/rootfs_mounts.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/sys/mount.hpp"
#include "podctl/sys/proc_fs.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

constexpr std::uint64_t kPlain = sys::kNoSuid | sys::kNoDev | sys::kNoExec;

Result<void> mount_at(const RootDir& root, const char* path, const UniqueFd& mount) {
  const UniqueFd target = TRY(real_directory(root, path));
  return sys::attach(mount.get(), target.get(), std::string("/") + path);
}

// One v1 hierarchy for /sys/fs/cgroup/<controllers>, the container's own group as its root by the
// cgroup namespace. cgroup_namespaces(7).
Result<UniqueFd> make_v1(const std::string& controllers, std::uint64_t attributes) {
  if (controllers == "unified") return sys::new_mount("cgroup2", {}, attributes, "cgroup");
  std::vector<sys::MountOption> options;
  for (const auto c : text::split(controllers, ',')) options.emplace_back(std::string(c), "");
  return sys::new_mount("cgroup", options, attributes, "cgroup");
}

Result<CgroupMounts> make_cgroups(const Cgroups& cgroups, bool read_only,
                                  const std::optional<IdRange>& users) {
  CgroupMounts made{.read_only = read_only};
  if (cgroups.shown.empty()) return made;
  const std::uint64_t attributes = kPlain | (read_only ? sys::kReadOnly : 0);
  if (cgroups.unified_only) {
    made.top = TRY(sys::new_mount("cgroup2", {}, attributes, "cgroup"));
    return made;
  }
  made.top = TRY(sys::new_mount("tmpfs", for_root_of(users, "64k"), kPlain));
  for (const auto& controllers : cgroups.shown) {
    UniqueFd hierarchy = TRY(make_v1(controllers, attributes));
    made.hierarchies.emplace_back(controllers, std::move(hierarchy));
  }
  return made;
}

Result<void> mount_cgroups(const RootDir& root, CgroupMounts cgroups) {
  if (!cgroups.top) return {};
  TRY(mount_at(root, "sys/fs/cgroup", cgroups.top));
  if (cgroups.hierarchies.empty()) return {};
  // The handle is the tmpfs's root: what is made below it lies on it.
  const RootDir tree(std::move(cgroups.top));
  for (const auto& [controllers, mount] : cgroups.hierarchies) {
    const UniqueFd target = TRY(tree.mkdir_all(controllers));
    TRY(sys::attach(mount.get(), target.get(), "/sys/fs/cgroup/" + controllers));
  }
  return cgroups.read_only ? sys::set_attributes(tree.fd(), sys::kReadOnly, false) : Result<void>();
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

std::vector<sys::MountOption> for_root_of(const std::optional<IdRange>& users,
                                          const std::string& size) {
  std::vector<sys::MountOption> options = {{"mode", "755"}, {"size", size}};
  if (users) {
    options.emplace_back("uid", std::to_string(users->first));
    options.emplace_back("gid", std::to_string(users->first));
  }
  return options;
}

Result<UniqueFd> real_directory(const RootDir& root, const char* path) {
  auto found = root.open_real_directory(path);
  if (found || found.error().code != Code::kNotFound) return found;
  TRY(root.mkdir_all(path));
  return root.open_real_directory(path);
}

Result<UniqueFd> take_proc(const std::string& path) {
  const auto proc = TRY(sys::ProcFs::open(path));
  UniqueFd mount = TRY(sys::clone_mount(proc.root(), false));
  TRY(sys::set_attributes(mount.get(), kPlain, false));
  return mount;
}

Result<Defaults> make_defaults(const Cgroups& cgroups, bool own_pids, bool privileged,
                               const std::optional<IdRange>& users) {
  Defaults made;
  if (own_pids) made.proc = TRY(sys::new_mount("proc", {}, kPlain));
  // A new sysfs shows the network namespace of who mounts it. With the host's network, or without
  // one of its own user namespace's, the kernel allows it to root all the same.
  made.sys = TRY(sys::new_mount("sysfs", {}, kPlain | (privileged ? 0 : sys::kReadOnly)));
  made.cgroups = TRY(make_cgroups(cgroups, !privileged, users));
  made.dev = TRY(make_dev(privileged, users));
  return made;
}

Result<void> mount_defaults(const RootDir& root, Defaults defaults,
                            const wire::ContainerSpec& container) {
  TRY(mount_at(root, "proc", defaults.proc));
  TRY(mount_at(root, "sys", defaults.sys));
  TRY(mount_cgroups(root, std::move(defaults.cgroups)));
  return mount_dev(root, std::move(defaults.dev), container);
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
