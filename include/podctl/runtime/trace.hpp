// The step trace: what was done, when, how long. Used by Sandbox and Container; shown by `podctl
// trace`. CLOCK_BOOTTIME nanoseconds.
#pragma once

#include <ctime>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "podctl/wire/spec.hpp"

namespace podctl::runtime {

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}
inline std::uint64_t boot_ns() { return clock_ns(CLOCK_BOOTTIME); }
inline std::uint64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }

class Trace {
 public:
  // Runs the step and records it, also when it fails.
  template <class F>
  auto step(std::string name, std::string detail, F&& work) {
    const std::uint64_t start = boot_ns();
    auto result = std::forward<F>(work)();
    steps_.push_back({.process = "shim",
                      .name = std::move(name),
                      .detail = std::move(detail),
                      .start_ns = start,
                      .duration_ns = boot_ns() - start});
    return result;
  }
  // Steps that another process reports.
  void add(std::vector<wire::TraceStep> steps) {
    for (auto& s : steps) steps_.push_back(std::move(s));
  }
  std::vector<wire::TraceStep> take() { return std::move(steps_); }

 private:
  std::vector<wire::TraceStep> steps_;
};

}  // namespace podctl::runtime
