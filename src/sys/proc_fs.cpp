#include "podctl/sys/proc_fs.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/sys/mount.hpp"

namespace podctl::sys {
namespace {

constexpr std::size_t kMaxRead = 64U << 10;
constexpr ino_t kProcRootInode = 1;  // PROC_ROOT_INO: a bind of some directory of procfs is not it

Result<void> prove(int fd) {
  struct statfs fs;
  struct stat st;
  if (::fstatfs(fd, &fs) != 0 || ::fstat(fd, &st) != 0) return fail_errno(errno, "stat", "/proc");
  if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != kProcRootInode) {
    return fail(Code::kPermissionDenied, "open", "/proc", "not the root of a procfs");
  }
  return {};
}

// The first separator says which one parts the name (sysctl(8)).
std::string sysctl_path(std::string_view name) {
  std::string path(name);
  const auto first = path.find_first_of("./");
  if (first != std::string::npos && path[first] == '.') {
    for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  }
  return "sys/" + path;
}

}  // namespace

Result<ProcFs> ProcFs::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  TRY(prove(fd.get()));
  return ProcFs(std::move(fd));
}

Result<ProcFs> ProcFs::make_private() {
  UniqueFd fd = TRY(new_mount("proc", {}, kNoSuid | kNoDev | kNoExec));
  TRY(prove(fd.get()));
  return ProcFs(std::move(fd));
}

Result<UniqueFd> ProcFs::open_file(const std::string& path, int flags) const {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
  if (!fd) return fail_errno(errno, "open", "/proc/" + path);
  return fd;
}

Result<void> ProcFs::write(const std::string& path, std::string_view value) const {
  UniqueFd fd = TRY(open_file(path, O_WRONLY));
  const auto n = ::write(fd.get(), value.data(), value.size());
  if (n < 0) return fail_errno(errno, "write '" + std::string(value) + "' to", "/proc/" + path);
  if (static_cast<std::size_t>(n) != value.size()) {
    return fail(Code::kIo, "write", "/proc/" + path, "written in part");
  }
  return {};
}

Result<std::string> ProcFs::read(const std::string& path) const {
  UniqueFd fd = TRY(open_file(path, O_RDONLY));
  std::string out;
  char buffer[4096];
  while (out.size() < kMaxRead) {
    const auto n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", "/proc/" + path);
    if (n == 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  return out;
}

Result<void> ProcFs::write_sysctl(std::string_view name, std::string_view value) const {
  auto done = write(sysctl_path(name), value);
  if (!done && done.error().code == Code::kNotFound) {
    return fail(Code::kNotFound, "set sysctl", std::string(name), "this kernel has no such sysctl");
  }
  return done;
}

Result<std::string> ProcFs::read_sysctl(std::string_view name) const {
  return std::string(text::trim(TRY(read(sysctl_path(name)))));
}

Result<pid_t> ProcFs::own_pid() const {
  char buffer[32];
  const auto n = ::readlinkat(root_.get(), "self", buffer, sizeof buffer);
  if (n < 0) return fail_errno(errno, "read link", "/proc/self");
  const auto pid = text::parse_u64({buffer, static_cast<std::size_t>(n)});
  if (!pid) return fail(Code::kCorrupt, "read link", "/proc/self", "not a number");
  return static_cast<pid_t>(*pid);
}

Result<void> ProcFs::write_oom_score_adj(pid_t pid, int value) const {
  return write(std::to_string(pid) + "/oom_score_adj", std::to_string(value));
}

}  // namespace podctl::sys
