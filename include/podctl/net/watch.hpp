// Links that vanish, told by the kernel (RTNLGRP_LINK) as it happens. Used by the engine: an
// address is free again when its veth is gone. The descriptor fits an event loop; wait_gone()
// blocks.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::net {

class LinkWatch {
 public:
  // Subscribes first; a caller then checks link_exists(), so no vanishing is missed between.
  static Result<LinkWatch> open();
  int fd() const { return fd_.get(); }  // non-blocking; readable when read() has something
  // Names of links deleted since. kExhausted: events were lost (ENOBUFS); check every name again.
  Result<std::vector<std::string>> read();

 private:
  explicit LinkWatch(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

bool link_exists(const std::string& name);
// kTimedOut when it is still there after `bound`.
Result<void> wait_gone(const std::string& name, std::chrono::milliseconds bound);

}  // namespace podctl::net
