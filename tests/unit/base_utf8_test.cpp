#include "podctl/base/utf8.hpp"

#include <gtest/gtest.h>

namespace podctl::utf8 {
namespace {

TEST(Utf8, TellsCharactersFromOtherBytes) {
  for (const char* good : {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(character(good, 0), std::string_view(good).size()) << good;
  // A byte that continues, overlong forms, a surrogate, too large, cut short.
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "\xe2\x82", "\xe2(\xa1", ""})
    EXPECT_EQ(character(bad, 0), 0U) << bad;
}

TEST(Utf8, ReplacesWhatBelongsToNoCharacter) {
  EXPECT_EQ(well_formed("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(well_formed("a\xff\xfe" "b\xe2\x82"), "a\xef\xbf\xbd\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(well_formed(""), "");
}

TEST(Utf8, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable("a\tb\n\xc3\xa9"), "a\tb\n\xc3\xa9");
  EXPECT_EQ(printable("\x1b[31mred\r\x07\x7f"), "^[[31mred\\r^G^?");
  EXPECT_EQ(printable("\xc2\x9b" "31m\xff"), "\xef\xbf\xbd" "31m\xef\xbf\xbd");
}

}  // namespace
}  // namespace podctl::utf8
