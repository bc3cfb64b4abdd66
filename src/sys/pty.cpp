#include "podctl/sys/pty.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <termios.h>

#include <cerrno>

namespace podctl::sys {

Result<Pty> open_pty(const RootDir& root) {
  // O_PATH first: nothing is opened for work before it is known to lie on devpts.
  UniqueFd handle = TRY(root.open("dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW));
  struct statfs fs;
  if (::fstatfs(handle.get(), &fs) != 0 || fs.f_type != DEVPTS_SUPER_MAGIC) {
    return fail(Code::kPermissionDenied, "open", "/dev/pts", "not devpts");
  }
  Pty pty;
  pty.master = UniqueFd(::openat(handle.get(), "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  if (!pty.master) return fail_errno(errno, "open", "/dev/pts/ptmx");
  if (::fstatfs(pty.master.get(), &fs) != 0 || fs.f_type != DEVPTS_SUPER_MAGIC) {
    return fail(Code::kPermissionDenied, "open", "/dev/pts/ptmx", "not devpts");
  }
  int unlock = 0;
  if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlock) != 0) {
    return fail_errno(errno, "unlock", "terminal");
  }
  pty.slave = UniqueFd(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.slave) return fail_errno(errno, "open slave of", "terminal");
  return pty;
}

Result<void> take_terminal(int slave) {
  if (::ioctl(slave, TIOCSCTTY, 0) != 0) return fail_errno(errno, "take", "terminal");
  return {};
}

Result<void> resize(int terminal, std::uint16_t rows, std::uint16_t columns) {
  if (rows == 0 && columns == 0) return {};
  winsize size = {};
  size.ws_row = rows;
  size.ws_col = columns;
  if (::ioctl(terminal, TIOCSWINSZ, &size) != 0) return fail_errno(errno, "resize", "terminal");
  return {};
}

}  // namespace podctl::sys
