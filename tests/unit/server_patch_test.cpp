// PATCH bodies on a Pod: what each of the three media types makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/patch.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

constexpr const char* kMerge = "application/merge-patch+json";
constexpr const char* kStrategic = "application/strategic-merge-patch+json";
constexpr const char* kJson = "application/json-patch+json";
constexpr const char* kPod =
    R"({"metadata":{"labels":{"a":"1","b":"2"},"finalizers":["x","y"]},"spec":{"containers":[)"
    R"({"name":"one","image":"i","args":["p","q"],"env":[{"name":"E","value":"1"}]},)"
    R"({"name":"two","image":"i"}],"volumes":[{"name":"v","emptyDir":{}}]}})";

// The patched pod, or the HTTP code of the refusal.
std::string patched(const char* type, const std::string& patch) {
  const auto result = apply_patch(type, patch, json::parse(kPod));
  return result ? json::serialize(*result) : std::to_string(result.error().http);
}

std::string pod_with(const std::string& from, const std::string& to) {
  std::string text = json::serialize(json::parse(kPod));
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Patch, LabelsAreTheSameForBothMergeTypes) {
  const std::string patch = R"({"metadata":{"labels":{"a":null,"b":"3","c":"4"}}})";
  for (const char* type : {kMerge, kStrategic}) {
    const auto result = apply_patch(type, patch, json::parse(kPod));
    ASSERT_TRUE(result) << type;
    EXPECT_EQ(result->at("metadata").at("labels"), json::parse(R"({"b":"3","c":"4"})")) << type;
  }
}

TEST(Patch, AListWithAMergeKeyIsMergedByItOnlyStrategically) {
  const std::string patch = R"({"spec":{"containers":[{"name":"two","image":"j"}]}})";
  EXPECT_EQ(patched(kStrategic, patch),
            pod_with(R"({"name":"two","image":"i"})", R"({"name":"two","image":"j"})"));
  EXPECT_THAT(patched(kMerge, patch),
              testing::HasSubstr(R"("containers":[{"name":"two","image":"j"}])"));
  EXPECT_EQ(patched(kStrategic, R"({"spec":{"containers":[{"image":"j"}]}})"), "400");
}

TEST(Patch, StrategicDirectives) {
  struct Case {
    const char *patch, *from, *to;
  };
  for (
      const Case& c : std::initializer_list<Case>{
          {R"({"spec":{"containers":[{"name":"one","$patch":"delete"}]}})",
           R"({"name":"one","image":"i","args":["p","q"],"env":[{"name":"E","value":"1"}]},)", ""},
          {R"({"spec":{"containers":[{"name":"one","env":[{"$patch":"replace"}]}]}})",
           R"([{"name":"E","value":"1"}])", "[]"},
          {R"({"spec":{"containers":[{"name":"one","args":["r"]}]}})", R"(["p","q"])", R"(["r"])"},
          {R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{}}]}})",
           R"("emptyDir":{})", R"("hostPath":{})"},
          {R"({"metadata":{"finalizers":["z"],"$deleteFromPrimitiveList/finalizers":["x"]}})",
           R"(["x","y"])", R"(["y","z"])"},
          {R"({"metadata":{"labels":{"$patch":"replace","n":"1"}}})", R"({"a":"1","b":"2"})",
           R"({"n":"1"})"},
          {R"({"metadata":{"labels":{"$patch":"delete"}}})", R"("labels":{"a":"1","b":"2"},)",
           ""}}) {
    EXPECT_EQ(json::parse(patched(kStrategic, c.patch)), json::parse(pod_with(c.from, c.to)))
        << c.patch;
  }
  // kubectl set image sends the order along.
  const auto ordered =
      apply_patch(kStrategic,
                  R"({"spec":{"$setElementOrder/containers":[{"name":"two"},{"name":"one"}],)"
                  R"("containers":[{"name":"one","image":"j"}]}})",
                  json::parse(kPod));
  ASSERT_TRUE(ordered);
  const auto& containers = ordered->at("spec").at("containers").as_array();
  ASSERT_EQ(containers.size(), 2U);
  EXPECT_EQ(containers[0].at("name"), "two");
  EXPECT_EQ(containers[1].at("image"), "j");
  EXPECT_EQ(patched(kStrategic, R"({"metadata":{"$patch":"explode"}})"), "400");
  EXPECT_EQ(patched(kStrategic, R"({"metadata":{"$nonsense":[]}})"), "400");
  EXPECT_EQ(patched(kStrategic, "[]"), "400");
}

TEST(Patch, JsonPatchOperations) {
  struct Case {
    const char *patch, *from, *to;
  };
  for (const Case& c : std::initializer_list<Case>{
           {R"([{"op":"add","path":"/metadata/labels/x~1y","value":"3"}])", R"("b":"2")",
            R"("b":"2","x/y":"3")"},
           {R"([{"op":"remove","path":"/metadata/labels/a"}])", R"("a":"1",)", ""},
           {R"([{"op":"replace","path":"/spec/containers/1/image","value":"j"}])",
            R"({"name":"two","image":"i"})", R"({"name":"two","image":"j"})"},
           {R"([{"op":"add","path":"/metadata/finalizers/-","value":"z"}])", R"(["x","y"])",
            R"(["x","y","z"])"},
           {R"([{"op":"add","path":"/metadata/finalizers/0","value":"z"}])", R"(["x","y"])",
            R"(["z","x","y"])"},
           {R"([{"op":"test","path":"/metadata/labels/a","value":"1"},)"
            R"({"op":"move","from":"/metadata/labels/a","path":"/metadata/labels/c"}])",
            R"({"a":"1","b":"2"})", R"({"b":"2","c":"1"})"},
           {R"([{"op":"copy","from":"/metadata/labels/a","path":"/metadata/labels/c"}])",
            R"("b":"2")", R"("b":"2","c":"1")"}}) {
    EXPECT_EQ(json::parse(patched(kJson, c.patch)), json::parse(pod_with(c.from, c.to))) << c.patch;
  }
}

TEST(Patch, WhatDoesNotFitIsRefused) {
  for (const char* patch :
       {R"([{"op":"test","path":"/metadata/labels/a","value":"2"}])",
        R"([{"op":"remove","path":"/metadata/none"}])", R"([{"op":"remove","path":""}])",
        R"([{"op":"add","path":"/none/deep","value":1}])", R"([{"op":"add","path":"/metadata/x"}])",
        R"([{"op":"replace","path":"/spec/containers/2","value":1}])",
        R"([{"op":"add","path":"/metadata/finalizers/3","value":1}])",
        R"([{"op":"move","from":"/spec","path":"/spec/inner"}])",
        R"([{"op":"add","path":"nopointer","value":1}])",
        R"([{"op":"add","path":"/a~2","value":1}])", R"([{"op":"dance","path":"/a"}])",
        R"([{"op":"remove"}])"}) {
    EXPECT_EQ(patched(kJson, patch), "422") << patch;
  }
  std::string doubling = R"([{"op":"add","path":"/x","value":["0123456789"]})";
  for (int i = 0; i < 64; ++i) doubling += R"(,{"op":"copy","from":"/x","path":"/x/-"})";
  EXPECT_EQ(patched(kJson, doubling + "]"), "413");
  // Few bytes, but every copy into itself makes it twice as deep.
  std::string nesting = R"([{"op":"add","path":"/x","value":{"x":{}}})", deepest = "/x";
  for (int i = 0; i < 7; ++i) {
    nesting += R"(,{"op":"copy","from":"/x","path":")" + deepest + R"(/x"})";
    for (int level = 1 << i; level > 0; --level) deepest += "/x";
  }
  EXPECT_EQ(patched(kJson, nesting + "]"), "413");
  EXPECT_EQ(patched(kJson, "{}"), "400");
  EXPECT_EQ(patched(kJson, "[1]"), "400");
  EXPECT_EQ(patched(kMerge, "{"), "400");
  EXPECT_EQ(patched(kMerge, "[]"), "400");
  EXPECT_EQ(patched("application/apply-patch+yaml", "{}"), "415");
  EXPECT_EQ(patched("", "{}"), "415");
}

}  // namespace
}  // namespace podctl::server
