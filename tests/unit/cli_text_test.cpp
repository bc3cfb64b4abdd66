// Columns, ages and durations.
#include <gtest/gtest.h>

#include "podctl/cli/columns.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

TEST(Columns, AColumnIsAsWideAsItsRunOfLines) {
  EXPECT_EQ(align("Name:\tweb\nNamespace:\tdefault\nIPs:\n  IP:\t10.0.0.1\n", kDescribeStops),
            "Name:       web\nNamespace:  default\nIPs:\n  IP:  10.0.0.1\n");
  EXPECT_EQ(align("a\t\tb\nccc\tdd\te\n", kDescribeStops), "a        b\nccc  dd  e\n");
}

TEST(Columns, WidthIsCountedInCharacters) {
  EXPECT_EQ(align("µs\tx\nabc\ty\n", kDescribeStops), "µs   x\nabc  y\n");
  EXPECT_EQ(align("\x1b[32mok\x1b[0m\tx\nabc\ty\n", kDescribeStops),
            "\x1b[32mok\x1b[0m   x\nabc  y\n");
}

TEST(Columns, ATableHasKubectlsPadding) {
  const Table table{{"NAME", "READY", "STATUS", "RESTARTS", "AGE"},
                    {{"web", "2/2", "Running", "0", "5s"}}};
  EXPECT_EQ(table.str(),
            "NAME   READY   STATUS    RESTARTS   AGE\nweb    2/2     Running   0          5s\n");
  EXPECT_EQ(table.str(false), "web   2/2   Running   0     5s\n");
}

TEST(Columns, ALastColumnIsFoldedBetweenWords) {
  const std::string text = "ab\tone two three four five\nc\tsix\n";
  EXPECT_EQ(align_folded(text, {0, 2}, 20), "ab  one two three\n    four five\nc   six\n");
  EXPECT_EQ(align_folded(text, {0, 2}, 0), "ab  one two three four five\nc   six\n");
  EXPECT_EQ(align_folded(text, {0, 2}, 10), align_folded(text, {0, 2}, 0)) << "no room worth it";
  EXPECT_EQ(align_folded("a\t/a/path/longer/than/that b\n", {0, 2}, 20),
            "a  /a/path/longer/than/that\n   b\n");
}

TEST(TimeText, DurationsAreGos) {
  EXPECT_EQ(parse_duration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_duration("500ms"), 500'000'000);
  EXPECT_EQ(parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration("60"), 60'000'000'000);
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("-1s"), -1'000'000'000);
  for (auto bad : {"", "s", "5x", "1m5", "5 s", "--1s", "1..5s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(TimeText, AgesAndSizes) {
  const auto now = *parse_time("2026-11-24T04:00:00Z");
  EXPECT_EQ(age("2026-11-24T03:58:30Z", now), "90s");
  EXPECT_EQ(age("2026-11-24T03:55:00Z", now), "5m");
  EXPECT_EQ(age("", now), "<unknown>");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_ns(850'000), "850 µs");
  EXPECT_EQ(human_ns(1'240'000), "1.24 ms");
}

}  // namespace
}  // namespace podctl::cli
