#include "layer_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/base/text.hpp"

namespace podctl::image {
namespace {

constexpr std::size_t kMaxPath = 4095;
constexpr int kMaxHops = 40;  // as the kernel follows

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

Result<UniqueFd> LayerRoot::open_parent(const std::string& path, bool make, int hops) {
  constexpr int kFlags = O_PATH | O_DIRECTORY;
  auto found = root_.open(path, kFlags);
  const bool missing =
      !found && (found.error().sys_errno == ENOENT || found.error().sys_errno == ENOTDIR);
  if (found || !make || !missing || path.empty()) return found;
  const auto slash = path.rfind('/');
  const std::string above = slash == std::string::npos ? std::string() : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const auto parent = TRY(open_parent(above, true, hops));
  if (::mkdirat(parent.get(), name.c_str(), 0755) == 0) return root_.open(path, kFlags);
  if (errno != EEXIST) return fail_errno(errno, "make directory", path);
  if (is_whiteout(parent.get(), name)) return replace_whiteout(parent.get(), name, path);
  TRY(make_target(parent.get(), name, above, hops));
  return root_.open(path, kFlags);
}

// A whiteout followed by something below its name: the lower layers' directory was replaced.
Result<UniqueFd> LayerRoot::replace_whiteout(int parent, const std::string& name,
                                             const std::string& path) {
  if (::unlinkat(parent, name.c_str(), 0) != 0 || ::mkdirat(parent, name.c_str(), 0755) != 0)
    return fail_errno(errno, "replace whiteout", path);
  auto made = TRY(directory(path));
  TRY(make_opaque(made.get(), path));
  return made;
}

// A symlink whose target is not in this layer: the target is made, in-root as always, since a lower
// layer has it (var/run -> /run). What the link says is only where to make it; the kernel resolves
// again.
Result<void> LayerRoot::make_target(int parent, const std::string& name, const std::string& above,
                                    int hops) {
  std::string target(kMaxPath, '\0');
  const ssize_t n = ::readlinkat(parent, name.c_str(), target.data(), target.size());
  if (n <= 0) return {};  // no symlink; opening it again tells what is wrong
  if (hops >= kMaxHops) return fail_errno(ELOOP, "make directory", name);
  target.resize(static_cast<std::size_t>(n));
  const auto clean = TRY(clean_path(target.starts_with('/') ? target : above + "/" + target));
  TRY(open_parent(clean, true, hops + 1));
  return {};
}

Result<Place> LayerRoot::place(const std::string& path, bool make) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  if (parent != parent_path_) {
    parent_path_ = "/";
    parent_ = TRY(open_parent(parent, make, 0));
    parent_path_ = parent;
  }
  return Place{parent_.get(), slash == std::string::npos ? path : path.substr(slash + 1)};
}

Result<UniqueFd> LayerRoot::directory(const std::string& path) const {
  return root_.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<UniqueFd> LayerRoot::file(const std::string& path) const {
  // O_NONBLOCK: a fifo must not hold us.
  auto fd = TRY(root_.open(path, O_RDONLY | O_NONBLOCK));
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
