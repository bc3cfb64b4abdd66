// A container with its log, inside the shim: on its way to execve, running, and how its end is
// established.
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
  runtime::Container& container() { return container_; }
  // Moves what it has printed into its log; for callers that keep the loop waiting.
  void pump() { pump_->pump(); }
  // Somebody attaches: what it prints goes to that pipe too.
  Result<void> tap(Stream stream, UniqueFd pipe, bool from_start) {
    return pump_->tap(stream, std::move(pipe), from_start);
  }
  // What its input is written to: the terminal, or the writing end of stdin; nothing where it has
  // neither. `last`: no copy is kept, so that the workload sees its end.
  Result<UniqueFd> input(bool last);
  // The main process has ended and is reaped: kills what is left, takes the last output, reads the
  // counters. `meanwhile` is called whenever the killed take long to go.
  wire::ExitRecord end(const sys::Exit& exit, const std::function<void()>& meanwhile);

 private:
  friend class StartingContainer;
  LiveContainer(runtime::Container container, std::unique_ptr<LogPump> pump, UniqueFd stdin_end)
      : container_(std::move(container)),
        pump_(std::move(pump)),
        stdin_end_(std::move(stdin_end)) {}

  runtime::Container container_;
  std::unique_ptr<LogPump> pump_;
  UniqueFd
      stdin_end_;  // stdin_open: held, so that the workload waits instead of reading an end of file
};

struct Pipe {
  UniqueFd read, write;
};

// The pipes and the init of a container that is expected.
struct ExpectedStart {
  static Result<ExpectedStart> make(runtime::Sandbox& sandbox, wire::ExpectedContainer expected);

  Pipe out, err;
  std::unique_ptr<runtime::WaitingInit> init;
};

// A container that has been begun. Dropped before it executes, it leaves nothing but its log.
class StartingContainer {
 public:
  // Makes the pipes, spawns init.
  static Result<std::unique_ptr<StartingContainer>> begin(runtime::Sandbox& sandbox,
                                                          wire::ContainerSpec spec, int target);
  // By what was made for it ahead. An error: its init has ended meanwhile, and nothing was left.
  static Result<std::unique_ptr<StartingContainer>> begin(runtime::Sandbox& sandbox,
                                                          wire::ContainerSpec spec,
                                                          ExpectedStart ready);

  runtime::ContainerStart& start() { return *start_; }
  // While init is at work: nothing is read from the pipes before it has executed.
  Result<void> open_log(Loop& loop);
  // Once it has executed.
  Result<std::unique_ptr<LiveContainer>> finish(Loop& loop);

 private:
  StartingContainer() = default;

  std::unique_ptr<LogPump> pump_;
  Pipe in_, out_, err_;
  std::unique_ptr<runtime::ContainerStart> start_;
};

}  // namespace podctl::shim
