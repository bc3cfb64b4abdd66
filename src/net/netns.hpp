// Work done in another network namespace by the calling thread. Private to net.
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <utility>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::net {

// Enters `netns`, runs `work`, comes back. Other threads are not moved (setns(2)). A thread that
// cannot come back would do all later work in the wrong place, so that aborts.
template <class Work>
auto in_netns(int netns, Work work) -> decltype(work()) {
  const UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home) return fail_errno(errno, "open", "/proc/thread-self/ns/net");
  if (::setns(netns, CLONE_NEWNET) != 0) return fail_errno(errno, "enter", "network namespace");
  auto result = work();
  Result<void> back;
  if (::setns(home.get(), CLONE_NEWNET) != 0)
    back = fail_errno(errno, "return to", "network namespace");
  MUST(std::move(back));
  return result;
}

}  // namespace podctl::net
