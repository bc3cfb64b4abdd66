#include <gtest/gtest.h>

#include "mutate.hpp"
#include "server/patch.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

// Patches of all three kinds: applied to a pod or refused, and what comes of one is an object.
TEST(FuzzServerPatch, IsAppliedOrRefused) {
  const auto pod = json::parse(
      R"({"metadata":{"labels":{"a":"1","b":"2"},"finalizers":["x","y"]},"spec":{"containers":[)"
      R"({"name":"one","image":"i","args":["p","q"],"env":[{"name":"E","value":"1"}]},)"
      R"({"name":"two","image":"i","ports":[{"containerPort":80}]}],"volumes":[{"name":"v","emptyDir":{}}]}})");
  const std::vector<std::string> seeds = {
      R"({"metadata":{"labels":{"a":null,"b":"3"}},"spec":{"containers":[{"name":"two","image":"j"}]}})",
      R"({"spec":{"containers":[{"name":"one","$patch":"delete"},{"$patch":"replace"}]}})",
      R"({"spec":{"$setElementOrder/containers":[{"name":"two"},{"name":"one"}],"$retainKeys":["containers"]}})",
      R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["x"]}})",
      R"([{"op":"add","path":"/metadata/labels/c~1d","value":"x"},{"op":"remove","path":"/spec/containers/0"}])",
      R"([{"op":"move","from":"/spec/volumes/0","path":"/spec/volumes/-"},{"op":"test","path":"/spec/x","value":1}])",
      R"([{"op":"copy","from":"/spec","path":"/spec/containers/0/args/1"},{"op":"replace","path":"","value":{}}])"};
  fuzz::run(seeds, [&](const std::string& text) {
    for (const char* type : {"application/merge-patch+json", "application/json-patch+json",
                             "application/strategic-merge-patch+json"}) {
      const auto patched = apply_patch(type, text, pod);
      if (!patched) {
        EXPECT_GE(patched.error().http, 400);
      } else {
        EXPECT_EQ(json::parse(json::serialize(*patched)), *patched);
      }
    }
  });
}

}  // namespace
}  // namespace podctl::server
