#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "init/execute.hpp"
#include "init/identity.hpp"

namespace podctl::init {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const sys::UserDatabase& database() {
  static const auto parsed = sys::UserDatabase::parse("ann:x:1000:1000::/home/ann:/bin/sh\n",
                                                      "ann:x:1000:\ndisk:x:6:ann\n");
  return parsed;
}

TEST(Identity, TheSpecWinsOverTheImage) {
  wire::UserSpec spec{.image_user = "nosuch", .uid = 1000, .gid = 7};
  const auto found = resolve_user(spec, database());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->uid, 1000U);
  EXPECT_EQ(found->gid, 7U);
  EXPECT_EQ(found->home, "/home/ann");
}

TEST(Identity, GroupsAreTheSpecsThenTheImagesUnlessStrict) {
  wire::UserSpec spec{.image_user = "ann", .groups = {2000, 1000}};
  EXPECT_THAT(resolve_user(spec, database())->groups, ElementsAre(1000U, 2000U, 6U));
  spec.strict_groups = true;
  EXPECT_THAT(resolve_user(spec, database())->groups, ElementsAre(1000U, 2000U));
}

TEST(Identity, WhatIsSetInTheEnvironmentStays) {
  std::vector<std::string> env = {"HOME=/x", "A=1", "A=2"};
  complete_environment(env, "/home/ann", "web", true);
  EXPECT_THAT(env, Contains("HOME=/x"));
  EXPECT_THAT(env, Contains("HOSTNAME=web"));
  EXPECT_THAT(env, Contains("TERM=xterm"));
  EXPECT_EQ(env_value(env, "A"), "2");
  EXPECT_THAT(env_value(env, "PATH"), HasSubstr("/usr/local/sbin"));
  EXPECT_EQ(env_value(env, "NOSUCH"), "");
}

TEST(Program, IsLookedUpInPath) {
  EXPECT_EQ(find_program("sh", "/nosuch:/bin").value_or(""), "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", "").value_or(""), "/bin/sh");
  EXPECT_EQ(find_program("passwd", "/etc").error().code, Code::kPermissionDenied);
  EXPECT_THAT(find_program("nosuch", "/bin").error().message(),
              HasSubstr("exec: \"nosuch\": executable file not found in $PATH"));
  EXPECT_THAT(find_program("/etc", "").error().message(), HasSubstr("is a directory"));
}

}  // namespace
}  // namespace podctl::init
