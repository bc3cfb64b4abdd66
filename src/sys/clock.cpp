#include "podctl/sys/clock.hpp"

#include <time.h>

namespace podctl::sys {
namespace {

std::uint64_t now(clockid_t clock) {
  timespec ts = {};
  ::clock_gettime(clock, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(ts.tv_nsec);
}

}  // namespace

std::uint64_t boot_ns() { return now(CLOCK_BOOTTIME); }
std::uint64_t wall_ns() { return now(CLOCK_REALTIME); }

}  // namespace podctl::sys
