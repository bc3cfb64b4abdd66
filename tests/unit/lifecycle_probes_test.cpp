// Probes: thresholds, gates, what a failure brings, and what is left of an answer after a restart.
#include <memory>

#include "lifecycle_simulator.hpp"

namespace podctl::lifecycle {
namespace {

using Lines = std::vector<std::string>;
using Answers = std::function<ProbeOutcome(ProbeKind, std::uint64_t)>;

// Succeeds but for the seconds from `from` to `to` of that probe.
Answers failing(ProbeKind which, double from, double to) {
  return [which, from, to](ProbeKind kind, std::uint64_t ran_ns) {
    const auto ran = static_cast<double>(ran_ns) / 1e9;
    return kind == which && ran >= from && ran < to ? ProbeOutcome::kFailure
                                                    : ProbeOutcome::kSuccess;
  };
}

std::vector<ProbeKind> planned(const Simulator& sim) {
  std::vector<ProbeKind> kinds;
  for (const auto& plan : plan_probes(sim.pod, sim.memory)) kinds.push_back(plan.kind);
  return kinds;
}

TEST(LifecycleProbes, ReadyOnceReadinessHasSucceededAndNotBefore) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second();
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kReadiness, 0, 2);
  sim.run_until(1);
  EXPECT_TRUE(*sim.status("a").started);
  EXPECT_FALSE(sim.status("a").ready);
  EXPECT_EQ(sim.condition("Ready").status, "False");
  EXPECT_EQ(sim.condition("ContainersReady").reason, "ContainersNotReady");
  EXPECT_EQ(sim.count("Unhealthy: Readiness probe failed: because"), 2U);
  sim.run_until(2);
  EXPECT_TRUE(sim.status("a").ready);
  EXPECT_EQ(sim.condition("Ready").status, "True");
  EXPECT_EQ(sim.status("a").restartCount, 0);
}

TEST(LifecycleProbes, ReadinessIsLostAfterSoManyFailuresInARowAndFoundAfterSoManySuccesses) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second(3);
  pod.spec.containers[0].readinessProbe->successThreshold = 2;
  Simulator sim(std::move(pod));
  // Two failures, one success, three failures: only the last three are in a row.
  sim.behaves["a"].probe = [](ProbeKind, std::uint64_t ran_ns) {
    const auto ran = ran_ns / kSec;
    const bool fails = ran == 5 || ran == 6 || (ran >= 8 && ran <= 10);
    return fails ? ProbeOutcome::kFailure : ProbeOutcome::kSuccess;
  };
  const std::map<double, bool> ready = {{0.5, false},  {1.5, true},   {6.5, true}, {9.5, true},
                                        {10.5, false}, {11.5, false}, {12.5, true}};
  for (const auto& [at, expected] : ready) {
    sim.run_until(at);
    EXPECT_EQ(sim.status("a").ready, expected) << at;
  }
}

TEST(LifecycleProbes, AFailedLivenessProbeRestartsAndTheSecondTimeBacksOff) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].livenessProbe = every_second(3);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kLiveness, 5, 1000);
  sim.behaves["a"].stops_after_ns = kSec;
  sim.run_until(7);
  EXPECT_EQ(sim.count("Killing: Container a failed liveness probe, will be restarted"), 1U);
  EXPECT_EQ(sim.count("Unhealthy: Liveness probe failed: because"), 3U);
  // On hold until the next attempt.
  EXPECT_TRUE(planned(sim).empty());
  sim.run_until(17);
  EXPECT_EQ(sim.waiting("a"), "CrashLoopBackOff");
  sim.run_until(27);
  EXPECT_EQ(sim.traced({"start", "signal"}),
            (Lines{"0.0 start a 0", "7.0 signal a 0 15", "8.0 start a 1", "15.0 signal a 1 15",
                   "26.0 start a 2"}));
  EXPECT_EQ(sim.status("a").lastState->terminated->exitCode, 143);
}

TEST(LifecycleProbes, TheGracePeriodOfAProbeIsItsOwn) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].livenessProbe = every_second(1);
  pod.spec.containers[0].livenessProbe->terminationGracePeriodSeconds = 4;
  Simulator sim(pod);
  sim.behaves["a"].probe = failing(ProbeKind::kLiveness, 3, 1000);
  sim.behaves["a"].ignores_signals = true;
  sim.run_until(8);
  EXPECT_EQ(sim.traced({"signal", "kill"}), (Lines{"3.0 signal a 0 15", "7.0 kill a 0"}));

  pod.spec.containers[0].livenessProbe->terminationGracePeriodSeconds.reset();
  Simulator of_pod(pod);
  of_pod.behaves = sim.behaves;
  of_pod.run_until(40);
  EXPECT_EQ(of_pod.traced({"kill"}), (Lines{"33.0 kill a 0"}));
}

TEST(LifecycleProbes, AFailedLivenessProbeEndsAPodThatNeverRestarts) {
  auto pod = make_pod({"a"}, "Never");
  pod.spec.containers[0].livenessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kLiveness, 3, 1000);
  sim.run_until(10);
  EXPECT_EQ(sim.count("Killing: Container a failed liveness probe"), 1U);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
}

TEST(LifecycleProbes, NothingElseIsTriedBeforeTheStartupProbeHasSucceeded) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].startupProbe = every_second(10);
  pod.spec.containers[0].livenessProbe = every_second(1);
  pod.spec.containers[0].readinessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kStartup, 0, 5);
  sim.run_until(4);
  EXPECT_EQ(planned(sim), (std::vector{ProbeKind::kStartup}));
  EXPECT_FALSE(*sim.status("a").started);
  EXPECT_EQ(sim.column(), "Running");
  sim.run_until(5);
  EXPECT_EQ(planned(sim), (std::vector{ProbeKind::kLiveness, ProbeKind::kReadiness}));
  EXPECT_TRUE(*sim.status("a").started);
  EXPECT_TRUE(sim.status("a").ready);
}

TEST(LifecycleProbes, AStartupProbeThatFailsRestartsAndIsArmedAgain) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].startupProbe = every_second(3);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = [&sim](ProbeKind, std::uint64_t) {
    return sim.memory.containers[0].attempt == 0 ? ProbeOutcome::kFailure : ProbeOutcome::kSuccess;
  };
  sim.run_until(3);
  EXPECT_EQ(sim.count("Killing: Container a failed startup probe, will be restarted"), 1U);
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start a 0", "2.0 start a 1"}));
  EXPECT_TRUE(*sim.status("a").started);
  EXPECT_TRUE(planned(sim).empty());
}

TEST(LifecycleProbes, TheFirstTryComesAfterTheInitialDelay) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second();
  pod.spec.containers[0].readinessProbe->initialDelaySeconds = 12;
  Simulator sim(std::move(pod));
  sim.run_until(13);
  EXPECT_EQ(sim.traced({"probe"}), (Lines{"12.0 probe a Readiness", "13.0 probe a Readiness"}));
}

TEST(LifecycleProbes, AnErrorIsToldAndCountsForNothing) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].livenessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = [](ProbeKind, std::uint64_t) { return ProbeOutcome::kError; };
  sim.run_until(3);
  EXPECT_EQ(sim.count("Unhealthy: Liveness probe errored and resulted in unknown state: because"),
            4U);
  EXPECT_EQ(sim.traced({"signal"}), Lines{});
  EXPECT_TRUE(sim.status("a").ready);
}

TEST(LifecycleProbes, AWarningIsASuccessWithAnEvent) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = [](ProbeKind, std::uint64_t) { return ProbeOutcome::kWarning; };
  sim.run_until(0);
  EXPECT_EQ(sim.count("ProbeWarning: Readiness probe warning: because"), 1U);
  EXPECT_TRUE(sim.status("a").ready);
}

// While a pod stops, its readiness is still told; whether it lives or has started, nobody asks.
TEST(LifecycleProbes, OnlyReadinessIsTriedWhileThePodStops) {
  auto pod = make_pod({"a", "b"});
  for (auto& container : pod.spec.containers) container.livenessProbe = every_second(1);
  pod.spec.containers[0].readinessProbe = every_second(1);
  pod.spec.containers[1].startupProbe = every_second(1000);
  Simulator sim(std::move(pod));
  for (const auto* name : {"a", "b"}) sim.behaves[name].ignores_signals = true;
  sim.behaves["a"].probe = [](ProbeKind, std::uint64_t ran_ns) {
    return ran_ns < 5 * kSec ? ProbeOutcome::kSuccess : ProbeOutcome::kFailure;
  };
  sim.behaves["b"].probe = failing(ProbeKind::kStartup, 0, 1000);
  sim.run_until(4.5);
  sim.remove(30);
  EXPECT_EQ(planned(sim), (std::vector{ProbeKind::kReadiness}));
  EXPECT_TRUE(sim.status("a").ready);
  sim.run_until(6);
  EXPECT_FALSE(sim.status("a").ready);
  sim.run_until(60);
  // By the deletion's grace period alone, once.
  EXPECT_EQ(sim.traced({"signal a", "kill a"}), (Lines{"4.5 signal a 0 15", "34.5 kill a 0"}));
  EXPECT_EQ(sim.count("Killing: Container a failed liveness probe, will be restarted"), 0U);
}

// A sidecar serves until the last regular container has ended; its failing probe neither ends it
// sooner nor brings it back.
TEST(LifecycleProbes, ASidecarThatFailsItsProbeWhileThePodStopsIsLeftAlone) {
  auto pod = make_pod({"app"});
  add_init(pod, "proxy", true).livenessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["app"].stops_after_ns = 10 * kSec;
  sim.behaves["proxy"].probe = failing(ProbeKind::kLiveness, 6, 1000);
  sim.run_until(5);
  sim.remove(30);
  sim.run_until(60);
  EXPECT_EQ(sim.traced({"start", "signal"}),
            (Lines{"0.0 start proxy 0", "0.0 start app 0", "5.0 signal app 0 15",
                   "15.0 signal proxy 0 15"}));
}

// One container of a pod may restart while another is still on its way out.
TEST(LifecycleProbes, ARestartDoesNotWaitForAnotherContainersEnd) {
  auto pod = make_pod({"slow", "quick"});
  for (auto& container : pod.spec.containers) container.livenessProbe = every_second(1);
  Simulator sim(std::move(pod));
  sim.behaves["slow"].ignores_signals = true;
  sim.behaves["slow"].probe = failing(ProbeKind::kLiveness, 2, 1000);
  sim.behaves["quick"].runs_ns = 4 * kSec;
  sim.run_until(6);
  EXPECT_EQ(sim.traced({"start quick", "signal", "kill"}),
            (Lines{"0.0 start quick 0", "2.0 signal slow 0 15", "4.0 start quick 1"}));
  sim.run_until(33);
  EXPECT_EQ(sim.traced({"kill", "start slow"}),
            (Lines{"0.0 start slow 0", "32.0 kill slow 0", "32.0 start slow 1"}));
}

TEST(LifecycleProbes, PreStopRunsBeforeALivenessKill) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].livenessProbe = every_second(1);
  pod.spec.containers[0].lifecycle.emplace().preStop.emplace().sleep.emplace().seconds = 5;
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kLiveness, 3, 1000);
  sim.run_until(8.5);
  EXPECT_EQ(sim.traced({"signal", "start"}),
            (Lines{"0.0 start a 0", "8.0 signal a 0 15", "8.0 start a 1"}));
}

// The next podctld goes on where this one was killed: neither is a ready pod unready for a moment,
// nor does a run of failures begin anew.
TEST(LifecycleProbes, ResultsAndRunsOutliveAPodctld) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second(1);
  pod.spec.containers[0].livenessProbe = every_second(3);
  Simulator before(std::move(pod));
  before.behaves["a"].probe = failing(ProbeKind::kLiveness, 4, 1000);
  before.run_until(5);
  ASSERT_TRUE(before.status("a").ready);

  Simulator after(before.pod);
  after.memory = *decode_memory(encode_memory(before.memory));
  after.seen.sandbox.state = SandboxState::kReady;
  auto& found = after.seen.container("a");
  found.state = RunState::kRunning;
  found.started_ns = kBoot;
  found.id = "id-a-0";
  after.now_ns = 5 * kSec + 1;
  after.step();
  EXPECT_TRUE(after.status("a").ready);
  EXPECT_EQ(after.condition("Ready").status, "True");
  found.probe_answers.push_back(
      {ProbeKind::kLiveness, kBoot + after.now_ns, ProbeOutcome::kFailure, "because"});
  after.step();
  EXPECT_EQ(after.count("Killing: Container a failed liveness probe, will be restarted"), 1U);
}

// An answer that was under way when the container ended is not the next one's.
TEST(LifecycleProbes, EachAttemptBeginsAnew) {
  auto pod = make_pod({"a"});
  pod.spec.containers[0].readinessProbe = every_second(3);
  pod.spec.containers[0].livenessProbe = every_second(3);
  Simulator sim(std::move(pod));
  sim.behaves["a"].probe = failing(ProbeKind::kLiveness, 3, 1000);
  sim.run_until(4.5);
  EXPECT_EQ(sim.memory.containers[0].probe(ProbeKind::kLiveness).run, 2U);
  sim.end("a", 1);
  sim.step();
  EXPECT_FALSE(sim.status("a").ready);
  sim.settle();
  EXPECT_EQ(sim.status("a").restartCount, 1);
  EXPECT_EQ(sim.memory.containers[0].probe(ProbeKind::kLiveness).run, 1U);
  EXPECT_FALSE(sim.memory.containers[0].probe(ProbeKind::kLiveness).failing);
}

TEST(LifecycleProbes, WhatHasSettledIsNoNews) {
  ContainerMemory memory;
  EXPECT_TRUE(is_news(memory, ProbeKind::kReadiness, ProbeOutcome::kSuccess));
  memory.probe(ProbeKind::kReadiness) = {false, 1, Verdict::kSuccess, 7};
  EXPECT_FALSE(is_news(memory, ProbeKind::kReadiness, ProbeOutcome::kSuccess));
  EXPECT_TRUE(is_news(memory, ProbeKind::kReadiness, ProbeOutcome::kWarning));
  EXPECT_TRUE(is_news(memory, ProbeKind::kReadiness, ProbeOutcome::kFailure));
  memory.probe(ProbeKind::kReadiness).failing = true;  // one failure, below the threshold
  EXPECT_TRUE(is_news(memory, ProbeKind::kReadiness, ProbeOutcome::kSuccess));
}

// K kuberuntime_container.go, computeInitContainerActions.
TEST(LifecycleProbes, OfASidecarThatIsEndedTheEventsHaveOtherWords) {
  auto pod = make_pod({"app"});
  auto& side = add_init(pod, "side", true);
  side.startupProbe = every_second(1);
  side.livenessProbe = every_second(1);
  Simulator sim(std::move(pod));
  auto failing = std::make_shared<ProbeKind>(ProbeKind::kReadiness);
  sim.behaves["side"].probe = [failing](ProbeKind kind, std::uint64_t) {
    return kind == *failing ? ProbeOutcome::kFailure : ProbeOutcome::kSuccess;
  };
  sim.run_until(2);
  *failing = ProbeKind::kLiveness;
  sim.run_until(4);
  EXPECT_GE(sim.count("Killing: Init container side failed liveness probe"), 1U);
  *failing = ProbeKind::kStartup;
  sim.run_until(30);
  EXPECT_GE(sim.count("Killing: Init container side failed startup probe"), 1U);
  *failing = ProbeKind::kReadiness;
  sim.run_until(1000);
  EXPECT_EQ(sim.column(), "Running");
  sim.pod.spec.initContainers[0].image = "busybox:2";
  sim.run_until(1001);
  EXPECT_EQ(sim.count("Killing: Init container side definition changed"), 1U);
}

}  // namespace
}  // namespace podctl::lifecycle
