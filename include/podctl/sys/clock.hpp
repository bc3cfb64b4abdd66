// The two clocks of podctl, in nanoseconds: boot time for durations, wall time for what people
// read. Used by every process. clock_gettime(2).
#pragma once

#include <cstdint>

namespace podctl::sys {

std::uint64_t boot_ns();
std::uint64_t wall_ns();

}  // namespace podctl::sys
