// A small deterministic fuzzer for the parsers of outside formats: every seed as it is, then
// mutations of the seeds. PODCTL_FUZZ_RUNS sets how many (default 500), PODCTL_FUZZ_SECONDS for how
// long instead; PODCTL_FUZZ_SEED starts elsewhere. An entry fails by crashing, hanging, or tripping
// a sanitizer: in a run by time, the input at which it did stays in a file.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

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

// The input that is being tried, where whoever looks after a crash finds it; gone after a good run.
class LastInput {
 public:
  LastInput() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = ::testing::TempDir() + "podctl-fuzz-" + test->test_suite_name() + "." + test->name() +
            "." + std::to_string(::getpid());
    fd_ = UniqueFd(::open(path_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600));
  }
  void is(const std::string& data) {
    const auto size = static_cast<ssize_t>(data.size());
    ASSERT_EQ(::pwrite(fd_.get(), data.data(), data.size(), 0), size) << path_;
    ASSERT_EQ(::ftruncate(fd_.get(), size), 0) << path_;
  }
  void forget() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd fd_;
};

// Mutations until the time is up. Inputs grow further from their seeds than in the short run: there
// is time for what many changes make of them.
inline void run_for(std::chrono::seconds time, const std::vector<std::string>& seeds,
                    const std::function<void(const std::string&)>& entry) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::mt19937_64 random(setting("PODCTL_FUZZ_SEED", 1));
  LastInput last;
  std::uint64_t inputs = 0;
  for (; std::chrono::steady_clock::now() < end; ++inputs) {
    std::string data = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % (1U << random() % 6); changes > 0; --changes)
      mutate(data, seeds, random);
    last.is(data);
    entry(data);
    if (::testing::Test::HasFailure()) {
      std::cout << "the input is in " << last.path() << std::endl;
      return;
    }
  }
  last.forget();
  std::cout << inputs << " inputs in " << time.count() << " s" << std::endl;
}

inline void run(const std::vector<std::string>& seeds,
                const std::function<void(const std::string&)>& entry) {
  for (const auto& seed : seeds) entry(seed);
  if (const auto seconds = setting("PODCTL_FUZZ_SECONDS", 0))
    return run_for(std::chrono::seconds(seconds), seeds, entry);
  const auto runs = setting("PODCTL_FUZZ_RUNS", 500);
  std::mt19937_64 random(setting("PODCTL_FUZZ_SEED", 1));
  for (std::uint64_t i = 0; i < runs; ++i) {
    std::string data = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % 4; changes > 0; --changes) mutate(data, seeds, random);
    entry(data);
  }
}

}  // namespace podctl::fuzz
