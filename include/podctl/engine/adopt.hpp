// Gives a descriptor to an Asio object.
//
// Used by podctld, on its loop, wherever a descriptor comes from elsewhere (a shim, a pipe). An
// object that was not given its descriptor must not be used: Asio opens a closed socket by itself
// when it is to connect, in podctld's own network instead of the pod's.
#pragma once

#include <boost/system/error_code.hpp>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::engine {

// On failure the object stays closed and the descriptor is closed. `protocol`: of a socket.
template <class Object, class... Protocol>
Result<void> adopt(Object& object, UniqueFd fd, const Protocol&... protocol) {
  boost::system::error_code error;
  object.assign(protocol..., fd.get(), error);
  if (error) return fail_errno(error.value(), "wait on descriptor", {});
  (void)fd.release();
  return {};
}

}  // namespace podctl::engine
