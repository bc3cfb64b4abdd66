// The virtual world: what scripts do, and that orders of simultaneous happenings are found.
#include <gtest/gtest.h>

#include "podctl/scenario/expect.hpp"
#include "podctl/scenario/load.hpp"
#include "podctl/scenario/report.hpp"
#include "podctl/scenario/run.hpp"

namespace podctl::scenario {
namespace {

// A scenario with its pods in one text.
Report run(const std::string& spec, const std::string& pod_spec, std::size_t orders = 500) {
  const auto loaded =
      load("apiVersion: test.podctl.dev/v1\nkind: PodTest\nmetadata: {name: t}\nspec:\n" + spec +
           "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n" + pod_spec);
  for (const auto& fault : loaded.faults) ADD_FAILURE() << fault.field << ": " << fault.text;
  if (!loaded.faults.empty()) return {};
  for (const auto& fault : check_names(loaded.tests[0], {&loaded.manifests[0].pod})) {
    ADD_FAILURE() << fault.field << ": " << fault.text;
  }
  return run_virtual(loaded.tests[0].test, {&loaded.manifests[0].pod}, orders);
}

std::string shown(const Report& report) {
  if (!report.failure) return {};
  return report.failure->field + ": expected " + report.failure->wanted + ": " +
         report.failure->text + "\n" + timeline(report.history, report.failure->entry);
}

const std::string kOne = "  restartPolicy: Never\n  containers: [{name: app, image: x}]\n";
const std::string kTwo =
    "  restartPolicy: Never\n"
    "  containers: [{name: a, image: x}, {name: b, image: x}]\n";

TEST(ScenarioRun, ScriptsDecideHowContainersEnd) {
  const auto report =
      run("  containers:\n"
          "  - name: app\n"
          "    runs: [{for: 3s, oomKilled: true, message: too big, log: [hello, bye]}]\n"
          "  steps: [{wait: {phase: Failed}}]\n"
          "  expect:\n"
          "  - {container: app, state: terminated, reason: OOMKilled, exitCode: 137, message: too "
          "big}\n"
          "  - {container: app, state: terminated, noSooner: 3s, within: 3s}\n"
          "  - {log: hello, times: 1}\n",
          kOne);
  EXPECT_FALSE(report.failure) << shown(report);
  EXPECT_TRUE(report.all);
}

TEST(ScenarioRun, StartsFailAtTheirStage) {
  const auto report =
      run("  containers:\n"
          "  - name: a\n"
          "    runs: [{fails: {stage: start, message: no such file}}]\n"
          "  - {name: b, imageMissing: true}\n"
          "  steps: [{advance: 30s}]\n"
          "  expect:\n"
          "  - {container: a, state: terminated, reason: StartError, exitCode: 128}\n"
          "  - {container: b, state: waiting, reason: ErrImagePull}\n"
          "  - {container: b, state: waiting, reason: ImagePullBackOff}\n",
          "  restartPolicy: Never\n"
          "  containers: [{name: a, image: x}, {name: b, image: x}]\n");
  EXPECT_FALSE(report.failure) << shown(report);
}

// Both end at one instant: which of them is seen first differs between orders, and so does what
// stands in the history.
TEST(ScenarioRun, ARaceThatThePlainOrderHidesIsFound) {
  const std::string spec =
      "  containers: [{name: a, runs: [{for: 5s}]}, {name: b, runs: [{for: 5s}]}]\n"
      "  steps: [{wait: {phase: Succeeded}}]\n"
      "  expect: [{container: a, state: terminated, before: {container: b, state: terminated}}]\n";
  EXPECT_FALSE(run(spec, kTwo, 1).failure);
  const auto report = run(spec, kTwo);
  ASSERT_TRUE(report.failure);
  EXPECT_GT(report.failure->order, 1U);
  EXPECT_EQ(report.failure->field, "spec.expect[0]");
  ASSERT_TRUE(report.failure->entry);
  EXPECT_EQ(report.history.at(*report.failure->entry).container, "b");
  EXPECT_NE(shown(report).find("~ "), std::string::npos) << shown(report);
  // The same one each time.
  EXPECT_EQ(shown(run(spec, kTwo)), shown(report));
}

TEST(ScenarioRun, WhatTheScenarioDoesMayComeBeforeWhatItHasCaused) {
  const auto report =
      run("  steps:\n"
          "  - wait: {phase: Running}\n"
          "  - kill: {container: app}\n"
          "  - delete: {}\n"
          "  - wait: {deleted: true}\n"
          "  expect: [{container: app, state: terminated, before: {terminating: true}}]\n",
          kOne);
  ASSERT_TRUE(report.failure);
  EXPECT_GT(report.failure->order, 1U);
}

TEST(ScenarioRun, TheBoundIsKeptAndTold) {
  const std::string spec =
      "  containers: [{name: a, runs: [{for: 5s}]}, {name: b, runs: [{for: 5s}]}]\n"
      "  steps: [{wait: {phase: Succeeded}}]\n";
  const auto few = run(spec, kTwo, 3);
  EXPECT_EQ(few.orders, 3U);
  EXPECT_FALSE(few.all);
  const auto all = run(spec, kTwo, 100'000);
  EXPECT_TRUE(all.all);
  EXPECT_GT(all.orders, 3U);
  const auto own = run("  orders: 2\n" + spec, kTwo, 100'000);
  EXPECT_EQ(own.orders, 2U);
}

TEST(ScenarioRun, AWaitThatIsInVainSaysSo) {
  const auto report = run("  steps: [{wait: {phase: Succeeded, timeout: 5s}}]\n", kOne);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->wanted, "wait for phase Succeeded");
  EXPECT_EQ(report.failure->text, "it did not happen until 5.000s");
}

TEST(ScenarioRun, AStepThatCannotBeTakenFails) {
  const auto report =
      run("  containers: [{name: app, runs: [{for: 1s}]}]\n"
          "  steps: [{wait: {phase: Succeeded}}, {kill: {container: app}}]\n",
          kOne);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->text, "the container does not run");
}

TEST(ScenarioRun, DeletionFollowsTheScriptAndTheGrace) {
  const auto report =
      run("  containers:\n"
          "  - {name: a, runs: [{stopsAfter: 4s, stopCode: 5}]}\n"
          "  - {name: b, runs: [{ignoresStop: true}]}\n"
          "  steps: [{wait: {phase: Running}}, {delete: {gracePeriodSeconds: 9}}, {wait: {deleted: "
          "true}}]\n"
          "  expect:\n"
          "  - {container: a, state: terminated, exitCode: 5, noSooner: 4s, within: 4s, after: "
          "{terminating: true}}\n"
          "  - {container: b, state: terminated, exitCode: 137, noSooner: 9s, within: 9s, after: "
          "{terminating: true}}\n",
          kTwo);
  EXPECT_FALSE(report.failure) << shown(report);
}

TEST(ScenarioRun, ExecNeedsAContainerThatRuns) {
  const std::string before = "  containers: [{name: app, runs: [{for: 5s}]}]\n  steps:\n";
  const std::string exec = "  - exec: {container: app, command: [ls], exitCode: 1}\n";
  const std::string expect = "  expect: [{container: app, state: running}]\n";
  EXPECT_FALSE(run(before + "  - wait: {phase: Running}\n" + exec + expect, kOne).failure);
  const auto late = run(before + "  - wait: {phase: Succeeded}\n" + exec + expect, kOne);
  ASSERT_TRUE(late.failure);
  EXPECT_EQ(late.failure->wanted, "exec in app: ls");
  EXPECT_EQ(late.failure->text, "the container does not run");
}

const std::string kProbed =
    "  containers:\n"
    "  - name: app\n"
    "    image: x\n"
    "    livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 2, failureThreshold: 2}\n"
    "    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 1}\n"
    "    lifecycle: {postStart: {exec: {command: [a]}}, preStop: {exec: {command: [b]}}}\n";

TEST(ScenarioRun, ProbesAreAnsweredAsTheScriptSays) {
  const auto report =
      run("  containers:\n"
          "  - name: app\n"
          "    runs:\n"
          "    - liveness: [{after: 1h, answer: failure, message: stuck}]\n"
          "      readiness: [{answer: failure}, {after: 4s, answer: success}]\n"
          "    - {}\n"
          "  steps: [{wait: {container: app, state: running, run: 2, timeout: 2h}}]\n"
          "  expect:\n"
          "  - {container: app, ready: true, run: 1, noSooner: 4s, within: 4s}\n"
          "  - {event: Unhealthy, message: \"Liveness probe failed: stuck\", times: 2}\n"
          "  - {event: Killing, noSooner: 3602s, within: 3602s}\n",
          kProbed);
  EXPECT_FALSE(report.failure) << shown(report);
}

TEST(ScenarioRun, AStepChangesAProbesAnswerForTheRunThatLasts) {
  const auto report =
      run("  modes: [virtual]\n"
          "  steps:\n"
          "  - wait: {condition: Ready}\n"
          "  - advance: 10s\n"
          "  - probe: {container: app, kind: liveness, answer: failure}\n"
          "  - wait: {container: app, state: running, run: 2}\n"
          "  - advance: 1h\n"
          "  expect:\n"
          "  - {event: Unhealthy, times: 2}\n"
          "  - {container: app, state: running, times: 2}\n",
          kProbed);
  EXPECT_FALSE(report.failure) << shown(report);
}

TEST(ScenarioRun, HooksTakeTheirTimeAndMayFail) {
  const auto report =
      run("  containers:\n"
          "  - name: app\n"
          "    runs:\n"
          "    - {stopsAfter: 1s, postStart: {takes: 3s}, preStop: {takes: 5s, fails: true}}\n"
          "  steps: [{wait: {condition: Ready}}, {delete: {}}, {wait: {deleted: true}}]\n"
          "  expect:\n"
          "  - {container: app, state: running, noSooner: 3s, within: 3s}\n"
          "  - {event: FailedPreStopHook, noSooner: 5s, within: 5s, after: {terminating: true}}\n"
          "  - {deleted: true, noSooner: 6s, within: 6s, after: {terminating: true}}\n",
          kProbed);
  EXPECT_FALSE(report.failure) << shown(report);
}

}  // namespace
}  // namespace podctl::scenario
