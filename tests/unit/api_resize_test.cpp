// What a resize may change of a pod.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/api/decode.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

Pod pod(const std::string& main, const std::string& more = "") {
  Pod out;
  const auto faults =
      decode_json(R"({"spec":{"containers":[{"name":"c","image":"i","resources":{)" + main + "}}" +
                      more + "]}}",
                  out, Unknown::kFault);
  EXPECT_TRUE(faults.empty());
  return out;
}
std::string faults(const Pod& live, const Pod& wanted) {
  std::string out;
  for (const auto& f : validate_resize(live, wanted)) out += f.field + ": " + f.text + "\n";
  return out;
}

TEST(ApiResize, CpuAndMemoryMayChangeWithinTheClass) {
  const auto live = pod(R"("requests":{"cpu":"1"},"limits":{"cpu":"2","memory":"1Gi"})");
  EXPECT_EQ(faults(live, pod(R"("requests":{"cpu":"500m"},"limits":{"cpu":"3","memory":"2Gi"})")),
            "");
  EXPECT_EQ(faults(live, pod(R"("requests":{"cpu":"1"},"limits":{"cpu":"2"})")),
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed\n");
  EXPECT_EQ(
      faults(live, pod(R"("limits":{"cpu":"2","memory":"1Gi"})")),
      "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed\n");
  EXPECT_EQ(
      faults(live,
             pod(R"("requests":{"cpu":"2","memory":"1Gi"},"limits":{"cpu":"2","memory":"1Gi"})")),
      "spec: Invalid value: \"Guaranteed\": Pod QOS Class may not change as a result of "
      "resizing\n");
}

TEST(ApiResize, NothingElseMayChange) {
  const auto live = pod(R"("requests":{"cpu":"1"})");
  auto other = live;
  other.spec.containers[0].image = "x";
  EXPECT_EQ(faults(live, other), "spec: Forbidden: only cpu and memory resources are mutable\n");
  auto renamed = live;
  renamed.spec.containers[0].name = "d";
  EXPECT_EQ(faults(live, renamed),
            "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on "
            "resize\n");
  auto level = live;
  level.spec.resources.emplace().limits["cpu"] = *Quantity::parse("4");
  EXPECT_THAT(faults(live, level),
              testing::HasSubstr("spec.resources: Forbidden: pod-level resources cannot be resized"));
  auto more = pod(R"("requests":{"cpu":"1","ephemeral-storage":"1Gi"})");
  EXPECT_EQ(faults(live, more), "spec: Forbidden: only cpu and memory resources are mutable\n");
}

}  // namespace
}  // namespace podctl::api
