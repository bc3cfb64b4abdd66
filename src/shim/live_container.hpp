// A running container with its log, inside the shim, and how its end is established.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "podctl/runtime/container.hpp"
#include "podctl/sys/process.hpp"
#include "shim/log_pump.hpp"

namespace podctl::shim {

// Calls `wait` with a short bound, at most 2 s in all, until it does not time out; `meanwhile`
// between the calls.
Result<void> wait_in_steps(const std::function<Result<void>(std::chrono::milliseconds)>& wait,
                           const std::function<void()>& meanwhile);

class LiveContainer {
 public:
  // Opens the log, makes the pipes, starts the container.
  static Result<std::unique_ptr<LiveContainer>> start(Loop& loop, runtime::Sandbox& sandbox,
                                                      wire::ContainerSpec spec, int target);

  runtime::Container& container() { return container_; }
  // Moves what it has printed into its log; for callers that keep the loop waiting.
  void pump() { pump_->pump(); }
  // The main process has ended and is reaped: kills what is left, takes the last output, reads the
  // counters. `meanwhile` is called whenever the killed take long to go.
  wire::ExitRecord end(const sys::Exit& exit, const std::function<void()>& meanwhile);

 private:
  LiveContainer(runtime::Container container, std::unique_ptr<LogPump> pump, UniqueFd stdin_end)
      : container_(std::move(container)),
        pump_(std::move(pump)),
        stdin_end_(std::move(stdin_end)) {}

  runtime::Container container_;
  std::unique_ptr<LogPump> pump_;
  UniqueFd
      stdin_end_;  // stdin_open: held, so that the workload waits instead of reading an end of file
};

}  // namespace podctl::shim
