// Moves what a container prints from its pipes, or its terminal, into its log file, and to whoever
// is attached. One a container, fed by the shim's loop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  // Keeps the first 64 KiB of each stream for whoever attaches from the start, until somebody does
  // or there is more. Before attach.
  void keep_beginning() { kept_ = {std::string(), std::string()}; }
  // Copies the stream to a pipe from now on, or with what is kept of it, until nobody reads that
  // any more. A reader that is slow holds the workload's printing up, as it would at a terminal.
  Result<void> tap(Stream stream, UniqueFd pipe, bool from_start = false);
  // With a terminal: its master; else what stdout is read from. -1 once it is closed.
  int terminal() const { return fds_[0].get(); }
  // Takes a block of each pipe, if there is one.
  void pump();
  // Takes what is still in the pipes and closes them: the writers are dead, or have lost their
  // right.
  void drain();

 private:
  // Reads once; false at the end of the stream or when nothing is there.
  bool read_some(Stream stream);
  void close(Stream stream);

  // A pipe to an attached reader. The loop holds it as well: what is left when the container has
  // ended is still written.
  struct Tap {
    Stream stream;
    UniqueFd pipe;
    std::string rest;
  };
  void keep(Stream stream, std::string_view data);
  void give(Stream stream, std::string_view data);
  void hold_up(Stream stream);
  static bool write(Tap& tap);
  void advance(const std::shared_ptr<Tap>& tap);
  void drop(const std::shared_ptr<Tap>& tap);
  void go_on(Stream stream);
  void end_taps(Stream stream);
  bool held_up(Stream stream) const;

  Loop& loop_;
  CriLog log_;
  std::array<UniqueFd, 2> fds_;
  std::array<std::optional<std::string>, 2> kept_;
  std::vector<std::shared_ptr<Tap>> taps_;
  bool complained_ = false;
};

}  // namespace podctl::shim
