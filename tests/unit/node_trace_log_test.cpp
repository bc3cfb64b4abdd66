#include <gtest/gtest.h>

#include "podctl/node/trace_log.hpp"

namespace podctl::node {
namespace {

wire::TraceStep step(std::uint64_t start, std::string detail = {}) {
  return {"shim", "make " + std::to_string(start % 3), std::move(detail), start, start * 1000};
}

TEST(TraceLog, GivesBackWhatWasAdded) {
  // Not in order of their start, as steps of several processes come; a detail may hold anything.
  const std::vector<wire::TraceStep> given{step(1'000'000'000'000), step(7, std::string("a\0b", 3)),
                                           step(8, std::string(300, 'x')), step(0)};
  const auto got = TraceLog(given).steps();
  ASSERT_EQ(got.size(), given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(got[i].process, given[i].process);
    EXPECT_EQ(got[i].name, given[i].name);
    EXPECT_EQ(got[i].detail, given[i].detail);
    EXPECT_EQ(got[i].start_ns, given[i].start_ns);
    EXPECT_EQ(got[i].duration_ns, given[i].duration_ns);
  }
  EXPECT_TRUE(TraceLog().steps().empty());
}

TEST(TraceLog, ForgetsTheOlderHalfWhenFull) {
  TraceLog log;
  for (std::uint64_t i = 0; i <= TraceLog::kMaxSteps; ++i) log.add(step(i));
  const auto got = log.steps();
  ASSERT_EQ(got.size(), TraceLog::kMaxSteps / 2 + 1);
  EXPECT_EQ(got.front().start_ns, TraceLog::kMaxSteps / 2);
  EXPECT_EQ(got.back().start_ns, TraceLog::kMaxSteps);
}

}  // namespace
}  // namespace podctl::node
