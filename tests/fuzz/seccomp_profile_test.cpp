#include <gtest/gtest.h>

#include "mutate.hpp"
#include "podctl/sys/caps.hpp"
#include "podctl/seccomp/filter.hpp"
#include "podctl/seccomp/hardening.hpp"

namespace podctl::seccomp {
namespace {

TEST(FuzzSeccompProfile, ParsesOrSaysWhyAndCompiles) {
  const std::vector<std::string> seeds = {
      R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW"}]})",
      R"({"defaultAction":"SCMP_ACT_ALLOW","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X32"]}],"syscalls":[{"name":"clone","action":"SCMP_ACT_TRACE","errnoRet":1,"args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}],"includes":{"caps":["CAP_SYS_ADMIN"],"minKernel":"4.8"},"excludes":{"arches":["s390x"]}}]})"};
  fuzz::run(seeds, [](const std::string& text) {
    const auto profile = parse_profile(text);
    if (!profile) {
      EXPECT_FALSE(profile.error().message().empty());
      return;
    }
    (void)compile(*profile, sys::named_caps());
  });
}

}  // namespace
}  // namespace podctl::seccomp
