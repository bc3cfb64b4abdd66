#include "podctl/base/ip.hpp"

#include <gtest/gtest.h>

namespace podctl {
namespace {

TEST(Ip, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.88.0.1")->str(), "10.88.0.1");
  EXPECT_EQ(IpAddress::parse("fd00::1")->str(), "fd00::1");
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "fe80::1%eth0", "x"}) EXPECT_FALSE(IpAddress::parse(bad)) << bad;
}

TEST(Ip, PrefixHoldsItsAddresses) {
  const auto prefix = IpPrefix::parse("10.88.16.0/20");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("10.88.31.255")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("10.88.32.0")));
  EXPECT_EQ(prefix->nth(1).str(), "10.88.16.1");
  EXPECT_EQ(prefix->nth(300).str(), "10.88.17.44");
  EXPECT_EQ(IpPrefix::parse("fd00:1::5/64")->nth(2).str(), "fd00:1::2");
  EXPECT_FALSE(IpPrefix::parse("10.0.0.0/33"));
}

}  // namespace
}  // namespace podctl
