// Whether a history is what a scenario expects, and if not, why and where. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "podctl/scenario/history.hpp"

namespace podctl::scenario {

// What is wrong with a history.
struct Objection {
  std::string text;
  std::optional<std::size_t> entry;  // the offending one
};

std::optional<Objection> check(const Expect& expect, const History& history);
// "container proxy running before container app running": an expectation in words.
std::string text_of(const Expect& expect);

// The entry that ends this wait; none: it goes on.
const Entry* awaited(const Wait& wait, const History& history);

// "12.500s".
std::string seconds_text(std::uint64_t ns);

}  // namespace podctl::scenario
