// Scenarios are read as strictly as manifests: every fault has a place, all are told at once.
#include <gtest/gtest.h>

#include "podctl/scenario/load.hpp"

namespace podctl::scenario {
namespace {

const std::string kHead =
    "apiVersion: test.podctl.dev/v1\n"
    "kind: PodTest\n"
    "metadata: {name: t}\n"
    "spec:\n";

std::vector<std::string> faults_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& f : load(text).faults) {
    out.push_back(std::to_string(f.at.line) + ":" + std::to_string(f.at.column) + " " + f.field +
                  ": " + f.text);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(ScenarioLoad, EveryFaultIsToldWithItsPlace) {
  EXPECT_EQ(faults_of(kHead + "  step: []\n"
                              "  steps:\n"
                              "  - wait: {container: app, sate: running}\n"
                              "  - advance: soon\n"
                              "  - kill: {container: app, signal: SIGNONE}\n"
                              "  - {advance: 1s, delete: {}}\n"
                              "  - expect: {state: runing}\n"),
            (Texts{"5:3 spec.step: unknown field \"step\", did you mean \"steps\"?",
                   "7:28 spec.steps[0].wait.sate: unknown field \"sate\", did you mean \"state\"?",
                   "8:14 spec.steps[1].advance: Invalid value: \"soon\": must be a duration as "
                   "10s, 1m30s or 500ms",
                   "9:36 spec.steps[2].kill.signal: Invalid value: \"SIGNONE\": no signal's name "
                   "or number",
                   "10:5 spec.steps[3]: Forbidden: a step is only one of delete, advance",
                   "11:21 spec.steps[4].expect.state: Unsupported value: \"runing\": supported "
                   "values: \"waiting\", \"running\", \"terminated\"; did you mean \"running\"?"}));
}

TEST(ScenarioLoad, WhatContradictsItselfIsRefused) {
  const struct {
    const char* spec;
    const char* fault;  // without its place
  } rows[] = {
      {"  steps: [{advance: 1s}]\n", "spec: Required value: an expectation; this tests nothing"},
      {"  expect: [{state: running, phase: Failed}]\n",
       "spec.expect[0]: Forbidden: only one of state, phase"},
      {"  expect: [{phase: Failed, container: a}]\n",
       "spec.expect[0].container: Forbidden: phase is the pod's"},
      {"  expect: [{state: running, exitCode: 1}]\n",
       "spec.expect[0].exitCode: Forbidden: only with state: terminated"},
      {"  expect: [{state: running, never: true, times: 3}]\n",
       "spec.expect[0]: Forbidden: only one of never, times"},
      {"  expect: [{state: running, times: 3, within: 1s}]\n",
       "spec.expect[0]: Forbidden: within and noSooner are about the first time, times is not"},
      {"  expect: [{state: running, never: false}]\n",
       "spec.expect[0].never: Invalid value: \"false\": can only be true: leave it out"},
      {"  expect: [{event: Killing, now: true}]\n",
       "spec.expect[0].now: Forbidden: events and log lines do not last"},
      {"  expect: [{state: running}]\n  containers: [{name: a, runs: [{exitCode: 1}]}]\n",
       "spec.containers[0].runs[0].for: Required value: without it the run goes on until it is "
       "stopped"},
      {"  expect: [{state: running}]\n  modes: [virtuel]\n",
       "spec.modes[0]: Unsupported value: \"virtuel\": supported values: \"virtual\", \"real\"; "
       "did you mean \"virtual\"?"},
      {"  expect: [{state: running}]\n"
       "  containers: [{name: a, runs: [{liveness: [{answer: failur}]}]}]\n",
       "spec.containers[0].runs[0].liveness[0].answer: Unsupported value: \"failur\": supported "
       "values: \"success\", \"warning\", \"failure\", \"error\"; did you mean \"failure\"?"},
      {"  expect: [{state: running}]\n  containers: [{name: a, runs: [{startup: [{after: 3s, "
       "answer: failure}, {after: 2s, answer: success}]}]}]\n",
       "spec.containers[0].runs[0].startup[1].after: Invalid value: \"2s\": must be later than the "
       "one before it"},
      {"  expect: [{state: running}]\n"
       "  steps: [{probe: {container: a, kind: liveness, answer: failure}}]\n",
       "spec.steps[0].probe: Forbidden: no real probe answers as it is told; only with modes: "
       "[virtual]"},
  };
  for (const auto& row : rows) {
    const auto found = faults_of(kHead + row.spec);
    ASSERT_EQ(found.size(), 1U) << row.spec;
    EXPECT_EQ(found[0].substr(found[0].find(' ') + 1), row.fault) << row.spec;
  }
}

TEST(ScenarioLoad, AnotherVersionIsSaidToBeOne) {
  EXPECT_EQ(faults_of("apiVersion: test.podctl.dev/v2\nkind: PodTest\n"),
            (Texts{"1:13 apiVersion: \"test.podctl.dev/v2\" is not supported: "
                   "\"test.podctl.dev/v1\" is"}));
}

TEST(ScenarioLoad, PodsMayStandInTheSameFile) {
  const auto loaded = load(kHead +
                           "  expect: [{state: running, container: ap}]\n"
                           "---\n"
                           "apiVersion: v1\n"
                           "kind: Pod\n"
                           "metadata: {name: web}\n"
                           "spec: {containers: [{name: app, image: x}]}\n");
  ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].text;
  ASSERT_EQ(loaded.manifests.size(), 1U);
  const auto faults = check_names(loaded.tests.at(0), {&loaded.manifests[0].pod});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].field, "spec.expect[0].container");
  EXPECT_EQ(faults[0].text, "Not found: \"ap\"; did you mean \"app\"?");
  EXPECT_EQ(faults[0].at.line, 5U);
}

TEST(ScenarioLoad, NothingIsScriptedThatThePodDoesNotHave) {
  const auto loaded = load(kHead +
                           "  modes: [virtual]\n"
                           "  containers: [{name: app, runs: [{readiness: [{answer: failure}], "
                           "postStart: {fails: true}, preStop: {takes: 1s}}]}]\n"
                           "  steps: [{probe: {container: app, kind: startup, answer: failure}}]\n"
                           "  expect: [{state: running, container: app}]\n"
                           "---\n"
                           "apiVersion: v1\n"
                           "kind: Pod\n"
                           "metadata: {name: web}\n"
                           "spec:\n"
                           "  containers:\n"
                           "  - name: app\n"
                           "    image: x\n"
                           "    livenessProbe: {tcpSocket: {port: 80}}\n"
                           "    lifecycle: {preStop: {sleep: {seconds: 1}}}\n");
  ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].text;
  Texts fields;
  for (const auto& fault : check_names(loaded.tests.at(0), {&loaded.manifests[0].pod})) {
    fields.push_back(fault.field + ": " + fault.text);
  }
  EXPECT_EQ(fields,
            (Texts{"spec.containers[0].runs[0].readiness: Forbidden: container app has no "
                   "readinessProbe to be scripted",
                   "spec.containers[0].runs[0].postStart: Forbidden: container app has no "
                   "postStart to be scripted",
                   "spec.containers[0].runs[0].preStop: Forbidden: container app has no preStop "
                   "to be scripted",
                   "spec.steps[0].probe.kind: Forbidden: container app has no startupProbe to be "
                   "scripted"}));
}

TEST(ScenarioLoad, OnlyFilesThatSpeakOfTestsAreTests) {
  EXPECT_TRUE(holds_tests(kHead));
  EXPECT_FALSE(holds_tests("apiVersion: v1\nkind: Pod\n"));
  EXPECT_FALSE(holds_tests("apiVersion: v1\nkind: Pod\nmetadata: {name: PodTest}\n"));
  EXPECT_TRUE(holds_tests("kind: PodTest\n  - broken: ["));
}

}  // namespace
}  // namespace podctl::scenario
