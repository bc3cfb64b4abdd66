#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "init/rootfs_mounts.hpp"
#include "podctl/sys/file_ids.hpp"
#include "podctl/sys/mount.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

struct Node {
  const char* name;
  unsigned major, minor;
};
constexpr Node kNodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                           {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

struct Link {
  const char *name, *target;
};
constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                           {"stdin", "/proc/self/fd/0"},
                           {"stdout", "/proc/self/fd/1"},
                           {"stderr", "/proc/self/fd/2"},
                           {"ptmx", "pts/ptmx"}};

// On a tmpfs that is attached nowhere yet: nobody can have put anything into it.
Result<void> fill(const RootDir& dev) {
  for (const auto& node : kNodes) {
    TRY(dev.make_node(node.name, S_IFCHR | 0666, makedev(node.major, node.minor)));
  }
  for (const auto& link : kLinks) TRY(dev.make_symlink(link.target, link.name));
  for (const char* name : {"pts", "mqueue", "shm"}) TRY(dev.mkdir_all(name));
  return {};
}

Result<void> add_device(const RootDir& root, const wire::DeviceNode& device) {
  const mode_t type = device.type == 'b' ? S_IFBLK : S_IFCHR;
  const auto slash = device.path.rfind('/');
  if (!device.path.starts_with("/dev/") || slash + 1 == device.path.size()) {
    return fail(Code::kInvalidArgument, "make device node", device.path, "not below /dev");
  }
  const UniqueFd parent = TRY(root.mkdir_all(device.path.substr(0, slash)));
  const std::string name = device.path.substr(slash + 1);
  struct statfs fs;
  if (::fstatfs(parent.get(), &fs) != 0 || fs.f_type != TMPFS_MAGIC) {
    return fail(Code::kPermissionDenied, "make device node", device.path,
                "does not lie on our /dev");
  }
  const auto number = makedev(device.major, device.minor);
  if (::mknodat(parent.get(), name.c_str(), type | (device.mode & 07777), number) != 0) {
    if (errno == EEXIST) return {};  // one of the default nodes
    return fail_errno(errno, "make device node", device.path);
  }
  if (::fchownat(parent.get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(errno, "change owner of", device.path);
  }
  return {};
}

}  // namespace

// Devices of the host keep their owners, who are nobody in a user namespace: its root may use those
// that all may.
Result<Dev> make_dev(bool privileged, const std::optional<IdRange>& users) {
  Dev made;
  made.top = RootDir(TRY(sys::new_mount("tmpfs", for_root_of(users, "65536k"), sys::kNoSuid)));
  {
    const auto as = TRY(sys::FileIds::of_root(users));
    TRY(fill(made.top));
    if (privileged) TRY(copy_host_devices(made.top));
  }
  // 5 is "tty" in every distribution: a slave belongs to it, as grantpt(3) wants.
  const std::string tty = std::to_string((users ? users->first : 0) + 5);
  made.pts = TRY(sys::new_mount(
      "devpts", {{"newinstance", ""}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", tty}},
      sys::kNoSuid | sys::kNoExec));
  made.mqueue = TRY(sys::new_mount("mqueue", {}, sys::kNoSuid | sys::kNoDev | sys::kNoExec));
  return made;
}

Result<void> mount_dev(const RootDir& root, Dev dev, const wire::ContainerSpec& container) {
  const UniqueFd target = TRY(real_directory(root, "dev"));
  TRY(sys::attach(dev.top.fd(), target.get(), "/dev"));
  TRY(sys::attach(dev.pts.get(), TRY(dev.top.open_real_directory("pts")).get(), "/dev/pts"));
  TRY(sys::attach(dev.mqueue.get(), TRY(dev.top.open_real_directory("mqueue")).get(),
                  "/dev/mqueue"));
  for (const auto& device : container.devices) TRY(add_device(root, device));
  return {};
}

}  // namespace podctl::init
