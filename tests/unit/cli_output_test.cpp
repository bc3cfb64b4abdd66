// What get prints, for the tables and the other formats.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "podctl/cli/output.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

const char* const kPod = R"({"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "web", "namespace": "default", "labels": {"app": "w"}, "creationTimestamp": "2026-11-24T04:00:00Z"},
 "spec": {"nodeName": "box", "containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
 "status": {"phase": "Running", "podIP": "10.8.0.2", "containerStatuses": [
  {"name": "a", "ready": true, "restartCount": 0, "state": {"running": {}}},
  {"name": "b", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})";

const char* const kTable = R"({"kind": "Table", "columnDefinitions": [
  {"name": "Name", "type": "string", "format": "name", "priority": 0},
  {"name": "Ready", "type": "string", "format": "", "priority": 0},
  {"name": "Nominated Node", "type": "string", "format": "", "priority": 1},
  {"name": "Count", "type": "integer", "format": "", "priority": 0}],
 "rows": [{"cells": ["web", "1/2", "<none>", 7], "object": {"kind": "PartialObjectMetadata",
   "metadata": {"name": "web", "namespace": "default", "labels": {"app": "w"}}}}]})";

class Output : public testing::Test {
 protected:
  std::string table(const char* type, TableOptions options) {
    const auto answer = boost::json::parse(kTable);
    const TableView view(*find_resource(type).value(), options, answer);
    Table t{view.headings(), {}};
    for (const auto& row : View(answer)["rows"].items()) t.rows.push_back(view.row(row));
    return t.str();
  }
  std::string format(const char* spec, const boost::json::value& object) {
    return format_object(parse_format(spec).value(), object).value();
  }
};

TEST_F(Output, TheServersTable) {
  EXPECT_EQ(table("po", {}), "NAME   READY   COUNT\nweb    1/2     7\n");
  EXPECT_EQ(table("po", {.with_kind = true}), "NAME      READY   COUNT\npod/web   1/2     7\n");
  EXPECT_EQ(table("pods", {.with_namespace = true,
                           .wide = true,
                           .show_labels = true,
                           .label_columns = {"x/app", "app"}}),
            "NAMESPACE   NAME   READY   NOMINATED NODE   COUNT   APP   APP   LABELS\n"
            "default     web    1/2     <none>           7             w     app=w\n");
  EXPECT_EQ(table("nodes", {.with_namespace = true}), table("nodes", {})) << "has no namespace";
}

// CVE-2021-25743: a container's own words must not reach the terminal's interpreter.
TEST_F(Output, NothingThatATerminalObeysIsInATable) {
  const auto hostile = boost::json::parse(
      R"({"columnDefinitions": [{"name": "Name", "type": "string", "priority": 0}],
          "rows": [{"cells": ["a\u001b[2J"], "object": {"metadata":
            {"namespace": "n\u001b", "labels": {"k": "v\u001b]0;x\u0007", "l\r": "w"}}}}]})");
  const TableView view(
      pods(), {.with_namespace = true, .show_labels = true, .label_columns = {"k"}}, hostile);
  for (const auto& cell : view.row(View(hostile)["rows"].items()[0]))
    EXPECT_EQ(cell.find_first_of("\x1b\r\x07"), std::string::npos) << cell;
  EXPECT_EQ(format("custom-columns=M:.m,L:.l[*]",
                   boost::json::parse(R"({"m": "x\u001b[31m", "l": ["\r", "\u0007"]})")),
            "M         L\nx^[[31m   \\r,^G\n");
}

TEST_F(Output, AsksForNoMoreThanItPrints) {
  EXPECT_EQ(include_object({}), "None");
  EXPECT_EQ(include_object({.wide = true, .with_kind = true}), "None");
  EXPECT_EQ(include_object({.with_namespace = true}), "Metadata");
  EXPECT_EQ(include_object({.show_labels = true}), "Metadata");
  EXPECT_EQ(include_object({.label_columns = {"app"}}), "Metadata");
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
  EXPECT_EQ(parse_format("jsonpath=").error().message(),
            "template format specified but no template given");
  EXPECT_FALSE(parse_format("custom-columns="));
  EXPECT_FALSE(parse_format("custom-columns=N"));
  EXPECT_EQ(parse_format("custom-columns-file=/nowhere").error().message(),
            "read /nowhere: no such file");
}

TEST_F(Output, SortsByValue) {
  std::vector<boost::json::value> objects = {boost::json::parse(R"({"n": 10, "m": "1Gi"})"),
                                             boost::json::parse(R"({"n": 9, "m": "2Gi"})"),
                                             boost::json::parse(R"({"n": 11, "m": "500Mi"})")};
  ASSERT_TRUE(sort_objects(".n", objects));
  EXPECT_EQ(View(objects[0])["n"].scalar(), "9");
  ASSERT_TRUE(sort_objects("{.m}", objects));
  EXPECT_EQ(View(objects[0])["n"].scalar(), "11");

  std::vector<boost::json::value> rows = {boost::json::parse(R"({"c": 1, "object": {"n": 10}})"),
                                          boost::json::parse(R"({"c": 2, "object": {"n": 9}})")};
  ASSERT_TRUE(sort_objects(".n", rows, "object"));
  EXPECT_EQ(View(rows[0])["c"].scalar(), "2");
}

TEST_F(Output, AWatchsColumnsNeverShrink) {
  StreamTable lines;
  lines.add({"NAME", "S"});
  EXPECT_EQ(lines.take(), "NAME   S\n");
  lines.add({"NAME", "S"});
  lines.add({"longer-name", "S"});
  EXPECT_EQ(lines.waiting(), 2U);
  EXPECT_EQ(lines.take(), "NAME          S\nlonger-name   S\n");
  lines.add({"x", "S"});
  EXPECT_EQ(lines.take(), "x             S\n");
}

TEST_F(Output, References) {
  EXPECT_EQ(parse_refs({"pod/web", "ev/x"}).value()[1].resource->kind, "Event");
  EXPECT_EQ(parse_refs({"po,no"}).value().size(), 2U);
  EXPECT_EQ(parse_refs({"pod", "a", "b"}).value()[1].name, "b");
  EXPECT_FALSE(parse_refs({"pods/"}));
  EXPECT_EQ(find_resource("podz").error().message(),
            "the server doesn't have a resource type \"podz\": did you mean \"pods\"?");
  for (const char* word : {"Pod", "PODS", "Po", "pod"})
    EXPECT_EQ(find_resource(word).value(), &pods()) << word;
  EXPECT_EQ(parse_pod("Pod/Web").value(), "Web");
}

TEST_F(Output, OperandsThatMeanNothingAreRefused) {
  const auto refusal = [](std::vector<std::string> words, ChosenBy by) {
    auto fits = check_operands(words, parse_refs(words).value(), by);
    return fits ? std::string() : fits.error().message();
  };
  EXPECT_EQ(refusal({"pod", "a"}, {}), "");
  EXPECT_EQ(refusal({}, {.files = true, .selector = true}), "");
  EXPECT_EQ(refusal({"pods"}, {.selector = true, .all_namespaces = true}), "");
  EXPECT_EQ(refusal({"node", "a"}, {.all_namespaces = true}), "");
  EXPECT_EQ(refusal({"pod", "a"}, {.files = true}),
            "when paths, URLs, or stdin is provided as input, you may not specify resource "
            "arguments as well");
  EXPECT_EQ(refusal({"pod", "a"}, {.selector = true}),
            "name cannot be provided when a selector is specified");
  EXPECT_EQ(refusal({"pod/a"}, {.selector = true}),
            "selectors and the all flag cannot be used when passing resource/name arguments");
  EXPECT_EQ(refusal({"pod", "a"}, {.all_namespaces = true}),
            "a resource cannot be retrieved by name across all namespaces");
}

}  // namespace
}  // namespace podctl::cli
