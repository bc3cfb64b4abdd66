// Moves what a container prints from its pipes, or its terminal, into its log file. One a
// container, fed by the shim's loop.
#pragma once

#include <array>
#include <optional>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "shim/cri_log.hpp"
#include "shim/loop.hpp"

namespace podctl::shim {

class LogPump {
 public:
  LogPump(Loop& loop, CriLog log) : loop_(loop), log_(std::move(log)) {}
  LogPump(const LogPump&) = delete;
  LogPump& operator=(const LogPump&) = delete;
  ~LogPump();

  // A pipe's reading end or a terminal's master; made non-blocking here.
  Result<void> attach(Stream stream, UniqueFd fd);
  // Takes a block of each pipe, if there is one.
  void pump();
  // Takes what is still in the pipes and closes them: the writers are dead, or have lost their
  // right.
  void drain();

 private:
  // Reads once; false at the end of the stream or when nothing is there.
  bool read_some(Stream stream);
  void close(Stream stream);

  Loop& loop_;
  CriLog log_;
  std::array<UniqueFd, 2> fds_;
  bool complained_ = false;
};

}  // namespace podctl::shim
