// Ephemeral containers only become more, and may not ask for what belongs to a pod's own.
#include <gtest/gtest.h>

#include "podctl/api/defaults.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

Pod live() {
  Pod pod;
  pod.metadata.name = "web";
  pod.metadata.namespace_ = "default";
  auto& container = pod.spec.containers.emplace_back();
  container.name = "app";
  container.image = "app";
  set_defaults(pod, "default");
  return pod;
}

EphemeralContainer debugger(const char* name) {
  EphemeralContainer c;
  c.name = name;
  c.image = "busybox";
  c.terminationMessagePolicy = "File";
  c.imagePullPolicy = "IfNotPresent";
  return c;
}

std::string first(const Pod& pod, const std::vector<EphemeralContainer>& wanted) {
  const auto faults = validate_ephemeral(pod, wanted);
  return faults.empty() ? std::string() : faults[0].field + ": " + faults[0].text;
}

TEST(ApiEphemeral, MoreOfThemAreTaken) {
  Pod pod = live();
  EXPECT_EQ(first(pod, {debugger("a")}), "");
  pod.spec.ephemeralContainers = {debugger("a")};
  EXPECT_EQ(first(pod, {debugger("a"), debugger("b")}), "");
}

TEST(ApiEphemeral, NoneGoesOrChanges) {
  Pod pod = live();
  pod.spec.ephemeralContainers = {debugger("a")};
  EXPECT_NE(first(pod, {}).find("may not be removed"), std::string::npos);
  auto other = debugger("a");
  other.image = "other";
  EXPECT_NE(first(pod, {other}).find("may not be changed"), std::string::npos);
}

TEST(ApiEphemeral, FaultsNameTheirPlace) {
  auto wrong = debugger("app");
  EXPECT_EQ(first(live(), {debugger("a"), wrong}),
            "spec.ephemeralContainers[1].name: Duplicate value: \"app\"");
  wrong = debugger("a");
  wrong.image.clear();
  EXPECT_EQ(first(live(), {wrong}), "spec.ephemeralContainers[0].image: Required value");
  wrong = debugger("a");
  wrong.targetContainerName = "none";
  EXPECT_EQ(first(live(), {wrong}),
            "spec.ephemeralContainers[0].targetContainerName: Not found: \"none\"");
  wrong = debugger("a");
  wrong.ports.emplace_back().containerPort = 80;
  EXPECT_EQ(
      first(live(), {wrong}),
      "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container");
}

}  // namespace
}  // namespace podctl::api
