// The parent's side of starting pause and init: a copy with one socket, and its answers. launch.hpp
// of wire draws the exchange.
#pragma once

#include <optional>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/launch.hpp"
#include "podctl/runtime/trace.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::runtime {

struct Started {
  sys::Child child;
  wire::Socket socket;  // our end
};
// A copy of the shim in the group, which does `work`.
Result<Started> spawn_helper(const cgroup::Group& group, std::uint64_t namespaces,
                             std::vector<int> keep, const Work& work);

// The next message of the child; its LaunchFailure becomes an error with the step as context, its
// trace is kept. kUnavailable: it has closed, and only that. Nothing: none is there yet
// (non-blocking only).
Result<std::optional<wire::Message>> receive_answer(wire::Socket& socket, Trace& trace);

}  // namespace podctl::runtime
