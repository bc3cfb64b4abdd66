// The two clocks: boot time for durations, wall time for timestamps.
#pragma once

#include <time.h>

#include <cstdint>

#include "podctl/api/time.hpp"

namespace podctl::node {

inline std::uint64_t clock_ns(clockid_t clock) {
  struct timespec ts {};
  clock_gettime(clock, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(ts.tv_nsec);
}
inline std::uint64_t boot_now_ns() { return clock_ns(CLOCK_BOOTTIME); }
inline std::uint64_t wall_now_ns() { return clock_ns(CLOCK_REALTIME); }

inline api::Time to_time(std::uint64_t wall_ns) {
  return api::Time(static_cast<std::int64_t>(wall_ns / 1'000'000'000ULL),
                   static_cast<std::int32_t>(wall_ns % 1'000'000'000ULL));
}

}  // namespace podctl::node
