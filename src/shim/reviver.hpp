// Brings podctld back when it has died without a Bye. Part of the shim; runs on its loop.
//
// Every shim sees the same end of file: each waits a random 50-500 ms, then one of them wins
// podctld.starter, finds podctld.lock free, starts the program and holds the starter's lock until
// somebody says Hello or two seconds have passed. After five deaths within a minute only a command
// starts it again.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "podctl/base/layout.hpp"
#include "podctl/base/unique_fd.hpp"
#include "shim/loop.hpp"

namespace podctl::shim {

class Reviver {
 public:
  Reviver(Loop& loop, Layout layout) : loop_(loop), layout_(std::move(layout)) {}

  // How to start it; empty: somebody else does.
  void set_command(std::vector<std::string> command) { command_ = std::move(command); }
  void connected();
  void lost();

 private:
  void arm(std::uint64_t delay_ms);
  void attempt();
  bool start();

  Loop& loop_;
  Layout layout_;
  std::vector<std::string> command_;
  std::deque<std::uint64_t> deaths_;  // boot time, ns
  std::uint64_t timer_ = 0;
  UniqueFd starter_;
};

}  // namespace podctl::shim
