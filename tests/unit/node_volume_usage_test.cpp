// Which volumes are measured, and what is said of one that is too large.
#include <gtest/gtest.h>

#include "node/volume_usage.hpp"

namespace podctl::node {
namespace {

api::Pod pod_with(std::string medium, const char* limit) {
  api::Pod pod;
  pod.metadata.uid = "u-1";
  auto& volume = pod.spec.volumes.emplace_back();
  volume.name = "cache";
  volume.emptyDir.emplace().medium = std::move(medium);
  if (limit != nullptr) volume.emptyDir->sizeLimit = *api::Quantity::parse(limit);
  return pod;
}

TEST(VolumeUsage, OnlyWhatIsBoundedOnDisk) {
  const Layout layout = Layout::from("/r");
  const auto bounded = bounded_volumes(pod_with("", "1500Ki"), layout);
  ASSERT_EQ(bounded.size(), 1U);
  EXPECT_EQ(bounded[0].uid, "u-1");
  EXPECT_EQ(bounded[0].path, layout.volume("u-1", "cache"));
  EXPECT_EQ(bounded[0].limit.value(), 1500 * 1024);
  EXPECT_EQ(over_limit_message(bounded[0]),
            "Usage of EmptyDir volume \"cache\" exceeds the limit \"1500Ki\". ");
  EXPECT_TRUE(bounded_volumes(pod_with("Memory", "1Mi"), layout).empty());
  EXPECT_TRUE(bounded_volumes(pod_with("", nullptr), layout).empty());
  EXPECT_TRUE(bounded_volumes(pod_with("", "0"), layout).empty());
  auto over = pod_with("", "1Mi");
  over.status.phase = "Failed";
  EXPECT_TRUE(bounded_volumes(over, layout).empty());
}

}  // namespace
}  // namespace podctl::node
