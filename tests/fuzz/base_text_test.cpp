#include <gtest/gtest.h>

#include "mutate.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl {
namespace {

// Names become paths and numbers limits: what is taken has the form that it is taken for.
TEST(FuzzBaseText, NamesNumbersAndAddressesAreTakenWhole) {
  fuzz::run({"web-1.a_b", "..", "a/b", "18446744073709551615", "-9223372036854775808",
             "10.0.0.1/24", "fe80::1", "::ffff:1.2.3.4/96"},
            [](const std::string& s) {
              if (text::valid_id(s)) {
                EXPECT_EQ(s.find_first_of("/\\\n"), s.npos) << s;
                EXPECT_TRUE(s != "." && s != ".." && s.size() <= 128) << s;
              }
              if (text::valid_dns_label(s)) {
                EXPECT_TRUE(text::valid_id(s) && text::valid_dns_subdomain(s)) << s;
              }
              if (const auto n = text::parse_i64(s)) {
                EXPECT_EQ(text::parse_i64(std::to_string(*n)), n) << s;
              }
              if (const auto n = text::parse_u64(s)) {
                EXPECT_EQ(text::parse_u64(std::to_string(*n)), n) << s;
              }
              if (const auto ip = IpAddress::parse(s)) {
                EXPECT_EQ(IpAddress::parse(ip->str()), ip) << s;
              }
              if (const auto prefix = IpPrefix::parse(s)) {
                EXPECT_EQ(IpPrefix::parse(prefix->str()), prefix) << s;
                EXPECT_TRUE(prefix->contains(prefix->address)) << s;
              }
            });
}

// What a container writes comes to JSON and to terminals.
TEST(FuzzBaseText, NothingIllFormedAndNoOrderToATerminalIsLeft) {
  fuzz::run(
      {"plain \xc3\xa9 \xf0\x9f\x98\x80", "\x1b[31mred\r\x07\x7f", "\xe2\x82\xc0\x80\xed\xa0\x80"},
      [](const std::string& s) {
        const auto clean = utf8::well_formed(s);
        EXPECT_EQ(utf8::well_formed(clean), clean);
        const auto shown = utf8::printable(s);
        for (std::size_t at = 0; at < shown.size();) {
          const auto length = utf8::character(shown, at);
          ASSERT_GT(length, 0U) << shown;
          const auto byte = static_cast<unsigned char>(shown[at]);
          EXPECT_TRUE(byte >= 0x20 || byte == '\n' || byte == '\t') << shown;
          EXPECT_NE(byte, 0x7f) << shown;
          // C1, which a terminal takes for an escape and a letter.
          const bool c1 = byte == 0xc2 && static_cast<unsigned char>(shown[at + 1]) < 0xa0;
          EXPECT_FALSE(c1) << shown;
          at += length;
        }
      });
}

}  // namespace
}  // namespace podctl
