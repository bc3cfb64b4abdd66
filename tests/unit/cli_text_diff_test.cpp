// Differences as diff -u writes them.
#include <gtest/gtest.h>

#include "cli/text_diff.hpp"

namespace podctl::cli {
namespace {

std::string diff(std::string_view a, std::string_view b) { return unified_diff(a, b, "A", "B"); }

TEST(TextDiff, SaysNothingOfTheSame) { EXPECT_EQ(diff("a\nb\n", "a\nb\n"), ""); }

TEST(TextDiff, ShowsThreeLinesAround) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- A\n+++ B\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

TEST(TextDiff, PartsWhatIsFarAndJoinsWhatIsNear) {
  const std::string_view a = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  EXPECT_EQ(
      diff(a, "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n"),
      "--- A\n+++ B\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+y\n");
  EXPECT_EQ(diff("1\n2\n3\n4\n", "x\n2\n3\ny\n"),
            "--- A\n+++ B\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n");
}

TEST(TextDiff, OfNothing) {
  EXPECT_EQ(diff("", "a\nb\n"), "--- A\n+++ B\n@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(diff("a\n", ""), "--- A\n+++ B\n@@ -1 +0,0 @@\n-a\n");
}

}  // namespace
}  // namespace podctl::cli
