// The steps of one process for `podctl trace`, packed: a pod's hundred steps take 2 KiB instead of
// 15, and podctld keeps them for as long as the pod lives.
//
// Used by node's pod workers on podctld's loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/wire/spec.hpp"

namespace podctl::node {

class TraceLog {
 public:
  TraceLog() = default;
  explicit TraceLog(const std::vector<wire::TraceStep>& steps);

  // Beyond kMaxSteps the older half is forgotten.
  void add(const wire::TraceStep& step);
  // Oldest first.
  std::vector<wire::TraceStep> steps() const;

  static constexpr std::size_t kMaxSteps = 200;

 private:
  std::string packed_;
  std::uint64_t last_start_ = 0;
  std::size_t count_ = 0;
};

}  // namespace podctl::node
