#include "layer_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/base/text.hpp"

namespace podctl::image {
namespace {

constexpr std::size_t kMaxPath = 4095;

Result<UniqueFd> open_in_root(int root, const std::string& path, std::uint64_t flags,
                              std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  const char* name = path.empty() ? "." : path.c_str();
  // EAGAIN: a rename raced with a ".."; nobody else works in here, so a few tries are plenty.
  for (int tries = 0;; ++tries) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof how)));
    if (fd) return fd;
    if ((errno != EAGAIN && errno != EINTR) || tries == 16)
      return fail_errno(errno, "open in layer", path);
  }
}

}  // namespace

Result<std::string> clean_path(std::string_view path) {
  if (path.size() > kMaxPath || path.find('\0') != std::string_view::npos)
    return fail(Code::kCorrupt, "read path", "\"" + std::string(path.substr(0, 80)) + "\"",
                "longer than 4095 bytes or with a NUL");
  std::string out;
  std::string_view last;
  for (const auto part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && out.empty()) continue;
    if (!out.empty()) out += '/';
    out += part;
    last = part;
  }
  if (last == "..")
    return fail(Code::kCorrupt, "read path", "\"" + std::string(path) + "\"", "ends in \"..\"");
  return out;
}

Result<UniqueFd> LayerRoot::open_parent(const std::string& path, bool make) {
  constexpr std::uint64_t kFlags = O_PATH | O_DIRECTORY;
  auto found = open_in_root(root_.get(), path, kFlags, 0);
  const bool missing =
      !found && (found.error().sys_errno == ENOENT || found.error().sys_errno == ENOTDIR);
  if (found || !make || !missing || path.empty()) return found;
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  auto parent =
      TRY(open_parent(slash == std::string::npos ? std::string() : path.substr(0, slash), true));
  // A whiteout followed by something below its name: the directory was replaced.
  const bool replaced = is_whiteout(parent.get(), name);
  if (replaced && ::unlinkat(parent.get(), name.c_str(), 0) != 0)
    return fail_errno(errno, "remove whiteout", path);
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
    return fail_errno(errno, "make directory", path);
  if (replaced) {
    UniqueFd made(
        ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return fail_errno(errno, "open directory", path);
    TRY(make_opaque(made.get(), path));
  }
  return open_in_root(root_.get(), path, kFlags, 0);
}

Result<Place> LayerRoot::place(const std::string& path, bool make) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  if (parent != parent_path_) {
    parent_path_ = "/";
    parent_ = TRY(open_parent(parent, make));
    parent_path_ = parent;
  }
  return Place{parent_.get(), slash == std::string::npos ? path : path.substr(slash + 1)};
}

Result<UniqueFd> LayerRoot::directory(const std::string& path) const {
  return open_in_root(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

Result<UniqueFd> LayerRoot::file(const std::string& path) const {
  // O_NONBLOCK: a fifo must not hold us.
  auto fd = TRY(open_in_root(root_.get(), path, O_RDONLY | O_NONBLOCK, 0));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", path);
  if (!S_ISREG(st.st_mode)) return fail(Code::kCorrupt, "open", path, "not a regular file");
  return fd;
}

bool is_whiteout(int parent, const std::string& name) {
  struct stat st {};
  return ::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
         st.st_rdev == 0;
}

Result<void> make_opaque(int directory, const std::string& path) {
  if (::fsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0) != 0)
    return fail_errno(errno, "mark opaque", path);
  return {};
}

}  // namespace podctl::image
