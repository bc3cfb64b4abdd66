#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/sys/passwd.hpp"

namespace podctl::sys {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

UserDatabase database() {
  return UserDatabase::parse(
      "root:x:0:0:root:/root:/bin/sh\n"
      "# a comment\n"
      "broken line\n"
      "negative:x:-1:0::/:\n"
      "ann:x:1000:1001::/home/ann:/bin/sh\n"
      "1234:x:77:78::/odd:/bin/sh\n",
      "root:x:0:\nann:x:1001:\ndisk:x:6:ann,bob\nwheel:x:10:ann\nbad:x:y:ann\n");
}

TEST(Passwd, FindsAUserWithItsGroupsAndHome) {
  const auto ann = identify("ann", database());
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->uid, 1000U);
  EXPECT_EQ(ann->gid, 1001U);
  EXPECT_EQ(ann->home, "/home/ann");
  EXPECT_THAT(ann->groups, ElementsAre(6U, 10U));
}

TEST(Passwd, NoUserIsRoot) {
  const auto root = identify("", database());
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->home, "/root");
}

TEST(Passwd, ANumberNeedsNoEntry) {
  const auto unknown = identify("4242:99", database());
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->uid, 4242U);
  EXPECT_EQ(unknown->gid, 99U);
  EXPECT_EQ(unknown->home, "/");
  EXPECT_THAT(unknown->groups, IsEmpty());
}

TEST(Passwd, AGivenGroupReplacesTheUsersOwnAndLeavesMemberships) {
  const auto ann = identify("ann:disk", database());
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->gid, 6U);
  EXPECT_THAT(ann->groups, ElementsAre(10U));
  EXPECT_THAT(identify("1000:99", database())->groups, ElementsAre(6U, 10U));
}

TEST(Passwd, UnknownNamesAreNamed) {
  const auto user = identify("nosuch", database());
  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().code, Code::kNotFound);
  EXPECT_THAT(user.error().message(), HasSubstr("nosuch"));
  EXPECT_FALSE(identify("ann:nosuch", database()));
  EXPECT_FALSE(identify("negative", database()));
  EXPECT_FALSE(identify("-1", database()));
  EXPECT_FALSE(identify("99999999999", database()));
}

}  // namespace
}  // namespace podctl::sys
