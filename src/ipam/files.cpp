#include "ipam/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace podctl::ipam {
namespace {

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// A file under a name that nobody else uses; its name.
Result<std::string> write_draft(int dir, const std::string& name, std::string_view content) {
  static std::atomic<unsigned> counter = 0;
  std::string draft =
      "." + name + "." + std::to_string(::getpid()) + "." + std::to_string(counter++);
  const UniqueFd fd(
      ::openat(dir, draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "make", name);
  if (::write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
    const int err = errno;
    ::unlinkat(dir, draft.c_str(), 0);
    return fail_errno(err, "write", name);
  }
  return draft;
}

}  // namespace

Result<void> make_dirs(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const auto slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    return fail_errno(errno, "make directory", path);
  }
  TRY(make_dirs(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(errno, "make directory", path);
  return {};
}

Result<std::string> read_file(int dir, const std::string& name) {
  const UniqueFd fd(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "read", name);
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return fail_errno(errno, "read", name);
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

Result<void> make_file(int dir, const std::string& name, std::string_view content) {
  const std::string draft = TRY(write_draft(dir, name, content));
  // link(2) never replaces. (O_TMPFILE would save the draft, but overlayfs has it only since 6.3.)
  const int err = ::linkat(dir, draft.c_str(), dir, name.c_str(), 0) == 0 ? 0 : errno;
  TRY(remove_file(dir, draft));
  if (err != 0) return fail_errno(err, "make", name);
  return {};
}

Result<void> replace_file(int dir, const std::string& name, std::string_view content) {
  const std::string draft = TRY(write_draft(dir, name, content));
  if (::renameat(dir, draft.c_str(), dir, name.c_str()) != 0) {
    return fail_errno(errno, "rename", name);
  }
  return {};
}

Result<void> remove_file(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), 0) != 0 && errno != ENOENT)
    return fail_errno(errno, "remove", name);
  return {};
}

Result<UniqueFd> open_dir(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  return fd;
}

Result<std::vector<std::string>> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(path.c_str()));
  if (!dir && errno == ENOENT) return names;
  if (!dir) return fail_errno(errno, "list", path);
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace podctl::ipam
