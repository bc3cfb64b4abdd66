// What people and CI read of a run: the history as a timeline, and JUnit's XML. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/scenario/history.hpp"

namespace podctl::scenario {

// A line an entry: time, who, what. The entry `marked` is pointed at.
std::string timeline(const History& history, std::optional<std::size_t> marked = std::nullopt);

// One scenario's outcome in one mode.
struct Outcome {
  enum class Kind : std::uint8_t { kPassed, kFailed, kSkipped };
  std::string file, name, mode;
  Kind kind = Kind::kPassed;
  std::uint64_t took_ns = 0;
  std::string message;  // of a failure or a skip: one line
  std::string text;     // of a failure: all of it
};

// A suite a file, a case a scenario.
std::string junit(const std::vector<Outcome>& outcomes);

}  // namespace podctl::scenario
