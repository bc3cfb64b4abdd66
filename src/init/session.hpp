// The talk with the shim, and the record of a start: steps with their times, what could not be had,
// and the one failure. Runs in the copy of the shim that becomes the workload.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/clock.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::init {

// A pipe or a terminal, which shall belong to the workload's user; not /dev/null.
Result<bool> is_ours(int end);

// init.hpp's Descriptors, owned.
struct Roles {
  UniqueFd stdio[3];
  UniqueFd process;
  UniqueFd pid;
  UniqueFd mounts;
  UniqueFd stage;
  UniqueFd users;
  UniqueFd program;
};

class Session {
 public:
  // `container`: named by every step, since several containers start at once.
  Session(UniqueFd socket, std::string container)
      : socket_(std::move(socket)), container_(std::move(container)) {}

  // Runs one step of the start and records it; the last one begun is named by a failure.
  template <class F>
  auto step(const char* name, F&& work) {
    current_ = name;
    const std::uint64_t start = sys::boot_ns();
    auto done = work();
    trace_.push_back({"init", name, container_, start, sys::boot_ns() - start});
    return done;
  }
  // Of an init that was made before its container: waits for the request; false: nobody wants it.
  bool await_request();
  // The record begins with the container. What was done ahead of it is in nobody's.
  void begin(std::string container);
  void degrade(std::string what) { ready_.degraded.push_back(std::move(what)); }
  wire::LaunchReady& ready() { return ready_; }

  // `process`: pidfd of the one that will execute, when it is not this one.
  Result<void> send_ready(UniqueFd terminal, UniqueFd process = {});
  void send_failure(const Error& error);

 private:
  wire::Socket socket_;
  std::string container_;
  std::string current_ = "begin";
  std::vector<wire::TraceStep> trace_;
  wire::LaunchReady ready_;
};

}  // namespace podctl::init
