#include "unpack.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "layer_root.hpp"

namespace podctl::image {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kReserved = ".wh..wh.";  // aufs' own; nothing of the image

class Unpacker {
 public:
  Unpacker(TarReader& tar, UniqueFd root, int trash, const Limits& limits)
      : tar_(tar), root_(std::move(root)), trash_(trash), limits_(limits) {}

  Result<Unpacked> run();

 private:
  Result<void> take(archive_entry* entry);
  Result<void> take_root(archive_entry* entry);
  Result<void> make(archive_entry* entry, const std::string& path);
  Result<void> make_directory(archive_entry* entry, const std::string& path, const Place& place);
  Result<void> make_file(archive_entry* entry, const std::string& path, const Place& place);
  Result<void> make_symlink(archive_entry* entry, const std::string& path, const Place& place);
  Result<void> make_fifo(archive_entry* entry, const std::string& path, const Place& place);
  Result<void> make_link(const std::string& target, const std::string& path);
  Result<void> white_out(const std::string& path, const std::string& name);
  Result<void> clear(const std::string& path, const Place& place);
  Result<void> write_content(archive_entry* entry, int fd, const std::string& path);
  Result<void> set_attributes(archive_entry* entry, int fd, const std::string& path);
  Result<void> set_xattrs(archive_entry* entry, int fd, const std::string& path);
  Result<void> finish_directories();

  TarReader& tar_;
  LayerRoot root_;
  int trash_;
  const Limits& limits_;
  std::uint64_t count_ = 0, bytes_ = 0;
  std::int64_t newest_ = 0;
  struct Dated {
    std::string path;
    timespec mtime;
  };
  std::vector<Dated> directories_;
};

Failure limit(const std::string& what) {
  return fail(Code::kExhausted, "unpack", what, "more than the limit");
}

timespec mtime_of(archive_entry* entry) {
  return {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string parent_name(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

Result<Unpacked> Unpacker::run() {
  for (;;) {
    archive_entry* entry = TRY(tar_.next());
    if (entry == nullptr) break;
    const char* name = archive_entry_pathname(entry);
    const std::string shown = name != nullptr ? name : "?";
    if (auto done = take(entry); !done)
      return Failure(std::move(done)
                         .error()
                         .with("entry \"" + shown + "\"")
                         .with("layer \"" + tar_.label() + "\""));
  }
  TRY(finish_directories());
  auto diff_id = TRY(tar_.finish());
  return Unpacked{std::move(diff_id), newest_};
}

Result<void> Unpacker::take(archive_entry* entry) {
  if (++count_ > limits_.max_entries)
    return limit(std::to_string(limits_.max_entries) + " entries");
  const char* raw = archive_entry_pathname(entry);
  if (raw == nullptr) return fail(Code::kCorrupt, "read entry", "name", "not readable");
  const auto path = TRY(clean_path(raw));
  newest_ = std::max<std::int64_t>(newest_, archive_entry_mtime(entry));
  if (path.empty()) return take_root(entry);
  const std::string name = base_name(path);
  if (name.starts_with(kWhiteout)) return white_out(path, name);
  if (const char* target = archive_entry_hardlink(entry); target != nullptr)
    return make_link(target, path);
  return make(entry, path);
}

Result<void> Unpacker::take_root(archive_entry* entry) {
  if (archive_entry_filetype(entry) != AE_IFDIR)
    return fail(Code::kCorrupt, "unpack", "/", "the root must be a directory");
  directories_.push_back({"", mtime_of(entry)});
  return set_attributes(entry, root_.fd(), "/");
}

Result<void> Unpacker::make(archive_entry* entry, const std::string& path) {
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFCHR || type == AE_IFBLK || type == AE_IFSOCK) return {};
  const auto place = TRY(root_.place(path, true));
  switch (type) {
    case AE_IFDIR:
      return make_directory(entry, path, place);
    case AE_IFREG:
      return make_file(entry, path, place);
    case AE_IFLNK:
      return make_symlink(entry, path, place);
    case AE_IFIFO:
      return make_fifo(entry, path, place);
    default:
      return fail(Code::kCorrupt, "unpack", path, "of an unknown type");
  }
}

// Makes room for a new thing: a later entry of the same name wins. What was a directory is moved
// away whole, so that neither depth nor a symlink in it matters.
Result<void> Unpacker::clear(const std::string& path, const Place& place) {
  const int rc = ::unlinkat(place.parent, place.name.c_str(), 0);
  if (rc != 0 && errno == ENOENT) return {};
  root_.forget();
  if (rc == 0) return {};
  if (errno != EISDIR) return fail_errno(errno, "replace", path);
  const std::string away = std::to_string(count_);
  if (::renameat(place.parent, place.name.c_str(), trash_, away.c_str()) != 0)
    return fail_errno(errno, "replace", path);
  return {};
}

Result<void> Unpacker::make_directory(archive_entry* entry, const std::string& path,
                                      const Place& place) {
  struct stat st {};
  const bool there = ::fstatat(place.parent, place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
  const bool hides = there && S_ISCHR(st.st_mode);  // a whiteout: the directory is a new one
  if (!there || !S_ISDIR(st.st_mode)) {
    if (there) TRY(clear(path, place));
    if (::mkdirat(place.parent, place.name.c_str(), 0700) != 0)
      return fail_errno(errno, "make directory", path);
  }
  UniqueFd fd(
      ::openat(place.parent, place.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", path);
  if (hides) TRY(make_opaque(fd.get(), path));
  directories_.push_back({path, mtime_of(entry)});
  return set_attributes(entry, fd.get(), path);
}

Result<void> Unpacker::make_file(archive_entry* entry, const std::string& path,
                                 const Place& place) {
  TRY(clear(path, place));
  UniqueFd fd(::openat(place.parent, place.name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "create", path);
  TRY(write_content(entry, fd.get(), path));
  TRY(set_attributes(entry, fd.get(), path));
  const timespec times[2] = {mtime_of(entry), mtime_of(entry)};
  if (::futimens(fd.get(), times) != 0) return fail_errno(errno, "set time of", path);
  return {};
}

Result<void> Unpacker::write_content(archive_entry* entry, int fd, const std::string& path) {
  const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  if (size > limits_.max_bytes) return limit(std::to_string(limits_.max_bytes) + " bytes");
  for (;;) {
    auto block = TRY(tar_.block());
    if (block.end) break;
    bytes_ += block.data.size();
    if (bytes_ > limits_.max_bytes) return limit(std::to_string(limits_.max_bytes) + " bytes");
    while (!block.data.empty()) {
      const ssize_t n = ::pwrite(fd, block.data.data(), block.data.size(), block.offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(errno, "write", path);
      block.data.remove_prefix(static_cast<std::size_t>(n));
      block.offset += n;
    }
  }
  // A sparse file may end in a hole.
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return fail_errno(errno, "size", path);
  return {};
}

Result<void> Unpacker::make_symlink(archive_entry* entry, const std::string& path,
                                    const Place& place) {
  const char* target = archive_entry_symlink(entry);
  if (target == nullptr) return fail(Code::kCorrupt, "unpack", path, "symlink without target");
  TRY(clear(path, place));
  if (::symlinkat(target, place.parent, place.name.c_str()) != 0)
    return fail_errno(errno, "make symlink", path);
  if (::fchownat(place.parent, place.name.c_str(), static_cast<uid_t>(archive_entry_uid(entry)),
                 static_cast<gid_t>(archive_entry_gid(entry)), AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "set owner of", path);
  const timespec times[2] = {mtime_of(entry), mtime_of(entry)};
  if (::utimensat(place.parent, place.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "set time of", path);
  return {};
}

Result<void> Unpacker::make_fifo(archive_entry* entry, const std::string& path,
                                 const Place& place) {
  TRY(clear(path, place));
  if (::mknodat(place.parent, place.name.c_str(), S_IFIFO | 0600, 0) != 0)
    return fail_errno(errno, "make fifo", path);
  // O_RDWR on a fifo does not wait for a peer.
  UniqueFd fd(::openat(place.parent, place.name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  return set_attributes(entry, fd.get(), path);
}

// Both names are resolved in the layer, neither's last component is followed.
Result<void> Unpacker::make_link(const std::string& target, const std::string& path) {
  const auto clean = TRY(clean_path(target));
  if (clean.empty()) return fail(Code::kCorrupt, "link", path, "to the root");
  if (clean == path) return {};
  const auto slash = clean.rfind('/');
  const std::string name = slash == std::string::npos ? clean : clean.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? std::string() : clean.substr(0, slash);
  auto from = TRY(root_.parent(parent));
  const auto place = TRY(root_.place(path, true));
  struct stat there {};
  struct stat source {};
  if (::fstatat(from.get(), name.c_str(), &source, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "link to", "\"" + target + "\"");
  const bool same = ::fstatat(place.parent, place.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                    there.st_ino == source.st_ino && there.st_dev == source.st_dev;
  if (same) return {};  // the same file already; clearing the name could remove its last link
  TRY(clear(path, place));
  if (::linkat(from.get(), name.c_str(), place.parent, place.name.c_str(), 0) != 0)
    return fail_errno(errno, "link to", "\"" + target + "\"");
  return {};
}

// Whiteouts speak of lower layers only: what this layer itself has under the name stays.
Result<void> Unpacker::white_out(const std::string& path, const std::string& name) {
  const std::string parent = parent_name(path);
  const auto prefix = parent.empty() ? parent : parent + "/";
  if (name == kOpaque) {
    const auto place = TRY(root_.place(path, true));
    UniqueFd fd(::openat(place.parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail_errno(errno, "open directory", parent);
    return make_opaque(fd.get(), parent);
  }
  if (name.starts_with(kReserved)) return {};
  const std::string hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..")
    return fail(Code::kCorrupt, "unpack", path, "a whiteout of nothing");
  const auto place = TRY(root_.place(prefix + hidden, true));
  if (::mknodat(place.parent, hidden.c_str(), S_IFCHR, 0) == 0) return {};
  if (errno != EEXIST) return fail_errno(errno, "make whiteout", path);
  UniqueFd fd(
      ::openat(place.parent, hidden.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return make_opaque(fd.get(), prefix + hidden);
  return {};
}

// Owner before mode and capability: a chown clears both.
Result<void> Unpacker::set_attributes(archive_entry* entry, int fd, const std::string& path) {
  if (::fchown(fd, static_cast<uid_t>(archive_entry_uid(entry)),
               static_cast<gid_t>(archive_entry_gid(entry))) != 0)
    return fail_errno(errno, "set owner of", path);
  if (::fchmod(fd, archive_entry_perm(entry) & 07777U) != 0)
    return fail_errno(errno, "set mode of", path);
  return set_xattrs(entry, fd, path);
}

Result<void> Unpacker::set_xattrs(archive_entry* entry, int fd, const std::string& path) {
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    const std::string_view key(name != nullptr ? name : "");
    const bool user = key.starts_with("user.") && !key.starts_with("user.overlay.");
    if (!user && key != "security.capability") continue;
    if (::fsetxattr(fd, name, value, size, 0) == 0) continue;
    // Where user attributes cannot be (a fifo, some file systems): no program's rights depend on
    // one.
    if (user && (errno == EOPNOTSUPP || errno == EPERM)) continue;
    return fail_errno(errno, "set attribute " + std::string(key) + " of", path);
  }
  return {};
}

// Last, since making what is inside changes a directory's time.
Result<void> Unpacker::finish_directories() {
  for (const auto& [path, mtime] : directories_) {
    auto fd = root_.directory(path);
    if (!fd) continue;  // replaced by a later entry
    const timespec times[2] = {mtime, mtime};
    if (::futimens(fd->get(), times) != 0) return fail_errno(errno, "set time of", path);
  }
  return {};
}

}  // namespace

Result<Unpacked> unpack(TarReader& tar, int root, int trash, const Limits& limits) {
  UniqueFd own(::fcntl(root, F_DUPFD_CLOEXEC, 3));
  if (!own) return fail_errno(errno, "duplicate", "layer directory");
  return Unpacker(tar, std::move(own), trash, limits).run();
}

}  // namespace podctl::image
