#include "files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

namespace podctl::image {

Result<UniqueFd> open_directory(int parent, const std::string& name) {
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", name);
  return fd;
}

Result<UniqueFd> make_directory(int parent, const std::string& name, unsigned mode) {
  if (::mkdirat(parent, name.c_str(), mode) != 0 && errno != EEXIST)
    return fail_errno(errno, "make directory", name);
  return open_directory(parent, name);
}

Result<UniqueFd> open_file(int parent, const std::string& name) {
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", name);
  return fd;
}

Result<UniqueFd> create_file(int parent, const std::string& name) {
  UniqueFd fd(
      ::openat(parent, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "create", name);
  return fd;
}

Result<std::vector<std::string>> entries(int parent, const std::string& name) {
  auto fd = TRY(open_directory(parent, name));
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), &::closedir);
  if (!dir) return fail_errno(errno, "read directory", name);
  (void)fd.release();  // closedir closes it
  std::vector<std::string> out;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view entry_name(entry->d_name);
    if (entry_name != "." && entry_name != "..") out.emplace_back(entry_name);
  }
  if (errno != 0) return fail_errno(errno, "read directory", name);
  return out;
}

Result<void> write_all(int fd, std::string_view data, const std::string& subject) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write", subject);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_all(int fd, std::uint64_t max, const std::string& subject) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return fail_errno(errno, "stat", subject);
  if (static_cast<std::uint64_t>(st.st_size) > max)
    return fail(Code::kExhausted, "read", subject,
                "larger than the limit of " + std::to_string(max) + " bytes");
  std::string out(static_cast<std::size_t>(st.st_size), '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", subject);
    if (n == 0) return fail(Code::kCorrupt, "read", subject, "ended early");
    done += static_cast<std::size_t>(n);
  }
  return out;
}

Result<void> replace_file(int parent, const std::string& name, std::string_view data) {
  const std::string temporary = name + ".tmp";
  if (::unlinkat(parent, temporary.c_str(), 0) != 0 && errno != ENOENT)
    return fail_errno(errno, "remove", temporary);
  auto fd = TRY(create_file(parent, temporary));
  TRY(write_all(fd.get(), data, temporary));
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "sync", temporary);
  if (::renameat(parent, temporary.c_str(), parent, name.c_str()) != 0)
    return fail_errno(errno, "rename", temporary);
  if (::fsync(parent) != 0) return fail_errno(errno, "sync directory of", name);
  return {};
}

Result<void> remove_tree(int parent, const std::string& name) {
  std::vector<std::string> pending{name};
  unsigned counter = 0;
  while (!pending.empty()) {
    const std::string current = pending.back();
    if (::unlinkat(parent, current.c_str(), 0) == 0 || errno == ENOENT) {
      pending.pop_back();
      continue;
    }
    if (errno != EISDIR) return fail_errno(errno, "remove", current);
    auto directory = TRY(open_directory(parent, current));
    for (const auto& entry : TRY(entries(parent, current))) {
      if (::unlinkat(directory.get(), entry.c_str(), 0) == 0) continue;
      if (errno != EISDIR) return fail_errno(errno, "remove", current + "/" + entry);
      if (::unlinkat(directory.get(), entry.c_str(), AT_REMOVEDIR) == 0) continue;
      std::string moved = name + ".rm" + std::to_string(counter++);
      // An interrupted removal may have left that name.
      while (::renameat2(directory.get(), entry.c_str(), parent, moved.c_str(), RENAME_NOREPLACE) !=
             0) {
        if (errno != EEXIST) return fail_errno(errno, "move", current + "/" + entry);
        moved = name + ".rm" + std::to_string(counter++);
      }
      pending.insert(pending.begin(), moved);
    }
    if (::unlinkat(parent, current.c_str(), AT_REMOVEDIR) != 0)
      return fail_errno(errno, "remove directory", current);
    pending.pop_back();
  }
  return {};
}

}  // namespace podctl::image
