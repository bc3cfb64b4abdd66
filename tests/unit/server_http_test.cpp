#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/server/api.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {
namespace {

using testing::ElementsAre;
using Kind = Route::Kind;

TEST(Target, SegmentsAndQueryAreDecoded) {
  const auto target =
      parse_target("/api/v1/namespaces/a%2Fb/pods/?watch&x=1+2&x=%41&labelSelector=a%3Db");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("api", "v1", "namespaces", "a/b", "pods"));
  EXPECT_TRUE(target->query.flag("watch"));
  EXPECT_FALSE(target->query.flag("follow"));
  EXPECT_THAT(target->query.all("x"), ElementsAre("1 2", "A"));
  EXPECT_EQ(target->query.get_or("labelSelector", ""), "a=b");
}

TEST(Target, NothingHostilePasses) {
  for (const char* bad :
       {"", "x", "/a//b", "/a/../b", "/%2e%2e/b", "/a/%zz", "/a/%4", "/a%00b", "/?a=%"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
  EXPECT_TRUE(parse_target("/"));
}

TEST(Route, EveryPathOfTheApi) {
  struct Row {
    const char* path;
    Kind kind;
    const char* ns;
    const char* name;
  };
  const std::vector<Row> table{
      {"/", Kind::kNone, "", ""},
      {"/version", Kind::kVersion, "", ""},
      {"/healthz", Kind::kHealth, "", ""},
      {"/api", Kind::kApiVersions, "", ""},
      {"/apis", Kind::kApiGroups, "", ""},
      {"/apis/podctl.dev", Kind::kApiGroup, "", ""},
      {"/apis/apps/v1", Kind::kNone, "", ""},
      {"/api/v1", Kind::kApiResources, "", ""},
      {"/api/v1/pods", Kind::kPods, "", ""},
      {"/api/v1/pods/web", Kind::kNone, "", ""},
      {"/api/v1/namespaces", Kind::kNamespaces, "", ""},
      {"/api/v1/namespaces/n", Kind::kNamespace, "", "n"},
      {"/api/v1/namespaces/n/pods", Kind::kPods, "n", ""},
      {"/api/v1/namespaces/n/pods/p", Kind::kPod, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/status", Kind::kPodStatus, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/log", Kind::kPodLog, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/exec", Kind::kPodExec, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/attach", Kind::kPodAttach, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/portforward", Kind::kPodPortForward, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/ephemeralcontainers", Kind::kPodEphemeral, "n", "p"},
      {"/api/v1/namespaces/n/pods/p/proxy", Kind::kNone, "", ""},
      {"/apis/podctl.dev/v1/namespaces/n/pods/p/copy", Kind::kCopy, "n", "p"},
      {"/apis/metrics.k8s.io", Kind::kMetricsGroup, "", ""},
      {"/apis/metrics.k8s.io/v1beta1", Kind::kMetricsResources, "", ""},
      {"/apis/metrics.k8s.io/v1beta1/pods", Kind::kPodMetrics, "", ""},
      {"/apis/metrics.k8s.io/v1beta1/nodes", Kind::kNodeMetrics, "", ""},
      {"/apis/metrics.k8s.io/v1beta1/nodes/n", Kind::kNodeMetrics, "", "n"},
      {"/apis/metrics.k8s.io/v1beta1/nodes/n/x", Kind::kNone, "", ""},
      {"/apis/metrics.k8s.io/v1beta1/namespaces/n/pods/p", Kind::kPodMetrics, "n", "p"},
      {"/api/v1/namespaces/n/services", Kind::kNone, "", ""},
      {"/api/v1/events", Kind::kEvents, "", ""},
      {"/api/v1/namespaces/n/events/e", Kind::kEvent, "n", "e"},
      {"/api/v1/nodes/x", Kind::kNode, "", "x"},
      {"/apis/podctl.dev/v1/images", Kind::kImages, "", ""},
      {"/apis/podctl.dev/v1/images/inspect", Kind::kImageInspect, "", ""},
      {"/apis/podctl.dev/v1/namespaces/n/pods/p/sandbox", Kind::kSandbox, "n", "p"},
      {"/apis/podctl.dev/v1/namespaces/n/pods/p/trace", Kind::kTrace, "n", "p"},
      {"/apis/podctl.dev/v1/sandboxes", Kind::kSandboxes, "", ""},
      {"/apis/podctl.dev/v1/doctor", Kind::kDoctor, "", ""},
      {"/apis/podctl.dev/v1/system/reset", Kind::kReset, "", ""},
  };
  for (const auto& row : table) {
    const auto route = find_route(parse_target(row.path)->segments);
    EXPECT_EQ(route.kind, row.kind) << row.path;
    if (row.kind == Kind::kNone) continue;
    EXPECT_EQ(route.ns, row.ns) << row.path;
    EXPECT_EQ(route.name, row.name) << row.path;
  }
}

TEST(Status, IsKubernetes) {
  auto refusal =
      node::invalid("Pod", "web", {{"FieldValueRequired", "Required value", "spec.containers"}});
  EXPECT_EQ(
      status_json(refusal),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Pod \"web\" is invalid: )"
      R"(spec.containers: Required value","reason":"Invalid","details":{"name":"web","kind":"Pod","causes":[)"
      R"({"reason":"FieldValueRequired","message":"Required value","field":"spec.containers"}]},"code":422})"
      "\n");
}

}  // namespace
}  // namespace podctl::server
