// A running container with its log, inside the shim, and how its end is established.
#pragma once

#include <memory>

#include "podctl/runtime/container.hpp"
#include "podctl/sys/process.hpp"
#include "shim/log_pump.hpp"

namespace podctl::shim {

class LiveContainer {
 public:
  // Opens the log, makes the pipes, starts the container.
  static Result<std::unique_ptr<LiveContainer>> start(Loop& loop, runtime::Sandbox& sandbox,
                                                      wire::ContainerSpec spec, int target);

  runtime::Container& container() { return container_; }
  // The main process has ended and is reaped: kills what is left, takes the last output, reads the
  // counters, removes the cgroup.
  wire::ExitRecord end(const sys::Exit& exit);

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
