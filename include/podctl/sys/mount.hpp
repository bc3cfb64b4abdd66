// Mounts as descriptors: made detached, given their flags, then attached to a descriptor. The only
// file that may call the mount family.
//
// Used by init and pause (in namespaces of their own) and rootfs (overlay). fsopen(2),
// open_tree(2), move_mount(2), mount_setattr(2); mount(2) only for propagation, and for an overlay
// whose options are longer than a string of fsconfig(2) may be. A target is always a descriptor, so
// it cannot be exchanged (CVE-2021-30465).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// MOUNT_ATTR_* of <linux/mount.h>, so that callers need not include it beside <sys/mount.h>.
inline constexpr std::uint64_t kReadOnly = 0x1, kNoSuid = 0x2, kNoDev = 0x4, kNoExec = 0x8;
inline constexpr std::uint64_t kNoSymFollow = 0x200000;

// A file system option: "size=65536k", or a flag when the value is empty.
using MountOption = std::pair<std::string, std::string>;
inline constexpr std::size_t kMaxOption = 255;  // bytes of a value; fsconfig(2)

// A new mount of a file system, attached nowhere; it vanishes with its descriptor.
Result<UniqueFd> new_mount(const std::string& fstype, const std::vector<MountOption>& options,
                           std::uint64_t attributes, const std::string& source = {});
// A detached copy of the mount (recursively, of the whole tree) at an open file or directory: a
// bind mount.
Result<UniqueFd> clone_mount(int path_fd, bool recursive);

enum class Spread : std::uint8_t { kPrivate, kSlave, kShared };

// Sets attributes on a mount, or its whole tree.
Result<void> set_attributes(int mount_fd, std::uint64_t attributes, bool recursive);
Result<void> clear_attributes(int mount_fd, std::uint64_t attributes, bool recursive);
Result<void> set_propagation(int mount_fd, Spread spread, bool recursive);
// Makes an idmapped mount of one that was never attached, or of its whole tree: ids on the file
// system are those of the user namespace. mount_setattr(2), MOUNT_ATTR_IDMAP. Not every file system
// takes it (tmpfs from Linux 6.3 on; overlay, proc, sysfs never), nor one that has it already.
Result<void> map_ids(int mount_fd, int users, bool recursive);

// Attaches a detached mount over what `target` is open at. `name` is for messages.
Result<void> attach(int mount_fd, int target, const std::string& name);

// mount(2) of overlay, with options relative to the working directory; at `target`, in this
// namespace.
Result<void> mount_overlay(const std::string& options, int target, std::uint64_t attributes);

// Unmounts what this namespace has mounted below a directory, not at the directory itself; whether
// there was anything. proc_pid_mountinfo(5), umount2(2).
Result<bool> unmount_below(const std::string& path);

// Sets the propagation of this namespace's whole tree from "/".
Result<void> set_root_propagation(Spread spread);
// Makes `new_root`, a mount point of this namespace, the root, and drops the old one:
// pivot_root(".", ".") and one MNT_DETACH; the working directory is "/" afterwards. pivot_root(2),
// NOTES.
Result<void> pivot_root(int new_root);

}  // namespace podctl::sys
