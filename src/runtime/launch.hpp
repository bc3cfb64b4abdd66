// The parent's side of starting pause and init: spawn with one socket, one request, the answers.
// launch.hpp of wire draws the exchange.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/trace.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::runtime {

struct Started {
  sys::Child child;     // the program that was spawned
  wire::Socket socket;  // our end
};
// Spawns `exe` in the group, with the other end of a new socket pair as kLaunchSocket.
Result<Started> spawn_helper(int exe, std::string name, const cgroup::Group& group,
                             std::uint64_t namespaces);

// A descriptor for the child and what it is for.
struct Role {
  wire::LaunchFd role;
  int fd;  // borrowed; -1 is left out
};

struct Launched {
  sys::Child process;  // the workload, our child
  wire::LaunchReady ready;
  UniqueFd terminal;
};
// The whole exchange with init: until the workload has been executed. On failure the workload is
// reaped.
Result<Launched> launch(int init, const cgroup::Group& group, wire::LaunchRequest request,
                        const std::vector<Role>& roles, Trace& trace);

// The next message of the child; its LaunchFailure becomes an error with the step as context, its
// trace is kept. Nothing: it has closed.
Result<std::optional<wire::Message>> receive_answer(wire::Socket& socket, Trace& trace);

}  // namespace podctl::runtime
