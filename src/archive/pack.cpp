#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "podctl/archive/tree.hpp"

namespace podctl::archive {
namespace {

constexpr std::size_t kBlock = 64U << 10;
constexpr int kDeepest = 200;  // directories in each other; each holds a descriptor
// Of a file that says that it is empty, as those of /proc do: what it holds has to be read before
// its header is written, in the container's memory.
constexpr std::size_t kMostUnsaid = 4U << 20;

class Packer {
 public:
  Packer(const Sink& sink, const Warn& warn) : sink_(sink), warn_(warn) {}

  // `path` is the entry's own, `name` how it is reached from `at`.
  Result<void> pack(int at, const std::string& name, const std::string& path, int depth) {
    const int follow = path == "." ? 0 : O_NOFOLLOW;
    struct stat st;
    if (::fstatat(at, name.c_str(), &st, follow != 0 ? AT_SYMLINK_NOFOLLOW : 0) != 0) {
      if (path == ".") return fail_errno(errno, "read", name);
      return left_out(path, ::strerrordesc_np(errno));
    }
    if (S_ISLNK(st.st_mode)) return symlink(at, name, path, st);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
      return left_out(path, "neither a file nor a directory");
    // O_NONBLOCK: what was a file a moment ago may be a fifo now.
    UniqueFd fd(::openat(at, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | follow));
    if (!fd && path == ".") return fail_errno(errno, "open", name);
    if (!fd) return left_out(path, ::strerrordesc_np(errno));
    if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", name);
    if (S_ISDIR(st.st_mode)) return directory(std::move(fd), path, st, depth);
    if (S_ISREG(st.st_mode)) return file(fd.get(), path, st);
    return left_out(path, "neither a file nor a directory");
  }
  bool complete() const { return complete_; }

 private:
  static Entry entry_of(EntryType type, const std::string& path, const struct stat& st) {
    Entry entry;
    entry.type = type;
    entry.path = path;
    entry.mode = st.st_mode & 07777;
    entry.uid = st.st_uid;
    entry.gid = st.st_gid;
    return entry;
  }

  Result<void> left_out(const std::string& path, const char* why) {
    complete_ = false;
    warn_("\"" + path + "\" is left out: " + why);
    return {};
  }

  Result<void> symlink(int at, const std::string& name, const std::string& path,
                       const struct stat& st) {
    std::string target(4096, '\0');
    const auto n = ::readlinkat(at, name.c_str(), target.data(), target.size());
    if (n < 0) return left_out(path, ::strerrordesc_np(errno));
    Entry entry = entry_of(EntryType::kSymlink, path, st);
    entry.link = target.substr(0, static_cast<std::size_t>(n));
    return sink_(encode_header(entry));
  }

  Result<void> directory(UniqueFd fd, const std::string& path, const struct stat& st, int depth) {
    if (depth > kDeepest) return left_out(path, "too many directories in each other");
    TRY(sink_(encode_header(entry_of(EntryType::kDirectory, path, st))));
    for (const std::string& name : TRY(names_in(fd.get(), path))) {
      TRY(pack(fd.get(), name, path == "." ? name : path + "/" + name, depth + 1));
    }
    return {};
  }

  static Result<std::vector<std::string>> names_in(int fd, const std::string& path) {
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0) return fail_errno(errno, "read directory", path);
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(own), ::closedir);
    if (!dir) {
      ::close(own);
      return fail_errno(errno, "read directory", path);
    }
    std::vector<std::string> names;
    while (const auto* item = ::readdir(dir.get())) {
      const std::string name = item->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // As long as it was when it was looked at: what grows is cut, what shrinks is filled with zeros.
  Result<void> file(int fd, const std::string& path, const struct stat& st) {
    Entry entry = entry_of(EntryType::kFile, path, st);
    entry.size = static_cast<std::uint64_t>(st.st_size);
    if (entry.size == 0) return unsaid(fd, std::move(entry));
    TRY(sink_(encode_header(entry)));
    static std::array<char, kBlock> block;
    for (std::uint64_t left = entry.size; left > 0;) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, block.size()));
      auto n = ::read(fd, block.data(), want);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && left == entry.size) TRY(left_out(path, ::strerrordesc_np(errno)));
      if (n <= 0) {
        block.fill('\0');
        n = static_cast<ssize_t>(want);
        complete_ = false;
      }
      TRY(sink_(std::string_view(block.data(), static_cast<std::size_t>(n))));
      left -= static_cast<std::uint64_t>(n);
    }
    return sink_(padding(entry.size));
  }

  // To its end, however long it turns out to be.
  Result<void> unsaid(int fd, Entry entry) {
    std::string content;
    while (content.size() <= kMostUnsaid) {
      std::array<char, 4096> block;
      const auto n = ::read(fd, block.data(), block.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && content.empty()) return left_out(entry.path, ::strerrordesc_np(errno));
      if (n < 0) complete_ = false;
      if (n <= 0) break;
      content.append(block.data(), static_cast<std::size_t>(n));
    }
    if (content.size() > kMostUnsaid)
      return left_out(entry.path, "it does not say how large it is, and has no end within 4 MiB");
    entry.size = content.size();
    TRY(sink_(encode_header(entry)));
    TRY(sink_(content));
    return sink_(padding(entry.size));
  }

  const Sink& sink_;
  const Warn& warn_;
  bool complete_ = true;
};

}  // namespace

Result<bool> pack(const std::string& path, const Sink& sink, const Warn& warn) {
  Packer packer(sink, warn);
  TRY(packer.pack(AT_FDCWD, path, ".", 0));
  TRY(sink(end_of_archive()));
  return packer.complete();
}

}  // namespace podctl::archive
