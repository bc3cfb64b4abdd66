#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/node/env.hpp"

namespace podctl::node {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Expand, FollowsKubernetesRules) {
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "1";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  const std::vector<std::pair<const char*, const char*>> table{
      {"", ""},         {"plain", "plain"}, {"$(A)", "1"},    {"x$(A)y$(A)", "x1y1"},
      {"$(B)", "$(B)"}, {"$$(A)", "$(A)"},  {"$$$(A)", "$1"}, {"$(A", "$(A"},
      {"$A", "$A"},     {"$", "$"},         {"$$", "$"},      {"a$", "a$"},
      {"$(EMPTY)", ""}, {"$()", "$()"},     {"$$$$", "$$"},   {"$(A)$(B)$(A", "1$(B)$(A"},
  };
  for (const auto& [in, out] : table) EXPECT_EQ(expand(in, lookup), out) << in;
}

class EnvTest : public testing::Test {
 protected:
  EnvTest() {
    pod.metadata.name = "web";
    pod.metadata.namespace_ = "ns";
    pod.metadata.uid = "u-1";
    pod.metadata.labels = {{"app", "shop"}};
    pod.spec.containers.emplace_back().name = "c";
    node = {"laptop", {"192.0.2.1", "2001:db8::1"}, 4, 8ULL << 30};
  }
  api::Container& c() { return pod.spec.containers[0]; }
  void field(std::string name, std::string path) {
    auto& entry = c().env.emplace_back();
    entry.name = std::move(name);
    entry.valueFrom.emplace().fieldRef.emplace().fieldPath = std::move(path);
  }
  api::Pod pod;
  NodeFacts node;
};

TEST_F(EnvTest, LaterEntriesSeeEarlierOnesAndReplaceThem) {
  c().env = {{"A", "1", {}}, {"B", "$(A)-$(C)", {}}, {"C", "3", {}}, {"A", "$(A)0", {}}};
  const auto env = resolve_env(pod, c(), {}, node);
  ASSERT_TRUE(env);
  EXPECT_THAT(*env, ElementsAre(Pair("A", "10"), Pair("B", "1-$(C)"), Pair("C", "3")));
}

TEST_F(EnvTest, FieldsOfThePodAndTheNode) {
  for (const auto* path : {"metadata.name", "metadata.labels['app']", "metadata.labels['none']",
                           "spec.nodeName", "status.podIPs", "status.hostIP"}) {
    field(path, path);
  }
  const auto env = resolve_env(pod, c(), {"10.0.0.2", "fd00::2"}, node);
  ASSERT_TRUE(env);
  std::vector<std::string> values;
  for (const auto& [key, value] : *env) values.push_back(value);
  EXPECT_THAT(values, ElementsAre("web", "shop", "", "laptop", "10.0.0.2,fd00::2", "192.0.2.1"));
  field("BAD", "spec.containers");
  EXPECT_FALSE(resolve_env(pod, c(), {}, node));
}

TEST_F(EnvTest, ResourcesRoundUpAndFallBackToTheNode) {
  auto& r = c().resources.emplace();
  r.limits["cpu"] = *api::Quantity::parse("1500m");
  r.requests["memory"] = *api::Quantity::parse("33Mi");
  auto value = [this](const char* resource, const char* divisor) {
    api::ResourceFieldSelector field;
    field.resource = resource;
    if (*divisor != 0) field.divisor = *api::Quantity::parse(divisor);
    return *resource_value(c(), field, node);
  };
  EXPECT_EQ(value("limits.cpu", ""), "2");
  EXPECT_EQ(value("limits.cpu", "1m"), "1500");
  EXPECT_EQ(value("requests.memory", "10Mi"), "4");
  EXPECT_EQ(value("limits.memory", "1Gi"), "8");
  EXPECT_EQ(value("requests.cpu", ""), "0");
}

// K pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables.
class ConfigEnvTest : public EnvTest {
 protected:
  ConfigEnvTest() {
    map.data = {{"A", "map"}, {"B", "b"}};
    secret.data["A"].data = "secret";
    configs = {[this](const std::string& name) { return name == "m" ? &map : nullptr; },
               [this](const std::string& name) { return name == "s" ? &secret : nullptr; }};
  }
  api::SecretKeySelector& key(const char* name, const char* object, const char* key) {
    auto& entry = c().env.emplace_back();
    entry.name = name;
    auto& ref = entry.valueFrom.emplace().secretKeyRef.emplace();
    ref.name = object;
    ref.key = key;
    return ref;
  }
  std::string refusal() { return resolve_env(pod, c(), {}, node, &configs).error().message(); }

  api::ConfigMap map;
  api::Secret secret;
  Configs configs;
};

TEST_F(ConfigEnvTest, LaterSourcesWinAndEntriesWinOverThem) {
  c().envFrom.resize(2);
  c().envFrom[0].configMapRef.emplace().name = "m";
  c().envFrom[1].secretRef.emplace().name = "s";
  c().envFrom[1].prefix = "P_";
  key("B", "s", "A");
  c().env.push_back({"C", "$(A) $(P_A) $(B)", {}});
  const auto env = resolve_env(pod, c(), {}, node, &configs);
  ASSERT_TRUE(env) << env.error().message();
  EXPECT_THAT(*env, ElementsAre(Pair("A", "map"), Pair("B", "secret"), Pair("P_A", "secret"),
                                Pair("C", "map secret secret")));
  // For an exec what the objects hold does not matter: it gets what the container has.
  EXPECT_THAT(*resolve_env(pod, c(), {}, node), ElementsAre(Pair("C", "$(A) $(P_A) $(B)")));
  EXPECT_TRUE(takes_configs(c()));
}

TEST_F(ConfigEnvTest, WhatIsMissingIsToldAsTheKubeletDoesUnlessOptional) {
  auto& ref = key("S", "none", "k");
  EXPECT_EQ(refusal(), "secret \"none\" not found");
  ref.name = "s";
  EXPECT_EQ(refusal(), "couldn't find key k in Secret ns/s");
  ref.optional = true;
  EXPECT_TRUE(resolve_env(pod, c(), {}, node, &configs)->empty());
  auto& from = c().envFrom.emplace_back().configMapRef.emplace();
  from.name = "x";
  EXPECT_EQ(refusal(), "configmap \"x\" not found");
  from.optional = true;
  EXPECT_TRUE(resolve_env(pod, c(), {}, node, &configs));
}

TEST_F(ConfigEnvTest, NoVariableHoldsANulByte) {
  secret.data["A"].data = std::string("x\0y", 3);
  key("S", "s", "A");
  EXPECT_EQ(refusal(), "the value of the variable S has a NUL byte in it");
}

TEST(MergeEnv, TheContainerWinsOverTheImageOverTheDefaults) {
  EXPECT_THAT(merge_env({"PATH=/bin", "X=image", "Y=1"}, {{"X", "pod"}, {"Z", ""}}, true),
              ElementsAre("PATH=/bin", "TERM=xterm", "X=pod", "Y=1", "Z="));
  EXPECT_THAT(merge_env({}, {}, false),
              ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
}

}  // namespace
}  // namespace podctl::node
