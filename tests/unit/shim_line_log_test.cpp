#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "podctl/sys/files.hpp"
#include "scratch.hpp"
#include "shim/line_log.hpp"

namespace podctl::shim {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ShimLineLog, IsMadeWithItsFirstLine) {
  const std::string directory = scratch_directory("log");
  const std::string path = directory + "/shim.log";
  log_into(path);
  EXPECT_FALSE(std::filesystem::exists(path));
  log("podctld was gone");
  log("reap", fail(Code::kInternal, "wait for", "child 7").value());
  const auto content = sys::read_file(path, 4096);
  ASSERT_TRUE(content) << content.error().message();
  EXPECT_THAT(*content, HasSubstr("Z podctld was gone\n"));
  EXPECT_THAT(*content, HasSubstr("Z reap: "));
  EXPECT_THAT(*content, EndsWith("child 7\n"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace podctl::shim
