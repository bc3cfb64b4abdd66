#include "podctl/base/text.hpp"

#include <gtest/gtest.h>

namespace podctl::text {
namespace {

TEST(TextNumbers, ParseOnlyWholeStrings) {
  EXPECT_EQ(parse_u64("0"), 0U);
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615U);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "0x1", "18446744073709551616", "1.0"})
    EXPECT_FALSE(parse_u64(bad)) << bad;
  EXPECT_EQ(parse_i64("-7"), -7);
  EXPECT_FALSE(parse_i64("--7"));
}

TEST(TextNames, LabelsFollowRfc1123) {
  for (const char* good : {"a", "web", "a-b", "0a", "a0"}) EXPECT_TRUE(valid_dns_label(good)) << good;
  for (const char* bad : {"", "-a", "a-", "A", "a.b", "a_b"}) EXPECT_FALSE(valid_dns_label(bad)) << bad;
  EXPECT_FALSE(valid_dns_label(std::string(64, 'a')));
  EXPECT_TRUE(valid_dns_subdomain("a.b-c.d"));
  EXPECT_FALSE(valid_dns_subdomain("a..b"));
}

TEST(TextNames, IdsNeverClimb) {
  for (const char* bad : {"", ".", "..", "a/b", "../x", ".hidden", "a b"}) EXPECT_FALSE(valid_id(bad)) << bad;
  EXPECT_TRUE(valid_id("web_1.2-x"));
}

TEST(TextNearest, SuggestsASlipAndNothingFar) {
  EXPECT_EQ(nearest("contianers", {"volumes", "containers", "initContainers"}), "containers");
  EXPECT_EQ(nearest("imagePulPolicy", {"imagePullPolicy", "image"}), "imagePullPolicy");
  EXPECT_FALSE(nearest("foo", {"bar", "bazaar"}));
  EXPECT_EQ(nearest("KIND", {"wind", "kind"}), "kind");
}

TEST(TextHash, IsStable) { EXPECT_EQ(hex(hash64("podctl"), 16), hex(hash64("podctl"), 16)); }

}  // namespace
}  // namespace podctl::text
