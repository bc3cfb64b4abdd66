#include "podctl/sys/root_dir.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "podctl/base/text.hpp"

namespace podctl::sys {
namespace {

// openat2(2) answers EAGAIN when a rename or mount raced with ".." or a symlink. A hostile tree can
// do that for ever; 128 tries outlast any honest one.
constexpr int kMaxTries = 128;

std::string shown(std::string_view path) { return path.empty() ? "." : std::string(path); }

// The path without leading slashes, so that it is relative to the root.
std::string relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return shown(path);
}

// Components without "." and empty ones. ".." stays: it is resolved by the kernel.
std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> out;
  for (const auto part : text::split(path, '/')) {
    if (!part.empty() && part != ".") out.push_back(part);
  }
  return out;
}

}  // namespace

Result<RootDir> RootDir::open_host(const std::string& path, Resolve mode) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", path);
  return RootDir(std::move(fd), mode);
}

Result<UniqueFd> RootDir::resolve(int at, std::string_view path, std::uint64_t flags,
                                  mode_t mode) const {
  if (path.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalidArgument, "open", std::string(path.data()), "a NUL byte in a path");
  }
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve =
      RESOLVE_NO_MAGICLINKS | (mode_ == Resolve::kInRoot ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
  const std::string name = relative(path);
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, at, name.c_str(), &how, sizeof how)));
    if (fd) return fd;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  const int err = errno;
  if (err == EXDEV) {
    return fail(Code::kPermissionDenied, "open", shown(path),
                "the path leads out of its directory");
  }
  return fail_errno(err, "open", shown(path));
}

Result<UniqueFd> RootDir::open(std::string_view path, int flags, mode_t mode) const {
  return resolve(root_.get(), path, static_cast<std::uint64_t>(flags), mode);
}

Result<UniqueFd> RootDir::open_path(std::string_view path, bool follow) const {
  return open(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
}

Result<UniqueFd> RootDir::open_real_directory(std::string_view path) const {
  UniqueFd fd = TRY(open(path, O_PATH | O_NOFOLLOW));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", std::string(path));
  if (S_ISLNK(st.st_mode)) {
    return fail(Code::kPermissionDenied, "open directory", std::string(path),
                "is a symbolic link; a real directory is needed there");
  }
  if (!S_ISDIR(st.st_mode)) return fail_errno(ENOTDIR, "open directory", std::string(path));
  return fd;
}

Result<UniqueFd> RootDir::mkdir_all(std::string_view path, mode_t mode) const {
  std::string done;
  UniqueFd at = TRY(open("", O_PATH | O_DIRECTORY));
  for (const auto part : components(path)) {
    const std::string name(part);
    std::string next = done.empty() ? name : done + "/" + name;
    auto found = open(next, O_PATH | O_DIRECTORY);
    if (!found && found.error().code == Code::kNotFound) {
      // A dangling symlink is there but not to be followed: EEXIST here, ENOENT again below.
      if (::mkdirat(at.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
        return fail_errno(errno, "make directory", next);
      }
      found = open(next, O_PATH | O_DIRECTORY);
    }
    if (!found && found.error().sys_errno == ENOTDIR) {
      return fail(Code::kFailedPrecondition, "make directory", next, "is not a directory");
    }
    at = TRY(std::move(found));
    done = std::move(next);
  }
  return at;
}

Result<RootDir::Split> RootDir::split(std::string_view path) const {
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto parent = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  if (name.empty() || name == "." || name == "..") {
    return fail(Code::kInvalidArgument, "resolve", std::string(path), "names no entry");
  }
  return Split{TRY(open(parent, O_PATH | O_DIRECTORY)), std::string(name)};
}

Result<UniqueFd> RootDir::create_file(std::string_view path, mode_t mode) const {
  if (auto there = open_path(path); there || there.error().code != Code::kNotFound) return there;
  const auto slash = path.rfind('/');
  if (slash != std::string_view::npos) TRY(mkdir_all(path.substr(0, slash)));
  const Split at = TRY(split(path));
  UniqueFd made(::openat(at.parent.get(), at.name.c_str(),
                         O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode));
  // A dangling symlink stands there: the kernel makes the file it names, if that is inside the
  // tree.
  if (!made && errno == EEXIST) return open(path, O_RDONLY | O_CREAT | O_NONBLOCK, mode);
  if (!made) return fail_errno(errno, "create", std::string(path));
  return open_path(path);
}

Result<void> RootDir::make_symlink(const std::string& target, std::string_view path) const {
  const Split at = TRY(split(path));
  if (::symlinkat(target.c_str(), at.parent.get(), at.name.c_str()) != 0) {
    return fail_errno(errno, "make symlink", std::string(path));
  }
  return {};
}

Result<void> RootDir::make_node(std::string_view path, mode_t mode, dev_t device) const {
  const Split at = TRY(split(path));
  if (::mknodat(at.parent.get(), at.name.c_str(), mode, device) != 0) {
    return fail_errno(errno, "make device node", std::string(path));
  }
  return {};
}

Result<void> RootDir::remove(std::string_view path) const {
  const Split at = TRY(split(path));
  if (::unlinkat(at.parent.get(), at.name.c_str(), 0) == 0) return {};
  if (errno == EISDIR && ::unlinkat(at.parent.get(), at.name.c_str(), AT_REMOVEDIR) == 0) return {};
  return fail_errno(errno, "remove", std::string(path));
}

Result<std::string> RootDir::read_file(std::string_view path, std::size_t limit) const {
  // O_NONBLOCK: a fifo put there must not hold us.
  UniqueFd fd = TRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", std::string(path));
  if (!S_ISREG(st.st_mode)) {
    return fail(Code::kInvalidArgument, "read", std::string(path), "not a regular file");
  }
  std::string out;
  char buffer[8192];
  for (;;) {
    const auto n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", std::string(path));
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > limit) {
      return fail(Code::kExhausted, "read", std::string(path),
                  "larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Result<UniqueFd> reopen(int path_fd, int flags) {
  struct stat st;
  if (::fstat(path_fd, &st) != 0) return fail_errno(errno, "stat", "descriptor");
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
    return fail(Code::kInvalidArgument, "reopen", "descriptor", "neither a file nor a directory");
  }
  UniqueFd links(::open("/proc/thread-self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!links) return fail_errno(errno, "open", "/proc/thread-self/fd");
  struct statfs fs;
  if (::fstatfs(links.get(), &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC) {
    return fail(Code::kPermissionDenied, "open", "/proc/thread-self/fd", "not procfs");
  }
  UniqueFd fd(::openat(links.get(), std::to_string(path_fd).c_str(), flags | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "reopen", "descriptor " + std::to_string(path_fd));
  return fd;
}

}  // namespace podctl::sys
