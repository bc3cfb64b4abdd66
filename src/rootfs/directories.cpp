#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "podctl/rootfs/overlay.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::rootfs {
namespace {

// A tree deeper than this was made to exhaust us; each level holds a descriptor.
constexpr int kMaxDepth = 512;

Result<void> make_directories(const std::string& path) {
  const auto host = TRY(sys::RootDir::open_host("/"));
  TRY(host.mkdir_all(path, 0755));
  return {};
}

Result<void> empty_directory(UniqueFd fd, const std::string& shown, dev_t device, int depth);

Result<void> remove_directory(int parent, const char* name, const std::string& shown, dev_t device,
                              int depth) {
  UniqueFd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0) {
    fd = UniqueFd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!fd && errno == ENOENT) return {};
  if (!fd) return fail_errno(errno, "open directory", shown);
  TRY(empty_directory(std::move(fd), shown, device, depth));
  if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return fail_errno(errno, "remove directory", shown);
  }
  return {};
}

Result<void> empty_directory(UniqueFd fd, const std::string& shown, dev_t device, int depth) {
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", shown);
  if (device != 0 && st.st_dev != device) {
    return fail(Code::kFailedPrecondition, "remove directory", shown,
                "another file system is mounted there");
  }
  if (depth > kMaxDepth) return fail(Code::kExhausted, "remove directory", shown, "too deep");
  const int borrowed = fd.get();
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), ::closedir);
  if (!dir) return fail_errno(errno, "read directory", shown);
  (void)fd.release();  // closedir closes it
  while (const dirent* entry = ::readdir(dir.get())) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    if (::unlinkat(borrowed, entry->d_name, 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR) return fail_errno(errno, "remove", shown + "/" + entry->d_name);
    TRY(remove_directory(borrowed, entry->d_name, shown + "/" + entry->d_name, st.st_dev,
                         depth + 1));
  }
  return {};
}

}  // namespace

Result<void> make_writable_layer(const std::string& upper, const std::string& work) {
  TRY(make_directories(upper));
  return make_directories(work);
}

Result<void> remove_tree(const std::string& directory) {
  return remove_directory(AT_FDCWD, directory.c_str(), directory, 0, 0);
}

}  // namespace podctl::rootfs
