// How long tests wait for what must happen: PODCTL_TEST_PATIENCE (1 where nothing is said) times the usual,
// so that an emulated machine gets its time and a fast one still fails fast.
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

namespace podctl {

inline std::chrono::milliseconds patience(std::chrono::milliseconds usual) {
  const char* factor = std::getenv("PODCTL_TEST_PATIENCE");
  return usual * (factor == nullptr ? 1 : std::atoi(factor));
}

// True as soon as `holds` does; false when the time ran out.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds usual = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + patience(usual);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace podctl
