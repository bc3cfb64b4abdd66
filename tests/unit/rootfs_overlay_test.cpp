#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "podctl/rootfs/overlay.hpp"

namespace podctl::rootfs {
namespace {

using ::testing::StartsWith;

Sources layers_of(std::size_t count, const std::string& directory) {
  Sources s;
  for (std::size_t i = 0; i < count; ++i) s.layers.push_back(directory + "/l" + std::to_string(i));
  s.upper = directory + "/upper";
  s.work = directory + "/work";
  return s;
}

TEST(OverlayPlan, AShortListIsAbsolute) {
  const auto plan = plan_overlay(layers_of(2, "/a"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->directory, "");
  EXPECT_EQ(plan->options(), "lowerdir=/a/l0:/a/l1,upperdir=/a/upper,workdir=/a/work,volatile");
  EXPECT_TRUE(plan->short_enough());
  EXPECT_FALSE(plan->by_descriptor);
}

TEST(OverlayPlan, WithoutUpperNothingIsWritable) {
  const auto plan = plan_overlay({.layers = {"/a", "/b"}, .upper = {}, .work = {}});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->options(), "lowerdir=/a:/b");
}

TEST(OverlayPlan, ALongListIsNamedFromItsCommonDirectory) {
  const std::string directory = "/var/lib/podctl/" + std::string(60, 'x');
  const auto plan = plan_overlay(layers_of(40, directory));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->directory, directory);
  EXPECT_THAT(plan->lower, StartsWith("l0:l1:"));
  EXPECT_EQ(plan->upper, "upper");
  EXPECT_TRUE(plan->short_enough());
}

TEST(OverlayPlan, SpecialCharactersAndVeryLongListsGoByDescriptor) {
  for (const auto& sources : {layers_of(2, "/a:b"), layers_of(2, "/a,b"), layers_of(2, "/a\\b"),
                              layers_of(400, "/" + std::string(10, 'y'))}) {
    Sources s = sources;
    if (s.layers.size() > 2) {
      for (auto& layer : s.layers) layer += std::string(20, 'z');
    }
    const auto wanted = plan_overlay(s);
    ASSERT_TRUE(wanted);
    EXPECT_TRUE(wanted->by_descriptor);
    std::vector<int> numbers(s.layers.size() + 2);
    std::iota(numbers.begin(), numbers.end(), 10);
    const auto plan = plan_overlay(s, numbers);
    ASSERT_TRUE(plan);
    EXPECT_THAT(plan->lower, StartsWith("10:11"));
    EXPECT_LE(plan->options().size(), kMaxOptions);
    EXPECT_EQ(plan->short_enough(), s.layers.size() == 2);
  }
}

TEST(OverlayPlan, ImpossibleListsAreRefused) {
  EXPECT_EQ(plan_overlay({}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(plan_overlay({.layers = {"relative"}, .upper = {}, .work = {}}).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(plan_overlay(layers_of(kMaxLayers + 1, "/a")).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace podctl::rootfs
