#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/sys/caps.hpp"

namespace podctl::sys {
namespace {

using ::testing::ElementsAre;

TEST(Caps, NamesAndNumbersAgree) {
  EXPECT_EQ(cap_name(12), "CAP_NET_ADMIN");
  EXPECT_EQ(cap_name(77), "cap 77");
  for (const char* name : {"NET_ADMIN", "CAP_NET_ADMIN", "cap_net_admin", "net_admin"}) {
    EXPECT_EQ(cap_from_name(name), 12) << name;
  }
  for (const char* name : {"", "CAP_", "NOSUCH", "CAP_CAP_NET_ADMIN", "12"}) {
    EXPECT_FALSE(cap_from_name(name)) << name;
  }
  for (int n = 0; n <= 40; ++n) EXPECT_EQ(cap_from_name(cap_name(n)), n);
}

TEST(Caps, ASetIsListedByNumber) {
  EXPECT_THAT(cap_names(1U << 21 | 1U << 0), ElementsAre("CAP_CHOWN", "CAP_SYS_ADMIN"));
}

TEST(Caps, OwnSetsLieWithinWhatTheKernelKnows) {
  const auto own = own_caps();
  ASSERT_TRUE(own);
  EXPECT_EQ(own->effective & ~own->permitted, 0U);
  EXPECT_EQ(own->bounding & ~all_caps(), 0U);
}

}  // namespace
}  // namespace podctl::sys
