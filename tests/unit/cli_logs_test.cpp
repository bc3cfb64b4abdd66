// What `logs` makes of a log that comes in pieces, breaks off and begins anew.
#include <gtest/gtest.h>

#include "cli/log_lines.hpp"

namespace podctl::cli {
namespace {

const std::string kFirst = "2026-11-24T04:00:00.000000001Z ";
const std::string kSecond = "2026-11-24T04:00:00.000000002Z ";

TEST(LogLines, LinesAreShownWholeWithTheirPrefix) {
  LogLines lines({.timed = false, .show_time = false, .prefix = "[p/c] ", .limit = {}});
  EXPECT_EQ(lines.feed("one\ntw"), "[p/c] one\n");
  EXPECT_EQ(lines.feed("o\nlast"), "[p/c] two\n");
  EXPECT_EQ(lines.finish(), "[p/c] last");
  EXPECT_EQ(lines.finish(), "");
}

TEST(LogLines, TimesOfItsOwnAreTakenOff) {
  LogLines hidden({.timed = true, .show_time = false, .prefix = {}, .limit = {}});
  EXPECT_EQ(hidden.feed(kFirst + "a b\n" + kSecond), "a b\n");
  EXPECT_EQ(hidden.last_time() + " ", kFirst);
  LogLines shown({.timed = true, .show_time = true, .prefix = {}, .limit = {}});
  EXPECT_EQ(shown.feed(kFirst + "a\n"), kFirst + "a\n");
}

TEST(LogLines, AStreamBegunAnewRepeatsNothing) {
  LogLines lines({.timed = true, .show_time = false, .prefix = {}, .limit = {}});
  EXPECT_EQ(lines.feed(kFirst + "a\n" + kSecond + "b\n" + kSecond + "c\n"), "a\nb\nc\n");
  lines.begin_anew();
  EXPECT_EQ(lines.feed(kFirst + "a\n" + kSecond + "b\n" + kSecond + "c\n" + kSecond + "d\n"),
            "d\n");
}

TEST(LogLines, TheLimitCountsWhatIsShown) {
  LogLines lines({.timed = true, .show_time = false, .prefix = "> ", .limit = 6});
  EXPECT_EQ(lines.feed(kFirst + "one\n"), "> one\n");
  EXPECT_FALSE(lines.full());
  EXPECT_EQ(lines.feed(kSecond + "two\n"), "> tw");
  EXPECT_TRUE(lines.full());
  EXPECT_EQ(lines.feed(kSecond + "three\n"), "");
}

}  // namespace
}  // namespace podctl::cli
