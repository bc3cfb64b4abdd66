// Restarts: policy, rules, CrashLoopBackOff to the second, what the statuses say meanwhile.
#include "lifecycle_simulator.hpp"

namespace podctl::lifecycle {
namespace {

using Lines = std::vector<std::string>;

// Seconds at which the attempts of a container that lives for `runs` were started.
std::vector<std::uint64_t> starts(Simulator& sim, double until) {
  std::vector<std::uint64_t> at;
  sim.run_until(until);
  for (const auto& line : sim.traced({"start"})) at.push_back(std::stoull(line));
  return at;
}

TEST(LifecycleRestart, CrashLoopWaitsTenSecondsDoubledToFiveMinutes) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].exit_code = 1;
  const auto at = starts(sim, 3600);
  std::vector<std::uint64_t> delays;
  for (std::size_t i = 1; i < at.size(); ++i) delays.push_back(at[i] - at[i - 1] - 1);
  ASSERT_GE(delays.size(), 9U);
  delays.resize(9);
  EXPECT_EQ(delays, (std::vector<std::uint64_t>{0, 10, 20, 40, 80, 160, 300, 300, 300}));
  // Before each wait one event, and attempts older than the last dead one are removed.
  EXPECT_EQ(sim.count("BackOff: Back-off restarting failed container app in pod "
                      "web_default(uid-1)"),
            at.size() - 1);
  EXPECT_EQ(sim.traced({"remove"}).front(), "12.0 remove app 0");
}

TEST(LifecycleRestart, BackoffIsShownWithItsExactMessage) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].exit_code = 1;
  sim.run_until(160);  // started at 0, 1, 12, 33, 74, 155; ended at 156
  const auto& status = sim.status("app");
  EXPECT_EQ(sim.column(), "CrashLoopBackOff");
  EXPECT_EQ(status.state->waiting->message,
            "back-off 2m40s restarting failed container=app pod=web_default(uid-1)");
  EXPECT_EQ(status.lastState->terminated->exitCode, 1);
  EXPECT_EQ(status.lastState->terminated->reason, "Error");
  EXPECT_EQ(status.lastState->terminated->containerID, "podctl://id-app-5");
  EXPECT_EQ(status.restartCount, 5);
  EXPECT_FALSE(status.ready);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.condition("Ready").reason, "ContainersNotReady");
  EXPECT_EQ(sim.condition("Ready").message, "containers with unready status: [app]");
}

TEST(LifecycleRestart, TenMinutesOfRunningForgetTheBackoff) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].exit_code = 1;
  sim.run_until(80);  // the attempt of 74 s has ended; the next is due at 155 s
  sim.behaves["app"].runs_ns = 601 * kSec;
  sim.run_until(156);
  sim.behaves["app"].runs_ns = kSec;
  sim.run_until(790);
  const auto lines = sim.traced({"start"});
  ASSERT_GE(lines.size(), 8U);
  EXPECT_EQ(lines[5], "155.0 start app 5");
  EXPECT_EQ(lines[6], "756.0 start app 6");  // at once
  EXPECT_EQ(lines[7], "767.0 start app 7");  // 10 s
}

TEST(LifecycleRestart, PolicyDecidesAndThePodEnds) {
  struct Case {
    std::string policy;
    std::int32_t code;
    std::size_t attempts;
    std::string phase, column;
  };
  const std::vector<Case> cases = {
      {"Always", 0, 2, "Running", "CrashLoopBackOff"},
      {"Always", 1, 2, "Running", "CrashLoopBackOff"},
      {"OnFailure", 0, 1, "Succeeded", "Completed"},
      {"OnFailure", 7, 2, "Running", "CrashLoopBackOff"},
      {"Never", 0, 1, "Succeeded", "Completed"},
      {"Never", 7, 1, "Failed", "Error"},
  };
  for (const auto& x : cases) {
    Simulator sim(make_pod({"app"}, x.policy));
    sim.behaves["app"].runs_ns = kSec;
    sim.behaves["app"].exit_code = x.code;
    sim.run_until(5);
    EXPECT_EQ(sim.traced({"start"}).size(), x.attempts) << x.policy << x.code;
    EXPECT_EQ(sim.pod.status.phase, x.phase) << x.policy << x.code;
    EXPECT_EQ(sim.column(), x.column) << x.policy << x.code;
    const bool over = x.attempts == 1;
    EXPECT_EQ(sim.traced({"destroy 0 final"}).size(), over ? 1U : 0U);
    if (!over) continue;
    const auto* reason = x.code == 0 ? "PodCompleted" : "PodFailed";
    EXPECT_EQ(sim.condition("Ready").reason, reason);
    EXPECT_EQ(sim.condition("ContainersReady").reason, reason);
    EXPECT_EQ(sim.condition("Initialized").status, "True");
    EXPECT_EQ(sim.condition("PodReadyToStartContainers").status, "False");
    EXPECT_EQ(sim.pod.status.podIP, "10.0.0.2");
    sim.step();
    EXPECT_TRUE(sim.last_actions.empty());
    EXPECT_EQ(sim.wake_ns, 0U);
  }
}

TEST(LifecycleRestart, OneOfTwoEndedKeepsThePodRunning) {
  Simulator sim(make_pod({"a", "b"}, "OnFailure"));
  sim.behaves["a"].runs_ns = kSec;
  sim.run_until(5);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.column(), "NotReady");
  EXPECT_EQ(sim.condition("Ready").message, "containers with unready status: [a]");
}

TEST(LifecycleRestart, ContainersOwnPolicyAndRulesWin) {
  struct Case {
    std::string own, rule_operator;
    std::vector<std::int32_t> codes;
    std::int32_t code;
    bool restarts;
  };
  const std::vector<Case> cases = {
      {"Never", "In", {42}, 42, true},    {"Never", "In", {42}, 43, false},
      {"Never", "NotIn", {42}, 43, true}, {"Never", "NotIn", {42}, 42, false},
      {"Always", "In", {42}, 0, true},    {"OnFailure", "In", {0}, 0, true},
  };
  for (const auto& x : cases) {
    auto pod = make_pod({"app"}, "Never");
    auto& container = pod.spec.containers[0];
    container.restartPolicy = x.own;
    auto& rule = container.restartPolicyRules.emplace_back();
    rule.action = "Restart";
    rule.exitCodes = api::ContainerRestartRuleOnExitCodes{x.rule_operator, x.codes};
    Simulator sim(std::move(pod));
    sim.behaves["app"].runs_ns = kSec;
    sim.behaves["app"].exit_code = x.code;
    sim.run_until(3);
    EXPECT_EQ(sim.traced({"start"}).size(), x.restarts ? 2U : 1U) << x.own << x.code;
  }
}

TEST(LifecycleRestart, RestartAllKeepsTheSandbox) {
  auto pod = make_pod({"app", "other"}, "Never");
  add_init(pod, "setup");
  auto& container = pod.spec.containers[0];
  container.restartPolicy = "Never";
  auto& rule = container.restartPolicyRules.emplace_back();
  rule.action = "RestartAllContainers";
  rule.exitCodes = api::ContainerRestartRuleOnExitCodes{"In", {42}};
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = kSec;
  sim.behaves["app"].runs_ns = 5 * kSec;
  sim.behaves["app"].exit_code = 42;
  sim.run_until(8);
  EXPECT_EQ(sim.traced({"sandbox", "start", "signal", "destroy"}),
            (Lines{"0.0 sandbox 0", "0.0 start setup 0", "1.0 start app 0", "1.0 start other 0",
                   "6.0 signal other 0 15", "6.0 start setup 1", "7.0 start app 1",
                   "7.0 start other 1"}));
}

// Kubernetes' own example: a watcher beside the pod's work says when all shall begin anew.
TEST(LifecycleRestart, ASidecarMayRestartAll) {
  auto pod = make_pod({"app"}, "Never");
  add_init(pod, "watcher", true);
  auto& rule = pod.spec.initContainers[0].restartPolicyRules.emplace_back();
  rule.action = "RestartAllContainers";
  rule.exitCodes = api::ContainerRestartRuleOnExitCodes{"In", {88}};
  Simulator sim(std::move(pod));
  sim.behaves["watcher"].runs_ns = 5 * kSec;
  sim.behaves["watcher"].exit_code = 88;
  sim.run_until(8);
  EXPECT_EQ(sim.traced({"sandbox", "start", "signal", "destroy"}),
            (Lines{"0.0 sandbox 0", "0.0 start watcher 0", "0.0 start app 0", "5.0 signal app 0 15",
                   "5.0 start watcher 1", "5.0 start app 1"}));
}

// `setup` ends at once, `trigger` says when all shall begin anew.
api::Pod pod_with_trigger() {
  auto pod = make_pod({"trigger", "app"}, "Never");
  add_init(pod, "setup");
  add_init(pod, "proxy", true);
  auto& container = pod.spec.containers[0];
  container.restartPolicy = "Never";
  auto& rule = container.restartPolicyRules.emplace_back();
  rule.action = "RestartAllContainers";
  rule.exitCodes = api::ContainerRestartRuleOnExitCodes{"In", {42}};
  return pod;
}

// KEP-5532: neither preStop nor the pod's grace period nor the order of sidecars; two seconds lie
// between the signal and SIGKILL as ever.
TEST(LifecycleRestart, RestartAllIsAbrupt) {
  auto pod = pod_with_trigger();
  for (auto* c : {&pod.spec.containers[1], &pod.spec.initContainers[1]})
    c->lifecycle.emplace().preStop.emplace().exec.emplace().command = {"bye"};
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = kSec;
  sim.reload = true;
  sim.behaves["app"].ignores_signals = sim.behaves["proxy"].ignores_signals = true;
  sim.behaves["trigger"].runs_ns = 5 * kSec;
  sim.behaves["trigger"].exit_code = 42;
  sim.run_until(8.5);
  EXPECT_EQ(sim.traced({"start", "preStop", "signal", "kill"}),
            (Lines{"0.0 start setup 0", "1.0 start proxy 0", "1.0 start trigger 0",
                   "1.0 start app 0", "6.0 signal app 0 15", "6.0 signal proxy 0 15",
                   "8.0 kill app 0", "8.0 kill proxy 0", "8.0 start setup 1"}));
}

// K pkg/kubelet/status/generate.go GenerateAllContainersRestartingCondition.
TEST(LifecycleRestart, RestartAllIsACondition) {
  Simulator sim(pod_with_trigger());
  sim.behaves["setup"].runs_ns = kSec;
  sim.behaves["app"].stops_after_ns = kSec;
  sim.behaves["trigger"].runs_ns = 5 * kSec;
  sim.behaves["trigger"].exit_code = 42;
  sim.run_until(5);
  EXPECT_EQ(sim.condition("AllContainersRestarting").status, "False");
  EXPECT_EQ(sim.condition("AllContainersRestarting").reason, "");
  sim.run_until(6.5);
  const auto& during = sim.condition("AllContainersRestarting");
  EXPECT_EQ(during.status, "True");
  EXPECT_EQ(during.reason, "RestartAllContainersStarted");
  EXPECT_EQ(during.message, "container exited with restart policy rule");
  EXPECT_EQ(during.lastTransitionTime.seconds(), 1'800'000'006);
  EXPECT_EQ(sim.column(), "Error");
  // Then it begins like any pod.
  sim.behaves["trigger"].exit_code = 0;
  sim.run_until(7.5);
  EXPECT_EQ(sim.condition("AllContainersRestarting").status, "False");
  EXPECT_EQ(sim.column(), "PodInitializing");
  EXPECT_EQ(sim.waiting("app"), "PodInitializing");
  EXPECT_EQ(sim.status("trigger").lastState->terminated->exitCode, 42);
  sim.run_until(9);
  EXPECT_EQ(sim.status("app").restartCount, 1);
  sim.behaves["app"].stop_code = 0;
  sim.end("app", 0);
  sim.run_until(60);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
  EXPECT_EQ(sim.condition("AllContainersRestarting").status, "False");
  EXPECT_EQ(sim.condition("AllContainersRestarting").reason, "PodCompleted");
}

TEST(LifecycleRestart, RestartAllIsNoConditionOfAPodWithoutSuchARule) {
  Simulator sim(make_pod({"app"}));
  sim.run_until(1);
  EXPECT_EQ(sim.condition("AllContainersRestarting").type, "");
}

// There is nobody to be stopped, and still a watch sees it.
TEST(LifecycleRestart, ARestartOfAllThatStopsNobodyIsSeen) {
  auto pod = pod_with_trigger();
  pod.spec.containers.pop_back();
  pod.spec.initContainers.pop_back();
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = kSec;
  sim.run_until(5);
  sim.end("trigger", 42);
  sim.step();
  EXPECT_EQ(sim.condition("AllContainersRestarting").status, "True");
  EXPECT_EQ(sim.status("trigger").state->terminated->exitCode, 42);
  sim.run_until(7);
  EXPECT_EQ(sim.condition("AllContainersRestarting").status, "False");
  EXPECT_EQ(sim.traced({"start"}).back(), "6.0 start trigger 1");
}

TEST(LifecycleRestart, ADeletionAmidARestartOfAllGivesItsGrace) {
  Simulator sim(pod_with_trigger());
  sim.behaves["setup"].runs_ns = kSec;
  sim.behaves["app"].stops_after_ns = 10 * kSec;
  sim.behaves["trigger"].runs_ns = 5 * kSec;
  sim.behaves["trigger"].exit_code = 42;
  sim.run_until(7);
  sim.remove(30);
  sim.run_until(40);
  EXPECT_EQ(sim.traced({"kill"}), Lines{});
  EXPECT_TRUE(sim.finalized);
}

TEST(LifecycleRestart, ASandboxThatDiesAmidARestartOfAllIsMadeAnew) {
  Simulator sim(pod_with_trigger());
  sim.behaves["setup"].runs_ns = kSec;
  sim.behaves["app"].ignores_signals = true;
  sim.behaves["trigger"].runs_ns = 5 * kSec;
  sim.behaves["trigger"].exit_code = 42;
  sim.run_until(7);
  sim.seen.sandbox.state = SandboxState::kDead;
  sim.behaves["trigger"].runs_ns = 0;
  sim.run_until(10);
  EXPECT_EQ(sim.traced({"sandbox", "destroy"}),
            (Lines{"0.0 sandbox 0", "8.0 destroy 0", "8.0 sandbox 1"}));
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.status("app").restartCount, 1);
}

TEST(LifecycleRestart, SidecarIsRestartedEvenInANeverPodAndDoesNotCount) {
  auto pod = make_pod({"app"}, "Never");
  add_init(pod, "proxy", true);
  Simulator sim(std::move(pod));
  sim.behaves["proxy"].runs_ns = 2 * kSec;
  sim.behaves["proxy"].exit_code = 1;
  sim.behaves["app"].runs_ns = 10 * kSec;
  sim.run_until(5);
  EXPECT_EQ(sim.status("proxy").restartCount, 1);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  sim.run_until(60);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
  EXPECT_EQ(sim.column(), "Completed");
}

TEST(LifecycleRestart, StartErrorIsExit128) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].failure = StartFailure{FailureStage::kStart, "exec \"nope\": not found"};
  sim.run_until(5);
  EXPECT_EQ(sim.column(), "CrashLoopBackOff");
  const auto& last = *sim.status("app").lastState->terminated;
  EXPECT_EQ(last.reason, "StartError");
  EXPECT_EQ(last.exitCode, 128);
  EXPECT_EQ(last.message, "exec \"nope\": not found");
  EXPECT_EQ(sim.count("Failed: Error: exec \"nope\": not found"), 2U);

  Simulator never(make_pod({"app"}, "Never"));
  never.behaves["app"].failure = StartFailure{FailureStage::kStart, "exec \"nope\": not found"};
  never.run_until(1);
  EXPECT_EQ(never.column(), "StartError");
  EXPECT_EQ(never.pod.status.phase, "Failed");

  // Nothing is waited for where nothing is tried again, also while others run.
  Simulator beside(make_pod({"app", "other"}, "Never"));
  beside.behaves["app"].failure = StartFailure{FailureStage::kStart, "exec \"nope\": not found"};
  beside.run_until(1);
  EXPECT_EQ(beside.pod.status.phase, "Running");
  ASSERT_TRUE(beside.status("app").state->terminated);
  EXPECT_EQ(beside.status("app").state->terminated->reason, "StartError");
}

TEST(LifecycleRestart, OomKillIsNamedAnd137AloneIsNot) {
  for (const bool oom : {true, false}) {
    Simulator sim(make_pod({"app"}, "Never"));
    sim.behaves["app"].runs_ns = kSec;
    sim.behaves["app"].exit_code = 137;
    sim.behaves["app"].oom = oom;
    sim.run_until(2);
    EXPECT_EQ(sim.column(), oom ? "OOMKilled" : "Error");
  }
}

TEST(LifecycleRestart, TerminationMessageComesFromTheFileOrTheLog) {
  for (const bool fallback : {true, false}) {
    for (const std::int32_t code : {0, 1}) {
      auto pod = make_pod({"app"}, "Never");
      pod.spec.containers[0].terminationMessagePolicy = fallback ? "FallbackToLogsOnError" : "File";
      Simulator sim(std::move(pod));
      sim.behaves["app"].runs_ns = kSec;
      sim.behaves["app"].exit_code = code;
      sim.run_until(2);
      EXPECT_EQ(sim.status("app").state->terminated->message,
                fallback && code != 0 ? "last words" : "");
      EXPECT_LE(sim.traced({"tail"}).size(), 1U);
    }
  }
  Simulator sim(make_pod({"app"}, "Never"));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].message = "from the file";
  sim.run_until(2);
  EXPECT_EQ(sim.status("app").state->terminated->message, "from the file");
}

TEST(LifecycleRestart, RestartWaitsForTheTailOfTheLog) {
  auto pod = make_pod({"app"});
  pod.spec.containers[0].terminationMessagePolicy = "FallbackToLogsOnError";
  Simulator sim(std::move(pod));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].exit_code = 1;
  sim.run_until(1.5);
  EXPECT_EQ(sim.traced({"tail", "start"}),
            (Lines{"0.0 start app 0", "1.0 tail app 0", "1.0 start app 1"}));
  EXPECT_EQ(sim.status("app").lastState->terminated->message, "last words");
}

}  // namespace
}  // namespace podctl::lifecycle
