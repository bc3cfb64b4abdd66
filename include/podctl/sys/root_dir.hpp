// A directory tree that may be hostile, and every operation that podctl does inside one.
//
// Used by init (a container's rootfs), image (layers being unpacked), rootfs and the shim (volumes
// with subPath). Each path is resolved once, by openat2(2) with RESOLVE_IN_ROOT |
// RESOLVE_NO_MAGICLINKS, so no symlink leads out of the tree however it is exchanged meanwhile
// (CVE-2021-30465, CVE-2017-1002101); what comes back is a descriptor, and work goes on with that.
// Never returns a path, never follows /proc links.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// How an absolute or climbing symlink is met: taken from the tree's root, as a chroot does, or
// refused.
enum class Resolve : std::uint8_t { kInRoot, kBeneath };

class RootDir {
 public:
  // Takes an O_PATH or O_DIRECTORY descriptor of the root.
  explicit RootDir(UniqueFd root, Resolve mode = Resolve::kInRoot)
      : root_(std::move(root)), mode_(mode) {}
  // Opens a directory that podctl itself chose (its path is trusted).
  static Result<RootDir> open_host(const std::string& path, Resolve mode = Resolve::kInRoot);

  int fd() const { return root_.get(); }

  // `path` is taken from the root whether it begins with "/" or not; "" is the root itself. `flags`
  // as for open(2), O_CLOEXEC is added; `mode` with O_CREAT. The last component may be a symlink
  // unless O_NOFOLLOW.
  Result<UniqueFd> open(std::string_view path, int flags, mode_t mode = 0) const;
  // A handle of whatever is there, for mounts and *at calls.
  Result<UniqueFd> open_path(std::string_view path, bool follow = true) const;
  // An existing directory, refused when `path` itself is a symlink (CVE-2019-19921,
  // CVE-2026-41579).
  Result<UniqueFd> open_real_directory(std::string_view path) const;

  // Makes the directories that are missing; yields the last. What exists, symlinks included, is
  // followed inside the tree. kFailedPrecondition when something on the way is no directory.
  Result<UniqueFd> mkdir_all(std::string_view path, mode_t mode = 0755) const;
  // Makes an empty file, its directories too, if nothing is there; yields an O_PATH handle.
  Result<UniqueFd> create_file(std::string_view path, mode_t mode = 0644) const;

  // These act on the last component itself, in a parent resolved as above.
  Result<void> make_symlink(const std::string& target, std::string_view path) const;
  Result<void> make_node(std::string_view path, mode_t mode, dev_t device) const;
  Result<void> remove(std::string_view path) const;
  // The whole file, at most `limit` bytes; kExhausted beyond. Only regular files.
  Result<std::string> read_file(std::string_view path, std::size_t limit = 1U << 20) const;

 private:
  struct Split {
    UniqueFd parent;
    std::string name;
  };
  Result<Split> split(std::string_view path) const;
  Result<UniqueFd> resolve(int at, std::string_view path, std::uint64_t flags, mode_t mode) const;

  UniqueFd root_;
  Resolve mode_;
};

// The file behind an O_PATH handle, opened anew with real access (through /proc/thread-self/fd,
// which is checked to be procfs). For regular files and directories only: never a device or a fifo.
Result<UniqueFd> reopen(int path_fd, int flags);

}  // namespace podctl::sys
