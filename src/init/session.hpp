// The talk with the shim, and the record of a start: steps with their times, what could not be had,
// and the one failure. Runs in podctl-init, both stages (the second has its copy by clone).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/clock.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::init {

// The descriptors that came with the request, by role; empty where none came.
struct Roles {
  UniqueFd stdio[3];
  UniqueFd pause, target;
};

class Session {
 public:
  explicit Session(UniqueFd socket) : socket_(std::move(socket)) {}

  // The request, and its descriptors by role. kInvalidArgument when it is no launch request.
  Result<std::pair<wire::LaunchRequest, Roles>> receive();

  // Runs one step of the start and records it; the last one begun is named by a failure.
  template <class F>
  auto step(const char* name, F&& work) {
    current_ = name;
    const std::uint64_t start = sys::boot_ns();
    auto done = work();
    trace_.push_back({"init", name, {}, start, sys::boot_ns() - start});
    return done;
  }
  void degrade(std::string what) { ready_.degraded.push_back(std::move(what)); }
  wire::LaunchReady& ready() { return ready_; }

  Result<void> send_started(pid_t pid, UniqueFd pidfd);
  // Holds stage 2's messages back until stage 1 has sent its own: reads `barrier` to its end.
  void set_barrier(UniqueFd barrier) { barrier_ = std::move(barrier); }
  Result<void> send_ready(UniqueFd terminal);
  Result<void> wait_for_go();
  void send_failure(const Error& error);

 private:
  void pass_barrier();

  wire::Socket socket_;
  UniqueFd barrier_;
  std::string current_ = "receive request";
  std::vector<wire::TraceStep> trace_;
  wire::LaunchReady ready_;
};

}  // namespace podctl::init
