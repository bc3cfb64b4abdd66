// The user's terminal in raw mode while a remote command owns it, and the signals that matter then.
#pragma once

#include <termios.h>

#include <optional>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::cli {

// Raw from construction to destruction: every key, Ctrl-C and Ctrl-D included, goes to the
// workload.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

 private:
  int fd_;
  std::optional<termios> before_;
};

// A descriptor that tells SIGWINCH and the signals that end podctl, so that the terminal is put
// back first.
Result<UniqueFd> terminal_signals();
// The next signal; 0 when there is none.
int take_signal(int fd);

}  // namespace podctl::cli
