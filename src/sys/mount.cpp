#include "podctl/sys/mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "podctl/base/text.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::sys {
namespace {

// The kernel's own words about a failed fsconfig or create, if it left any ("e overlay: …").
std::string context_log(int context) {
  std::string out;
  char buffer[512];
  for (;;) {
    const auto n = ::read(context, buffer, sizeof buffer);
    if (n <= 0) return out;
    if (!out.empty()) out += "; ";
    out.append(buffer, static_cast<std::size_t>(n));
    while (!out.empty() && out.back() == '\n') out.pop_back();
  }
}

Result<void> configure(int context, const std::string& fstype, const MountOption& option) {
  const auto& [key, value] = option;
  const int done = value.empty()
                       ? ::fsconfig(context, FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0)
                       : ::fsconfig(context, FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0);
  if (done != 0) {
    const int err = errno;
    return fail_errno(err, "set mount option", fstype + " " + key, context_log(context));
  }
  return {};
}

Result<void> change(int mount_fd, const mount_attr& attr, bool recursive, const char* op) {
  auto copy = attr;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(mount_fd, "", flags, &copy, sizeof copy) != 0) {
    return fail_errno(errno, op, "mount");
  }
  return {};
}

std::uint64_t propagation_flag(Spread spread) {
  switch (spread) {
    case Spread::kSlave:
      return MS_SLAVE;
    case Spread::kShared:
      return MS_SHARED;
    default:
      return MS_PRIVATE;
  }
}

constexpr std::size_t kMaxTable = 64 << 20;

// Blanks, line ends and backslashes stand there as "\\040": proc_pid_mounts(5).
std::string unescaped(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    int value = 0;
    const auto* digits = field.data() + i + 1;
    if (field[i] == '\\' && field.size() - i > 3 &&
        std::from_chars(digits, digits + 3, value, 8).ptr == digits + 3) {
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

// In the order in which they were mounted.
std::vector<std::string> mounted_below(const std::string& table, const std::string& path) {
  constexpr std::size_t kMountPoint = 4;  // the fifth field
  std::vector<std::string> points;
  for (const auto line : text::split(table, '\n')) {
    const auto fields = text::split(line, ' ');
    if (fields.size() <= kMountPoint) continue;
    std::string point = unescaped(fields[kMountPoint]);
    if (point.starts_with(path + "/")) points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

Result<UniqueFd> new_mount(const std::string& fstype, const std::vector<MountOption>& options,
                           std::uint64_t attributes, const std::string& source) {
  UniqueFd context(::fsopen(fstype.c_str(), FSOPEN_CLOEXEC));
  if (!context) return fail_errno(errno, "open file system", fstype);
  TRY(configure(context.get(), fstype, {"source", source.empty() ? fstype : source}));
  for (const auto& option : options) TRY(configure(context.get(), fstype, option));
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int err = errno;
    return fail_errno(err, "create file system", fstype, context_log(context.get()));
  }
  UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!mount) return fail_errno(errno, "mount", fstype);
  return mount;
}

Result<UniqueFd> clone_mount(int path_fd, bool recursive) {
  UniqueFd tree(::open_tree(
      path_fd, "",
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U)));
  if (!tree) return fail_errno(errno, "clone mount", {});
  return tree;
}

Result<void> set_attributes(int mount_fd, std::uint64_t attributes, bool recursive) {
  mount_attr attr = {};
  attr.attr_set = attributes;
  return change(mount_fd, attr, recursive, "set attributes of");
}

Result<void> clear_attributes(int mount_fd, std::uint64_t attributes, bool recursive) {
  mount_attr attr = {};
  attr.attr_clr = attributes;
  return change(mount_fd, attr, recursive, "clear attributes of");
}

Result<void> set_propagation(int mount_fd, Spread spread, bool recursive) {
  mount_attr attr = {};
  attr.propagation = propagation_flag(spread);
  return change(mount_fd, attr, recursive, "set propagation of");
}

Result<void> map_ids(int mount_fd, int users, bool recursive) {
  mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(users);
  auto done = change(mount_fd, attr, recursive, "map ids of");
  if (done || done.error().sys_errno != EINVAL) return done;
  return fail_errno(EINVAL, "map ids of", "mount",
                    "its file system, or one that is mounted below, cannot be idmapped by this "
                    "kernel, as a user namespace of the pod's own needs it");
}

Result<void> attach(int mount_fd, int target, const std::string& name) {
  if (::move_mount(mount_fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
      0) {
    return fail_errno(errno, "attach mount", name);
  }
  return {};
}

Result<void> mount_overlay(const std::string& options, int target, std::uint64_t attributes) {
  const std::string where = "/proc/thread-self/fd/" + std::to_string(target);
  const unsigned long flags = (attributes & kReadOnly) != 0 ? MS_RDONLY : 0;
  if (::mount("overlay", where.c_str(), "overlay", flags, options.c_str()) != 0) {
    return fail_errno(errno, "mount overlay", options);
  }
  return {};
}

Result<bool> unmount_below(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (!real && errno == ENOENT) return false;
  if (!real) return fail_errno(errno, "resolve", path);
  const std::string table = TRY(read_file("/proc/thread-self/mountinfo", kMaxTable));
  const auto points = mounted_below(table, real.get());
  // Who came last lies on top.
  for (auto at = points.rbegin(); at != points.rend(); ++at) {
    if (::umount2(at->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL &&
        errno != ENOENT)  // it went with one above it
      return fail_errno(errno, "unmount", *at);
  }
  return !points.empty();
}

Result<void> set_root_propagation(Spread spread) {
  if (::mount(nullptr, "/", nullptr, MS_REC | propagation_flag(spread), nullptr) != 0) {
    return fail_errno(errno, "set propagation of", "/");
  }
  return {};
}

Result<void> pivot_root(int new_root) {
  if (::fchdir(new_root) != 0) return fail_errno(errno, "enter", "the new root");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno(errno, "pivot root", {});
  // The old root lies over the new one at "."; once it is gone nothing of the host can be reached.
  if (::umount2(".", MNT_DETACH) != 0) return fail_errno(errno, "detach the old root", {});
  if (::chdir("/") != 0) return fail_errno(errno, "enter", "/");
  return {};
}

}  // namespace podctl::sys
