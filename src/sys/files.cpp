#include "podctl/sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace podctl::sys {
namespace {

Result<void> remove_entry(int directory, const char* name, dev_t device, const std::string& path);

Result<void> empty_directory(int fd, dev_t device, const std::string& path) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail_errno(errno, "list directory", path);
  DIR* dir = ::fdopendir(copy);
  if (dir == nullptr) {
    const int err = errno;
    ::close(copy);
    return fail_errno(err, "list directory", path);
  }
  Result<void> result;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (auto done = remove_entry(fd, entry->d_name, device, path); !done && result) {
      result = std::move(done);
    }
  }
  ::closedir(dir);
  return result;
}

Result<void> remove_entry(int directory, const char* name, dev_t device, const std::string& path) {
  const std::string full = path + "/" + name;
  if (::unlinkat(directory, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "remove file", full);
  const UniqueFd fd(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};  // somebody else was faster
  if (!fd) return fail_errno(errno, "open directory", full);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat directory", full);
  if (st.st_dev != device) {
    return fail(Code::kFailedPrecondition, "remove directory", full, "something is mounted there");
  }
  TRY(empty_directory(fd.get(), device, full));
  if (::unlinkat(directory, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return fail_errno(errno, "remove directory", full);
  }
  return {};
}

}  // namespace

Result<void> make_directories(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    if (::chmod(path.c_str(), mode) != 0) return fail_errno(errno, "set mode", path);
    return {};
  }
  if (errno == EEXIST) return {};
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    return fail_errno(errno, "make directory", path);
  }
  TRY(make_directories(path.substr(0, slash), 0755));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail_errno(errno, "make directory", path);
  }
  if (::chmod(path.c_str(), mode) != 0) return fail_errno(errno, "set mode", path);
  return {};
}

Result<void> write_file(const std::string& path, std::string_view content, unsigned mode) {
  const std::string beside = path + ".new";
  const UniqueFd fd(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno(errno, "make file", beside);
  if (::fchmod(fd.get(), mode) != 0) return fail_errno(errno, "set mode", beside);
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write file", beside);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename file", path);
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

Result<void> remove_tree(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = path.substr(0, slash);
  const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};
  if (!fd) return fail_errno(errno, "open directory", parent);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat directory", parent);
  return remove_entry(fd.get(), path.c_str() + slash + 1, st.st_dev, parent);
}

}  // namespace podctl::sys
