// Scenarios, damaged: whatever is loaded without a fault is
// run as well, and comes to an end.
#include <gtest/gtest.h>

#include <string>

#include "fuzz/mutate.hpp"
#include "podctl/scenario/load.hpp"
#include "podctl/scenario/run.hpp"

namespace podctl::scenario {
namespace {

const std::string kSeed = R"(apiVersion: test.podctl.dev/v1
kind: PodTest
metadata: {name: t}
spec:
  orders: 5
  containers:
  - {name: s, runs: [{stopsAfter: 1s, stopCode: 0, log: [up]}]}
  - {name: a, runs: [{for: 2s, exitCode: 1, liveness: [{after: 1s, answer: failure}], postStart: {takes: 1s, fails: true}}, {startsAfter: 1s, for: 3s}]}
  steps:
  - wait: {container: a, state: running, run: 2, timeout: 90s}
  - kill: {container: a, signal: SIGTERM}
  - advance: 5s
  - expect: {container: s, ready: true, before: {container: a, state: running}}
  - delete: {gracePeriodSeconds: 3}
  expect:
  - {event: Killing, within: 9s, noSooner: 0s}
  - {phase: Failed, never: true}
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: OnFailure
  initContainers: [{name: s, image: i, restartPolicy: Always}]
  containers: [{name: a, image: i, livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 1}, lifecycle: {postStart: {exec: {command: [x]}}}}]
)";

void load_and_run(const std::string& text) {
  if (!holds_tests(text)) return;
  const auto loaded = load(text);
  if (!loaded.faults.empty()) return;
  std::vector<const api::Pod*> pods;
  for (const auto& manifest : loaded.manifests) pods.push_back(&manifest.pod);
  for (const auto& test : loaded.tests) {
    if (pods.empty() || !check_names(test, pods).empty()) continue;
    const auto report = run_virtual(test.test, pods, 5);
    EXPECT_GE(report.orders, 1U);
  }
}

TEST(ScenarioFuzz, DamagedScenariosAreRefusedOrEnd) { fuzz::run({kSeed}, load_and_run); }

}  // namespace
}  // namespace podctl::scenario
