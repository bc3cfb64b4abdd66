// The files of configMap, secret, downwardAPI and projected volumes, and why they cannot be had.
#include <gtest/gtest.h>

#include "podctl/api/manifest.hpp"
#include "podctl/node/config_use.hpp"
#include "podctl/node/volume_contents.hpp"

namespace podctl::node {
namespace {

class ContentsTest : public testing::Test {
 protected:
  ContentsTest() {
    map.data = {{"a", "1"}, {"b", "2"}};
    map.binaryData["raw"].data = std::string("\0\1", 2);
    secret.data["user"].data = "root";
    configs = {[this](const std::string& name) { return name == "m" ? &map : nullptr; },
               [this](const std::string& name) { return name == "s" ? &secret : nullptr; }};
  }

  static api::Pod pod(const std::string& volume) {
    auto loaded = api::load_manifests(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {x: \"1\", app: w}}\nspec:\n"
        "  volumes:\n  - {name: v, " +
        volume + "}\n  containers: [{name: c, image: i, resources: {limits: {cpu: 1500m}}}]\n");
    EXPECT_TRUE(loaded.faults.empty()) << volume << loaded.faults[0].text;
    return loaded.manifests.at(0).pod;
  }
  // "path=content:mode …", or the error.
  std::string files(const std::string& volume) const {
    const auto contents = build_contents(pod(volume), configs, node);
    if (!contents.failed.empty()) return contents.failed.front().message();
    std::string out;
    for (const auto& file : contents.filled.at(0).files) {
      char mode[8];
      std::snprintf(mode, sizeof mode, "%o", file.mode);
      out += (out.empty() ? "" : " ") + file.path + "=" + file.content + ":" + mode;
    }
    return out;
  }

  api::ConfigMap map;
  api::Secret secret;
  Configs configs;
  NodeFacts node;
};

TEST_F(ContentsTest, FilesOfEachSource) {
  const std::pair<const char*, std::string> table[] = {
      {"configMap: {name: m, items: [{key: b, path: x/y, mode: 0400}, {key: a, path: a}]}",
       "a=1:644 x/y=2:400"},
      {"configMap: {name: none, optional: true}", ""},
      {"configMap: {name: m, optional: true, items: [{key: z, path: z}]}", ""},
      {"secret: {secretName: s, defaultMode: 0600}", "user=root:600"},
      {"downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.labels}}, {path: c, "
       "resourceFieldRef: {containerName: c, resource: limits.cpu}}]}",
       "c=2:644 l=app=\"w\"\nx=\"1\":644"},
      {"projected: {sources: [{secret: {name: s}}, {configMap: {name: m, items: [{key: a, path: "
       "d/a}]}}, {downwardAPI: {items: [{path: who, fieldRef: {fieldPath: metadata.name}}]}}]}",
       "d/a=1:644 user=root:644 who=p:644"},
      {"configMap: {name: none}",
       "MountVolume.SetUp failed for volume \"v\" : configmap \"none\" not found"},
      {"secret: {secretName: none}",
       "MountVolume.SetUp failed for volume \"v\" : secret \"none\" not found"},
      {"configMap: {name: m, items: [{key: z, path: z}]}",
       "MountVolume.SetUp failed for volume \"v\" : configmap references non-existent config key: "
       "z"},
      {"secret: {secretName: s, items: [{key: z, path: z}]}",
       "MountVolume.SetUp failed for volume \"v\" : references non-existent secret key: z"},
      {"projected: {sources: [{secret: {name: x}}, {configMap: {name: z}}]}",
       "MountVolume.SetUp failed for volume \"v\" : [secret \"x\" not found, configmap \"z\" not "
       "found]"},
  };
  for (const auto& [volume, wanted] : table) EXPECT_EQ(files(volume), wanted) << volume;
  const auto raw = build_contents(pod("configMap: {name: m}"), configs, node);
  ASSERT_TRUE(raw.failed.empty());
  EXPECT_EQ(raw.filled.at(0).files.at(2).content, std::string("\0\1", 2));
}

TEST_F(ContentsTest, AVolumeThatCannotBeHadTakesNoOtherAlong) {
  auto three = pod("configMap: {name: gone}");
  for (const auto& [name, from] :
       {std::pair{"w", "configMap: {name: m}"}, {"x", "secret: {secretName: s}"}}) {
    three.spec.volumes.push_back(pod(from).spec.volumes.at(0));
    three.spec.volumes.back().name = name;
  }
  const auto contents = build_contents(three, configs, node);
  ASSERT_EQ(contents.failed.size(), 1U);
  EXPECT_NE(contents.failed[0].message().find("\"gone\" not found"), std::string::npos);
  ASSERT_EQ(contents.filled.size(), 2U);
  EXPECT_EQ(contents.filled[0].name + contents.filled[1].name, "wx");
}

TEST_F(ContentsTest, MapsAreQuotedAsGoDoes) {
  EXPECT_EQ(map_text({{"a", "x\"y\\z"}, {"b", "one\ntwo\t\x01"}, {"c", "ä\xff"}}),
            "a=\"x\\\"y\\\\z\"\nb=\"one\\ntwo\\t\\x01\"\nc=\"ä\\xff\"");
  EXPECT_EQ(map_text({}), "");
}

TEST_F(ContentsTest, WhatAPodNames) {
  const auto& maps = api::kind_of<api::ConfigMap>();
  const auto& secrets = api::kind_of<api::Secret>();
  EXPECT_TRUE(names_config(pod("configMap: {name: m}"), maps, "m"));
  EXPECT_FALSE(names_config(pod("configMap: {name: m}"), secrets, "m"));
  EXPECT_TRUE(names_config(pod("projected: {sources: [{secret: {name: s}}]}"), secrets, "s"));
  auto with_env = pod("emptyDir: {}");
  EXPECT_FALSE(names_config(with_env, maps, "m"));
  with_env.spec.initContainers.emplace_back().envFrom.emplace_back().configMapRef.emplace().name =
      "m";
  EXPECT_TRUE(names_config(with_env, maps, "m"));
  auto& entry = with_env.spec.containers[0].env.emplace_back();
  entry.valueFrom.emplace().secretKeyRef.emplace().name = "s";
  EXPECT_TRUE(names_config(with_env, secrets, "s"));
}

}  // namespace
}  // namespace podctl::node
