// SIGINT, SIGTERM, SIGHUP and SIGPIPE for a command that has made something: the first one is
// noted, so that the command takes that away before it ends; with a second one it ends at once.
//
// Used by `test` in the process podctl, one at a time. What the caller had ignored stays ignored
// (nohup).
#pragma once

#include <signal.h>

#include <array>
#include <string>

#include "podctl/base/unique_fd.hpp"

namespace podctl::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // What is said on stderr at the first signal, and at the one that ends podctl.
  void say(std::string first, std::string last);
  // Readable from the first signal on.
  int fd() const { return wake_.get(); }
  // The first signal; 0: none has come.
  int signal() const { return signal_; }
  // "SIGTERM"; only after one has come.
  std::string name() const;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  static void on_signal(int signal);

  UniqueFd wake_;
  volatile sig_atomic_t signal_ = 0;
  std::string first_, last_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace podctl::cli
