// From the files of a directory to the pods that are kept running.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/static_pods.hpp"

namespace podctl::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string manifest(const std::string& name, const std::string& image = "i") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         "}\nspec: {containers: [{name: c, image: " + image + "}]}\n";
}

TEST(StaticPods, CarryTheKubeletsMarks) {
  const auto set = static_pods({{"web.yaml", manifest("web")}}, "here");
  EXPECT_TRUE(set.faults.empty());
  ASSERT_EQ(set.pods.size(), 1U);
  const auto& pod = set.pods[0].pod;
  EXPECT_EQ(pod.metadata.name, "web-here");
  EXPECT_EQ(pod.metadata.namespace_, "default");
  EXPECT_EQ(pod.spec.nodeName, "here");
  EXPECT_EQ(pod.metadata.annotations.at(kConfigSource), "file");
  EXPECT_EQ(pod.metadata.annotations.at(kConfigHash), set.pods[0].hash);
  EXPECT_EQ(pod.metadata.annotations.at("kubernetes.io/config.mirror"), set.pods[0].hash);
  EXPECT_TRUE(is_static(pod));
  ASSERT_EQ(pod.spec.tolerations.size(), 1U);
  EXPECT_EQ(pod.spec.tolerations[0].effect, "NoExecute");
}

TEST(StaticPods, OfAFaultyFileIsSaidThatItWasNotRead) {
  const auto set = static_pods({{"a.yaml", "kind: ["}, {"b.yaml", manifest("b")}}, "here");
  EXPECT_THAT(set.unread, ElementsAre("a.yaml"));
  EXPECT_EQ(set.pods.size(), 1U);
}

TEST(StaticPods, AreThoseOfFilesAlone) {
  api::Pod pod;
  pod.metadata.annotations[kConfigSource] = "file";
  EXPECT_FALSE(is_static(pod));
}

TEST(StaticPods, AreOthersWhenTheirFileSaysSomethingElse) {
  const auto hash = [](const std::string& text) {
    return static_pods({{"web.yaml", text}}, "here").pods.at(0).hash;
  };
  EXPECT_EQ(hash(manifest("web")), hash("# a comment\n" + manifest("web")));
  EXPECT_NE(hash(manifest("web")), hash(manifest("web", "j")));
}

TEST(StaticPods, AFaultyFileLeavesTheOthersAlone) {
  const auto set = static_pods({{"a.yaml", "kind: [\n"},
                                {"b.yaml", manifest("web")},
                                {"c.yaml", manifest("web")},
                                {"d.yaml", manifest("db") + "  hostNetwrk: true\n"}},
                               "here");
  ASSERT_EQ(set.pods.size(), 1U);
  EXPECT_EQ(set.pods[0].file, "b.yaml");
  ASSERT_EQ(set.faults.size(), 3U);
  EXPECT_THAT(set.faults[0], HasSubstr("a.yaml:"));
  EXPECT_EQ(set.faults[1], "c.yaml: another file has the pod \"web\" already");
  EXPECT_THAT(set.faults[2], HasSubstr("d.yaml:"));
}

TEST(StaticPods, LieBelowTheRoot) {
  EXPECT_EQ(static_manifests(Layout("/r")), "/r/manifests");
  EXPECT_EQ(static_manifests(Layout()), "/etc/podctl/manifests");
}

}  // namespace
}  // namespace podctl::node
