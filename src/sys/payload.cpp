#include "podctl/sys/payload.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <memory>
#include <set>

#include "podctl/base/text.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::sys {
namespace {

constexpr const char* kData = "..data";
constexpr const char* kNext = "..data_tmp";

// "..2026_11_30_17_30_12.0123456789abcdef": in the order of time, and new.
Result<std::string> directory_name() {
  const time_t now = ::time(nullptr);
  struct tm utc {};
  ::gmtime_r(&now, &utc);
  char stamp[64];
  ::strftime(stamp, sizeof stamp, "..%Y_%m_%d_%H_%M_%S.", &utc);
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random)
    return fail_errno(errno, "make a name", stamp);
  return stamp + text::hex(random, 16);
}

// Its group comes from the directory, which is setgid where there is one (K SetVolumeOwnership of a
// volume that is read only).
Result<void> write_file_in(const RootDir& root, const PayloadFile& file, bool grouped) {
  const auto slash = file.path.rfind('/');
  if (slash != std::string_view::npos) TRY(root.mkdir_all(file.path.substr(0, slash), 0755));
  const UniqueFd fd = TRY(root.open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  std::string_view left = file.content;
  while (!left.empty()) {
    const ssize_t n = ::write(fd.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write file", std::string(file.path));
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fchmod(fd.get(), file.mode | (grouped ? 0440U : 0U)) != 0)
    return fail_errno(errno, "set mode", std::string(file.path));
  return {};
}

Result<void> write_files(int directory, const std::string& name,
                         const std::vector<PayloadFile>& files,
                         std::optional<std::uint32_t> group) {
  if (::mkdirat(directory, name.c_str(), 0755) != 0)
    return fail_errno(errno, "make directory", name);
  UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", name);
  if (group && ::fchown(fd.get(), -1, *group) != 0) return fail_errno(errno, "set group", name);
  if (::fchmod(fd.get(), group ? 02755 : 0755) != 0) return fail_errno(errno, "set mode", name);
  const RootDir root(std::move(fd), Resolve::kBeneath);
  for (const PayloadFile& file : files) TRY(write_file_in(root, file, group.has_value()));
  return {};
}

// Where ..data leads; empty when there is none yet.
std::string current(int directory) {
  char target[PATH_MAX];
  const ssize_t n = ::readlinkat(directory, kData, target, sizeof target);
  return n > 0 ? std::string(target, static_cast<std::size_t>(n)) : std::string();
}

Result<void> point_to(int directory, const std::string& name) {
  (void)::unlinkat(directory, kNext, 0);  // of a writer that was interrupted
  if (::symlinkat(name.c_str(), directory, kNext) != 0)
    return fail_errno(errno, "make symlink", kNext);
  if (::renameat(directory, kNext, directory, kData) != 0)
    return fail_errno(errno, "rename", kNext);
  return {};
}

Result<std::set<std::string>> listed(int directory) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return fail_errno(errno, "open directory", ".");
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(copy), &::closedir);
  if (!dir) return fail_errno(errno, "list directory", ".");
  std::set<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) names.insert(entry->d_name);
  return names;
}

// One link for each name at the top; none for names that are no longer.
Result<void> show(int directory, const std::vector<PayloadFile>& files) {
  std::set<std::string> wanted;
  for (const PayloadFile& file : files) wanted.emplace(file.path.substr(0, file.path.find('/')));
  auto there = TRY(listed(directory));
  for (const std::string& name : wanted) {
    if (there.contains(name)) continue;
    const std::string target = std::string(kData) + "/" + name;
    if (::symlinkat(target.c_str(), directory, name.c_str()) != 0)
      return fail_errno(errno, "make symlink", name);
  }
  for (const std::string& name : there) {
    if (name.starts_with("..") || name == "." || wanted.contains(name)) continue;
    if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT)
      return fail_errno(errno, "remove symlink", name);
  }
  return {};
}

}  // namespace

Result<void> write_payload(int directory, const std::vector<PayloadFile>& files,
                           std::optional<std::uint32_t> group) {
  const std::string before = current(directory);
  const std::string name = TRY(directory_name());
  auto written = write_files(directory, name, files, group);
  if (written) written = point_to(directory, name);
  if (!written) {
    (void)remove_tree_at(directory, name);
    return written;
  }
  TRY(show(directory, files));
  // Only what this function makes is removed, whatever the link was made to say meanwhile.
  const bool ours = before.starts_with("..") && before.find('/') == std::string::npos &&
                    before != ".." && before != kData;
  return ours ? remove_tree_at(directory, before) : Result<void>();
}

}  // namespace podctl::sys
