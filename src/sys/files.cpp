#include "podctl/sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/sys/mount.hpp"
#include "tree_walk.hpp"

namespace podctl::sys {
namespace {

constexpr int kMaxDepth = 32, kMaxRounds = 3;
constexpr std::size_t kMaxRemains = 64;

// A tree that is being removed. Whoever made it may have nested it deeper than there are
// descriptors: what lies deeper than kMaxDepth is moved up to its root and comes later.
struct Tree {
  Remains* remains = nullptr;
  int root = -1;  // borrowed
  std::size_t moved = 0;

  bool keeps() const { return remains != nullptr && remains->size() < kMaxRemains; }
};

// 0, or errno.
int remove_file(Tree& tree, int directory, const char* name, unsigned char type) {
  UniqueFd kept;
  if (type == DT_REG && tree.keeps()) {
    kept = UniqueFd(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }
  if (::unlinkat(directory, name, 0) != 0) return errno;
  if (kept) tree.remains->push_back(std::move(kept));
  return 0;
}

Result<void> remove_entry(Tree& tree, int directory, const char* name, unsigned char type,
                          const std::string& path, int depth);

Result<void> empty_directory(Tree& tree, int fd, const std::string& path, int depth) {
  Result<void> result;
  alignas(dirent64) char names[2048];
  for (;;) {
    const ssize_t size = ::getdents64(fd, names, sizeof names);
    if (size < 0 && errno == ENOENT) return result;  // somebody else has removed it meanwhile
    if (size < 0) return fail_errno(errno, "list directory", path);
    if (size == 0) return result;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(names + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      auto done = remove_entry(tree, fd, entry->d_name, entry->d_type, path, depth);
      if (!done && result) result = std::move(done);
    }
  }
}

Result<void> move_up(Tree& tree, int directory, const char* name, const std::string& full) {
  for (;;) {
    const std::string free = ".moved-" + std::to_string(tree.moved++);
    if (::renameat2(directory, name, tree.root, free.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EEXIST) return fail_errno(errno, "move directory", full);
  }
}

Result<void> remove_entry(Tree& tree, int directory, const char* name, unsigned char type,
                          const std::string& path, int depth) {
  const std::string full = path + "/" + name;
  int not_removed = 0;
  if (type != DT_DIR) {
    const int err = remove_file(tree, directory, name, type);
    if (err == 0 || err == ENOENT) return {};
    if (err != EISDIR && err != EPERM) return fail_errno(err, "remove file", full);
    not_removed = err;
  }
  if (depth == kMaxDepth) return move_up(tree, directory, name, full);
  UniqueFd fd = open_below(directory, name);
  if (!fd && errno == ENOENT) return {};  // somebody else removes it too
  if (!fd && errno == ENOTDIR && not_removed != 0)
    return fail_errno(not_removed, "remove file", full);
  if (!fd && errno == EXDEV) {
    return fail(Code::kFailedPrecondition, "remove directory", full, "something is mounted there");
  }
  if (!fd) return fail_errno(errno, "open directory", full);
  if (depth == 0) tree.root = fd.get();
  for (int round = 1;; ++round) {
    std::size_t moved = 0;
    do {
      moved = tree.moved;
      if (::lseek(fd.get(), 0, SEEK_SET) < 0) return fail_errno(errno, "list directory", full);
      TRY(empty_directory(tree, fd.get(), full, depth + 1));
    } while (depth == 0 && tree.moved != moved);
    if (::unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT) break;
    // Somebody has put something there meanwhile, as who compresses a log.
    if (errno != ENOTEMPTY || round == kMaxRounds)
      return fail_errno(errno, "remove directory", full);
  }
  if (tree.keeps()) tree.remains->push_back(std::move(fd));
  return {};
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write file", path);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

std::string beside(const std::string& path) { return path + ".new"; }

Result<UniqueFd> write_beside(const std::string& path, std::string_view content, unsigned mode) {
  const std::string name = beside(path);
  UniqueFd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno(errno, "make file", name);
  if (::fchmod(fd.get(), mode) != 0) return fail_errno(errno, "set mode", name);
  TRY(write_all(fd.get(), content, name));
  return fd;
}

Result<void> move_into_place(const std::string& path) {
  if (::rename(beside(path).c_str(), path.c_str()) != 0)
    return fail_errno(errno, "rename file", path);
  return {};
}

// What the umask took from the mode that something was made with. A change of mode that changes
// nothing costs as much as one that does: the file system writes the inode.
Result<void> complete_mode(const std::string& path, unsigned mode) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return fail_errno(errno, "stat", path);
  if ((st.st_mode & 07777) == mode) return {};
  if (::chmod(path.c_str(), mode) != 0) return fail_errno(errno, "set mode", path);
  return {};
}

}  // namespace

Result<void> make_directories(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0) return complete_mode(path, mode);
  if (errno == EEXIST) return {};
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    return fail_errno(errno, "make directory", path);
  }
  TRY(make_directories(path.substr(0, slash), 0755));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail_errno(errno, "make directory", path);
  }
  return complete_mode(path, mode);
}

Result<void> give_to_group(const std::string& path, unsigned gid) {
  if (::lchown(path.c_str(), static_cast<uid_t>(-1), gid) != 0)
    return fail_errno(errno, "give to group " + std::to_string(gid), path);
  return {};
}

Result<void> give_to(const std::string& path, unsigned uid, unsigned gid) {
  if (::lchown(path.c_str(), uid, gid) != 0)
    return fail_errno(errno, "give to user " + std::to_string(uid), path);
  return {};
}

Result<void> fill_file(const std::string& path, std::string_view content) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open file", path);
  return write_all(fd.get(), content, path);
}

Result<void> write_file(const std::string& path, std::string_view content, unsigned mode) {
  TRY(write_beside(path, content, mode));
  return move_into_place(path);
}

Result<void> write_file_to_disk(const std::string& path, std::string_view content, unsigned mode) {
  const UniqueFd fd = TRY(write_beside(path, content, mode));
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "write to disk", path);
  TRY(move_into_place(path));
  const std::string parent = path.substr(0, path.rfind('/'));
  const UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail_errno(errno, "open directory", parent);
  if (::fsync(directory.get()) != 0) return fail_errno(errno, "write directory to disk", parent);
  return {};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open file", path);
  std::string content;
  char buffer[4096];
  while (content.size() < limit) {
    const ssize_t n = ::read(fd.get(), buffer, std::min(sizeof(buffer), limit - content.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read file", path);
    if (n == 0) break;
    content.append(buffer, static_cast<std::size_t>(n));
  }
  return content;
}

Result<UniqueFd> open_null() {
  UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", "/dev/null");
  return fd;
}

Result<void> remove_tree(const std::string& path, Remains* remains) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = path.substr(0, slash);
  const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};
  if (!fd) return fail_errno(errno, "open directory", parent);
  Tree tree{.remains = remains};
  return remove_entry(tree, fd.get(), path.c_str() + slash + 1, DT_UNKNOWN, parent, 0);
}

Result<void> remove_tree_at(int directory, const std::string& name) {
  Tree tree;
  return remove_entry(tree, directory, name.c_str(), DT_UNKNOWN, ".", 0);
}

Result<void> remove_tree_and_mounts(const std::string& path, Remains* remains) {
  auto removed = remove_tree(path, remains);
  if (removed || !TRY(unmount_below(path))) return removed;
  return remove_tree(path, remains);
}

}  // namespace podctl::sys
