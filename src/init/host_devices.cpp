#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "init/rootfs_mounts.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

constexpr int kMaxDepth = 8;

// What a container has of its own: terminals, queues, shared memory, links to its own descriptors.
bool own(const std::string& path) {
  for (const char* name : {"pts", "shm", "mqueue", "fd", "console", "ptmx"}) {
    if (path == name) return true;
  }
  return false;
}

Result<void> copy_node(const RootDir& to, const std::string& path, const struct stat& st) {
  const auto slash = path.rfind('/');
  if (slash != std::string::npos) TRY(to.mkdir_all(path.substr(0, slash)));
  auto made = to.make_node(path, st.st_mode, st.st_rdev);
  if (!made && made.error().code == Code::kAlreadyExists) return {};  // one of the default nodes
  if (!made) return made;
  const UniqueFd node = TRY(to.open_path(path, false));
  if (::fchownat(node.get(), "", st.st_uid, st.st_gid, AT_EMPTY_PATH) != 0) {
    return fail_errno(errno, "change owner of", "/dev/" + path);
  }
  return {};
}

Result<void> copy_below(const RootDir& from, const RootDir& to, const std::string& directory,
                        int depth) {
  UniqueFd fd = TRY(from.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), ::closedir);
  if (!dir) return fail_errno(errno, "list directory", "/dev/" + directory);
  const int listed = fd.release();  // closedir closes it
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    const std::string path = directory.empty() ? name : directory + "/" + name;
    if (name == "." || name == ".." || own(path)) continue;
    struct stat st;
    if (::fstatat(listed, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // unplugged meanwhile
      return fail_errno(errno, "stat", "/dev/" + path);
    }
    if (S_ISDIR(st.st_mode) && depth < kMaxDepth) TRY(copy_below(from, to, path, depth + 1));
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) TRY(copy_node(to, path, st));
  }
  return {};
}

}  // namespace

Result<void> copy_host_devices(const RootDir& dev) {
  const RootDir host = TRY(RootDir::open_host("/dev"));
  return copy_below(host, dev, {}, 0);
}

}  // namespace podctl::init
