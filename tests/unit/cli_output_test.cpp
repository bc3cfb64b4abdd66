// What get prints, for the tables and the other formats.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "podctl/cli/output.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

const char* const kPod = R"({"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "web", "namespace": "default", "labels": {"app": "w"}, "creationTimestamp": "2026-11-24T04:00:00Z"},
 "spec": {"nodeName": "box", "containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
 "status": {"phase": "Running", "podIP": "10.8.0.2", "containerStatuses": [
  {"name": "a", "ready": true, "restartCount": 0, "state": {"running": {}}},
  {"name": "b", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})";

class Output : public testing::Test {
 protected:
  std::string table(const char* type, const char* json, TableOptions options) {
    const Resource& resource = *find_resource(type).value();
    Table t{headings(resource, options), {row(resource, boost::json::parse(json), options, now)}};
    return t.str();
  }
  std::string format(const char* spec, const boost::json::value& object) {
    return format_object(parse_format(spec).value(), object).value();
  }
  std::int64_t now = *parse_time("2026-11-24T04:00:42Z");
};

TEST_F(Output, Pods) {
  EXPECT_EQ(table("po", kPod, {}),
            "NAME   READY   STATUS             RESTARTS   AGE\nweb    1/2     CrashLoopBackOff   0 "
            "         42s\n");
  EXPECT_EQ(table("pods", kPod,
                  {.with_namespace = true,
                   .wide = true,
                   .show_labels = true,
                   .label_columns = {"x/app", "app"}}),
            "NAMESPACE   NAME   READY   STATUS             RESTARTS   AGE   IP         NODE   "
            "NOMINATED NODE   READINESS GATES   APP   APP   LABELS\n"
            "default     web    1/2     CrashLoopBackOff   0          42s   10.8.0.2   box    "
            "<none>           <none>                  w     app=w\n");
}

TEST_F(Output, EventsNodesAndNamespaces) {
  EXPECT_EQ(
      table(
          "ev",
          R"({"type": "Normal", "reason": "Started", "message": "m\n", "lastTimestamp": "2026-11-24T04:00:40Z",
    "involvedObject": {"kind": "Pod", "name": "web"}})",
          {}),
      "LAST SEEN   TYPE     REASON    OBJECT    MESSAGE\n2s          Normal   Started   pod/web   "
      "m\n");
  EXPECT_EQ(
      table("no", R"({"metadata": {"name": "box", "creationTimestamp": "2026-11-24T04:00:00Z"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1"}}})",
            {}),
      "NAME   STATUS   ROLES    AGE   VERSION\nbox    Ready    <none>   42s   v1\n");
  EXPECT_EQ(table("ns", R"({"metadata": {"name": "default"}})", {}),
            "NAME      STATUS   AGE\ndefault   Active   <unknown>\n");
}

TEST_F(Output, OtherFormats) {
  const auto pod = boost::json::parse(kPod);
  EXPECT_EQ(format("name", pod), "pod/web\n");
  EXPECT_EQ(format("jsonpath={.status.podIP}", pod), "10.8.0.2");
  EXPECT_EQ(format("name", list_of({pod, pod})), "pod/web\npod/web\n");
  EXPECT_EQ(
      format("custom-columns=N:.metadata.name,C:.spec.containers[*].name,X:.none", list_of({pod})),
      "N     C     X\nweb   a,b   <none>\n");
  EXPECT_EQ(format("json", boost::json::parse(R"({"b":[],"a":{"x":1}})")),
            "{\n    \"a\": {\n        \"x\": 1\n    },\n    \"b\": []\n}\n");
  EXPECT_FALSE(parse_format("bogus"));
  EXPECT_FALSE(parse_format("jsonpath={.x"));
}

TEST_F(Output, SortsByValue) {
  std::vector<boost::json::value> objects = {boost::json::parse(R"({"n": 10, "m": "1Gi"})"),
                                             boost::json::parse(R"({"n": 9, "m": "2Gi"})"),
                                             boost::json::parse(R"({"n": 11, "m": "500Mi"})")};
  ASSERT_TRUE(sort_objects(".n", objects));
  EXPECT_EQ(path_text(".n", objects[0]), "9");
  ASSERT_TRUE(sort_objects("{.m}", objects));
  EXPECT_EQ(path_text(".n", objects[0]), "11");
}

TEST_F(Output, AWatchsColumnsNeverShrink) {
  StreamTable lines;
  EXPECT_EQ(lines.line({"NAME", "S"}), "NAME   S\n");
  EXPECT_EQ(lines.line({"longer-name", "S"}), "longer-name   S\n");
  EXPECT_EQ(lines.line({"x", "S"}), "x             S\n");
}

TEST_F(Output, References) {
  EXPECT_EQ(parse_refs({"pod/web", "ev/x"}).value()[1].resource->kind, "Event");
  EXPECT_EQ(parse_refs({"po,no"}).value().size(), 2U);
  EXPECT_EQ(parse_refs({"pod", "a", "b"}).value()[1].name, "b");
  EXPECT_FALSE(parse_refs({"pods/"}));
  EXPECT_EQ(find_resource("podz").error().message(),
            "the server doesn't have a resource type \"podz\": did you mean \"pods\"?");
}

}  // namespace
}  // namespace podctl::cli
