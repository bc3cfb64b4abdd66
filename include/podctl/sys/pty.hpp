// A terminal of a container's own devpts: master and slave as descriptors, never by the name
// /dev/pts/N (CVE-2025-52565). Used by init (which opens it) and the shim (which resizes it).
// ioctl_tty(2).
#pragma once

#include <cstdint>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::sys {

struct Pty {
  UniqueFd master, slave;
};

// Opens /dev/pts/ptmx below the root, proved to be devpts; the slave comes by TIOCGPTPEER.
Result<Pty> open_pty(const RootDir& root);
// Makes the slave the controlling terminal of the caller, who must lead a new session.
Result<void> take_terminal(int slave);
// 0 for both leaves the size.
Result<void> resize(int terminal, std::uint16_t rows, std::uint16_t columns);

}  // namespace podctl::sys
