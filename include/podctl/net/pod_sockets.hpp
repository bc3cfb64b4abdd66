// Sockets of another network namespace. Used by the shim, for podctld to dial what listens on a
// pod's localhost: a socket belongs to the namespace that it was made in, whoever connects it.
#pragma once

#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::net {

// Unconnected TCP sockets: IPv4, then IPv6 where the kernel has that. `netns` is borrowed; the
// calling thread enters it for the socket(2) calls and comes back.
Result<std::vector<UniqueFd>> tcp_sockets(int netns);

}  // namespace podctl::net
