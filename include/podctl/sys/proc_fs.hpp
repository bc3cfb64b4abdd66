// Writing below /proc: the only file that does. Every write goes to a procfs that was proved to be
// one, through openat2(2) with RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, so that nothing mounted or
// linked over it redirects the write (CVE-2019-16884, CVE-2025-52881).
//
// Used by init (oom_score_adj), pause (sysctls), runtime (uid_map) and the brain's net set-up.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

class ProcFs {
 public:
  // The /proc of this mount namespace, or what is mounted elsewhere, if it is the root of a procfs.
  static Result<ProcFs> open(const std::string& path = "/proc");
  // A procfs of this process's PID namespace, mounted nowhere.
  static Result<ProcFs> make_private();

  // `path` is relative: "sys/net/core/somaxconn", "123/oom_score_adj".
  Result<void> write(const std::string& path, std::string_view value) const;
  int root() const { return root_.get(); }
  // At most 64 KiB.
  Result<std::string> read(const std::string& path) const;

  // "net.ipv4.ip_forward"; also with slashes, where a name has a dot in it
  // ("net/ipv4/conf/eth0.1/x"). sysctl(8). kNotFound names the sysctl.
  Result<void> write_sysctl(std::string_view name, std::string_view value) const;
  Result<std::string> read_sysctl(std::string_view name) const;
  // The caller's number in the PID namespace that this procfs shows; getpid(2) may be of another
  // one.
  Result<pid_t> own_pid() const;
  // Lowering it below what it was born with needs CAP_SYS_RESOURCE: kPermissionDenied. proc(5).
  Result<void> write_oom_score_adj(pid_t pid, int value) const;

 private:
  explicit ProcFs(UniqueFd root) : root_(std::move(root)) {}
  Result<UniqueFd> open_file(const std::string& path, int flags) const;
  UniqueFd root_;
};

}  // namespace podctl::sys
