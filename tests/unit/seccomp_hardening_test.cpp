#include <gmock/gmock.h>

#include "podctl/seccomp/hardening.hpp"
#include "podctl/sys/caps.hpp"

namespace podctl::seccomp {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::uint64_t bit(int number) { return std::uint64_t{1} << number; }

TEST(Capabilities, TheDefaultIsContainerdsFourteen) {
  EXPECT_EQ(default_capabilities(), 0xa80425fbU);
  EXPECT_EQ(sys::cap_names(default_capabilities()).size(), 14U);
}

TEST(Capabilities, AddAndDropInContainerdsOrder) {
  const auto all = sys::named_caps();
  const auto base = default_capabilities();
  EXPECT_EQ(apply_capabilities(base, {}, {}, all), base);
  EXPECT_EQ(apply_capabilities(base, {"NET_ADMIN"}, {}, all), base | bit(12));
  EXPECT_EQ(apply_capabilities(base, {"NET_BIND_SERVICE"}, {"ALL"}, all), bit(10));
  EXPECT_EQ(apply_capabilities(base, {"all"}, {"CAP_SYS_ADMIN"}, all), all & ~bit(21));
  EXPECT_EQ(apply_capabilities(base, {"KILL"}, {"KILL"}, all), base & ~bit(5));
  EXPECT_EQ(apply_capabilities(base, {"ALL"}, {}, all & ~bit(24)), all & ~bit(24));
  const auto bad = apply_capabilities(base, {"NET_ADMN"}, {}, all);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), HasSubstr("\"NET_ADMN\": unknown capability"));
}

TEST(Paths, DefaultsHideWhatTheKubeletHides) {
  EXPECT_THAT(default_masked_paths(), Contains("/proc/kcore"));
  EXPECT_THAT(default_masked_paths(), Contains("/sys/firmware"));
  EXPECT_THAT(default_readonly_paths(), Contains("/proc/sysrq-trigger"));
}

}  // namespace
}  // namespace podctl::seccomp
