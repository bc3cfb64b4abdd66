// What is measured of a pod, and what is said where it is too much.
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
  const auto bounded = bounded_storage(pod_with("", "1500Ki"), layout);
  ASSERT_EQ(bounded.size(), 1U);
  EXPECT_EQ(bounded[0].uid, "u-1");
  EXPECT_EQ(bounded[0].paths, std::vector{layout.volume("u-1", "cache")});
  EXPECT_EQ(bounded[0].limit.value(), 1500 * 1024);
  EXPECT_EQ(bounded[0].message,
            "Usage of EmptyDir volume \"cache\" exceeds the limit \"1500Ki\". ");
  EXPECT_TRUE(bounded_storage(pod_with("Memory", "1Mi"), layout).empty());
  EXPECT_TRUE(bounded_storage(pod_with("", nullptr), layout).empty());
  EXPECT_TRUE(bounded_storage(pod_with("", "0"), layout).empty());
  auto over = pod_with("", "1Mi");
  over.status.phase = "Failed";
  EXPECT_TRUE(bounded_storage(over, layout).empty());
}

TEST(VolumeUsage, ContainersAndTheirPodByTheirLimits) {
  const Layout layout = Layout::from("/r");
  auto pod = pod_with("", nullptr);
  pod.metadata.name = "web";
  pod.metadata.namespace_ = "shop";
  for (const char* name : {"a", "b", "c"}) pod.spec.containers.emplace_back().name = name;
  EXPECT_TRUE(bounded_storage(pod, layout).empty());
  for (int n = 0; n < 2; ++n)
    pod.spec.containers[n].resources.emplace().limits["ephemeral-storage"] =
        *api::Quantity::parse("1Mi");
  const auto bounded = bounded_storage(pod, layout);
  ASSERT_EQ(bounded.size(), 3U);
  EXPECT_EQ(bounded[0].limit.value(), 2 << 20);
  EXPECT_EQ(bounded[0].paths,
            (std::vector<std::string>{"/r/lib/pods/u-1", layout.pod_logs("shop", "web", "u-1")}));
  EXPECT_EQ(bounded[0].message,
            "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ");
  EXPECT_EQ(bounded[2].limit.value(), 1 << 20);
  EXPECT_EQ(bounded[2].paths,
            (std::vector<std::string>{"/r/lib/pods/u-1/containers/b",
                                      layout.pod_logs("shop", "web", "u-1") + "/b"}));
  EXPECT_EQ(bounded[2].message, "Container b exceeded its local ephemeral storage limit \"1Mi\". ");
}

}  // namespace
}  // namespace podctl::node
