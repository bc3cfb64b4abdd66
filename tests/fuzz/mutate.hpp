// A small deterministic fuzzer for the parsers of outside formats: every seed as it is, then
// mutations of the seeds. PODCTL_FUZZ_RUNS sets how many (default 500); PODCTL_FUZZ_SEED starts
// elsewhere. An entry fails by crashing, hanging, or tripping a sanitizer.
#pragma once

#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "podctl/base/text.hpp"

namespace podctl::fuzz {

inline std::uint64_t setting(const char* name, std::uint64_t fallback) {
  const char* value = std::getenv(name);
  return value != nullptr ? text::parse_u64(value).value_or(fallback) : fallback;
}

// One change: a flipped, overwritten, doubled, removed or spliced stretch.
inline void mutate(std::string& data, const std::vector<std::string>& seeds,
                   std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const std::size_t at = below(data.size() + 1);
  const std::size_t length = std::min<std::size_t>(1 + below(16), data.size() - at);
  switch (random() % 6) {
    case 0:
      if (at < data.size()) data[at] = static_cast<char>(data[at] ^ (1 << below(8)));
      break;
    case 1:
      for (std::size_t i = 0; i < length; ++i) data[at + i] = static_cast<char>(random());
      break;
    case 2:
      data.insert(at, data.substr(at, length));
      break;
    case 3:
      data.erase(at, length);
      break;
    case 4: {
      const auto& other = seeds[below(seeds.size())];
      const std::size_t from = below(other.size() + 1);
      data.insert(at, other.substr(from, 1 + below(64)));
      break;
    }
    default: {
      static constexpr const char* kWords[] = {
          "\0",   "/",  "..", "\xff", "0",       "-1",  "9999999999999999999",
          "null", "{}", "[",  "\"",   "sha256:", ".wh."};
      data.insert(at, kWords[below(std::size(kWords))]);
    }
  }
}

inline void run(const std::vector<std::string>& seeds,
                const std::function<void(const std::string&)>& entry) {
  for (const auto& seed : seeds) entry(seed);
  const auto runs = setting("PODCTL_FUZZ_RUNS", 500);
  std::mt19937_64 random(setting("PODCTL_FUZZ_SEED", 1));
  for (std::uint64_t i = 0; i < runs; ++i) {
    std::string data = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % 4; changes > 0; --changes) mutate(data, seeds, random);
    entry(data);
  }
}

}  // namespace podctl::fuzz
