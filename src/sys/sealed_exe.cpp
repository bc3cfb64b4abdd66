#include "podctl/sys/sealed_exe.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <cerrno>

namespace podctl::sys {
namespace {

constexpr unsigned kMfdExec = 0x10;  // MFD_EXEC, Linux 6.3; needed where vm.memfd_noexec is 1

Result<UniqueFd> executable_memfd(const std::string& name) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec));
  // An older kernel does not know the flag, and makes every memfd executable.
  if (!fd && errno == EINVAL) {
    fd = UniqueFd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  }
  if (!fd) return fail_errno(errno, "make memfd", name);
  return fd;
}

}  // namespace

Result<UniqueFd> seal_program(const std::string& path) {
  UniqueFd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return fail_errno(errno, "open program", path);
  struct stat st;
  if (::fstat(in.get(), &st) != 0) return fail_errno(errno, "stat", path);
  const auto slash = path.rfind('/');
  UniqueFd out = TRY(executable_memfd(slash == std::string::npos ? path : path.substr(slash + 1)));
  for (off_t left = st.st_size; left > 0;) {
    const auto n = ::sendfile(out.get(), in.get(), nullptr, static_cast<std::size_t>(left));
    if (n < 0) return fail_errno(errno, "copy program", path);
    if (n == 0) return fail(Code::kCorrupt, "copy program", path, "became shorter");
    left -= n;
  }
  if (::fchmod(out.get(), 0755) != 0) return fail_errno(errno, "chmod", path);
  if (::fcntl(out.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) !=
      0) {
    return fail_errno(errno, "seal program", path);
  }
  return out;
}

}  // namespace podctl::sys
