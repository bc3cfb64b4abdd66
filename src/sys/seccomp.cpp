#include "podctl/sys/seccomp.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace podctl::sys {

Result<void> load_seccomp(std::string_view program) {
  if (program.empty()) return {};
  if (program.size() % sizeof(sock_filter) != 0 ||
      program.size() / sizeof(sock_filter) > BPF_MAXINSNS) {
    return fail(Code::kCorrupt, "load seccomp filter", {}, "malformed program");
  }
  // Copied, because the bytes of a message need not be aligned.
  std::vector<sock_filter> filter(program.size() / sizeof(sock_filter));
  std::memcpy(filter.data(), program.data(), program.size());
  const sock_fprog prog = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0) {
    return fail_errno(errno, "load seccomp filter", {});
  }
  return {};
}

}  // namespace podctl::sys
