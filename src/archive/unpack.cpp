#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/archive/tree.hpp"

namespace podctl::archive {
namespace {

constexpr int kMaxTries = 128;  // openat2(2) answers EAGAIN when a rename raced with it

// A directory below `at`, through real directories only.
Result<UniqueFd> open_below(int at, const std::string& path) {
  open_how how = {};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, at, path.c_str(), &how, sizeof how)));
    if (fd) return fd;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  if (errno == ELOOP) {
    return fail(Code::kPermissionDenied, "open", "\"" + path + "\"",
                "is a symbolic link: nothing is written through it");
  }
  return fail_errno(errno, "open", "\"" + path + "\"");
}

Result<void> write_all(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const auto n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write", "\"" + path + "\"");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// An existing regular file, emptied; nothing when it is to be replaced by a new one.
UniqueFd reuse(int at, const std::string& name) {
  UniqueFd fd(
      ::openat(at, name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat st;
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  return ::ftruncate(fd.get(), 0) == 0 ? std::move(fd) : UniqueFd();
}

}  // namespace

// Where an entry goes: its directory, which is there, since a directory's entry comes before what
// is in it, and its name there.
Result<Unpacker::Place> Unpacker::place(const std::string& path) {
  const std::string whole = path == "." ? name_ : name_ + "/" + path;
  const auto slash = whole.rfind('/');
  if (slash == std::string::npos) return Place{TRY(open_below(parent_.get(), ".")), whole};
  return Place{TRY(open_below(parent_.get(), whole.substr(0, slash))), whole.substr(slash + 1)};
}

Result<void> Unpacker::settle(int fd, const Entry& entry) {
  if (policy_.owner && ::fchown(fd, entry.uid, entry.gid) != 0)
    return fail_errno(errno, "change owner of", "\"" + entry.path + "\"");
  if (!policy_.mode) return {};
  const mode_t mode = entry.mode & (policy_.owner ? 07777U : 0777U);
  if (::fchmod(fd, mode) != 0) return fail_errno(errno, "change mode of", "\"" + entry.path + "\"");
  return {};
}

Result<void> Unpacker::make_directory(const Entry& entry) {
  const Place at = TRY(place(entry.path));
  const bool made = ::mkdirat(at.directory.get(), at.name.c_str(), 0755) == 0;
  if (!made && errno != EEXIST)
    return fail_errno(errno, "make directory", "\"" + entry.path + "\"");
  UniqueFd fd(::openat(at.directory.get(), at.name.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && (errno == ENOTDIR || errno == ELOOP)) {
    return fail(Code::kPermissionDenied, "make directory", "\"" + entry.path + "\"",
                "something else is there, and is not written through");
  }
  if (!fd) return fail_errno(errno, "open directory", "\"" + entry.path + "\"");
  // What was there keeps its owner and mode.
  if (!made) return {};
  Entry usable = entry;
  if (!policy_.owner) usable.mode |= 0700;  // what comes next is put into it
  return settle(fd.get(), usable);
}

Result<void> Unpacker::make_symlink(const Entry& entry) {
  if (!policy_.symlinks) {
    warn_("skipping symlink: \"" + entry.path + "\" -> \"" + entry.link + "\"");
    return {};
  }
  const Place at = TRY(place(entry.path));
  (void)::unlinkat(at.directory.get(), at.name.c_str(), 0);  // what cannot go is in the way below
  if (::symlinkat(entry.link.c_str(), at.directory.get(), at.name.c_str()) != 0)
    return fail_errno(errno, "make symlink", "\"" + entry.path + "\"");
  if (policy_.owner && ::fchownat(at.directory.get(), at.name.c_str(), entry.uid, entry.gid,
                                  AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(errno, "change owner of", "\"" + entry.path + "\"");
  }
  return {};
}

Result<void> Unpacker::open_file(const Entry& entry) {
  const Place at = TRY(place(entry.path));
  file_ = reuse(at.directory.get(), at.name);
  if (!file_) {
    if (::unlinkat(at.directory.get(), at.name.c_str(), 0) != 0 && errno != ENOENT)
      return fail_errno(errno, "replace", "\"" + entry.path + "\"");
    file_ = UniqueFd(::openat(at.directory.get(), at.name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              policy_.mode ? 0600 : 0666));
    if (!file_) return fail_errno(errno, "create", "\"" + entry.path + "\"");
  }
  return settle(file_.get(), entry);
}

Result<void> Unpacker::begin(const Entry& entry) {
  if (!safe_path(entry.path))
    return fail(Code::kCorrupt, "unpack", "\"" + entry.path + "\"", "leads out of its tree");
  entry_ = entry;
  any_ = true;
  switch (entry.type) {
    case EntryType::kDirectory:
      return make_directory(entry);
    case EntryType::kSymlink:
      return make_symlink(entry);
    case EntryType::kFile:
      return open_file(entry);
  }
  return {};
}

Result<void> Unpacker::take(const TarReader::Piece& piece) {
  if (piece.entry) return begin(*piece.entry);
  TRY(write_all(file_.get(), piece.data, entry_.path));
  if (piece.last) file_.reset();
  return {};
}

}  // namespace podctl::archive
