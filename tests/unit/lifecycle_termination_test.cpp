// Termination: grace, signals, SIGKILL, sidecar order, deadlines, deletion in every state.
#include "lifecycle_simulator.hpp"

namespace podctl::lifecycle {
namespace {

using Lines = std::vector<std::string>;
const std::vector<std::string> kStopVerbs = {"signal", "kill", "destroy", "finalize"};

TEST(LifecycleTermination, DeletionSignalsWaitsAndTakesDown) {
  Simulator sim(make_pod({"a", "b"}));
  sim.behaves["a"].stops_after_ns = 3 * kSec;
  sim.behaves["b"].stops_after_ns = 5 * kSec;
  sim.run_until(10);
  sim.remove(30);
  EXPECT_EQ(sim.column(), "Terminating");
  EXPECT_EQ(sim.pod.status.phase, "Running");
  sim.run_until(60);
  EXPECT_EQ(sim.traced(kStopVerbs), (Lines{"10.0 signal a 0 15", "10.0 signal b 0 15",
                                           "15.0 destroy 0 final", "15.0 finalize"}));
  EXPECT_EQ(sim.count("Killing: Stopping container a"), 1U);
  EXPECT_EQ(sim.count("Killing: Stopping container b"), 1U);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.status("a").state->terminated->exitCode, 143);
}

TEST(LifecycleTermination, ZeroExitsMakeADeletedPodSucceeded) {
  Simulator sim(make_pod({"a"}));
  sim.behaves["a"].stop_code = 0;
  sim.run_until(1);
  sim.remove(30);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
  EXPECT_TRUE(sim.finalized);
}

TEST(LifecycleTermination, SigkillComesWhenTheGraceIsUsedUpAndNeverBeforeTwoSeconds) {
  for (const auto& [grace, kill] :
       std::vector<std::pair<std::uint64_t, std::string>>{{30, "40.0"}, {5, "15.0"}, {1, "12.0"}}) {
    Simulator sim(make_pod({"a"}));
    sim.behaves["a"].ignores_signals = true;
    sim.run_until(10);
    sim.remove(grace);
    sim.run_until(60);
    EXPECT_EQ(sim.traced(kStopVerbs), (Lines{"10.0 signal a 0 15", kill + " kill a 0",
                                             kill + " destroy 0 final", kill + " finalize"}));
    EXPECT_EQ(sim.status("a").state->terminated->exitCode, 137);
    EXPECT_EQ(sim.status("a").state->terminated->reason, "Error");
  }
}

TEST(LifecycleTermination, GraceZeroTakesTheSandboxDownAtOnce) {
  Simulator sim(make_pod({"a", "b"}));
  sim.run_until(10);
  sim.remove(0);
  EXPECT_EQ(sim.traced(kStopVerbs), (Lines{"10.0 destroy 0 final", "10.0 finalize"}));
  EXPECT_EQ(sim.count("Killing: Stopping container a"), 1U);
}

TEST(LifecycleTermination, ASecondDeletionShortensButNeverLengthens) {
  Simulator sim(make_pod({"a"}));
  sim.behaves["a"].ignores_signals = true;
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(12);
  sim.remove(60);
  sim.run_until(14);
  sim.remove(3);
  sim.run_until(60);
  EXPECT_EQ(sim.traced({"signal", "kill"}), (Lines{"10.0 signal a 0 15", "17.0 kill a 0"}));

  Simulator forced(make_pod({"a"}));
  forced.behaves["a"].ignores_signals = true;
  forced.run_until(10);
  forced.remove(30);
  forced.run_until(12);
  forced.remove(0);
  EXPECT_EQ(forced.traced({"destroy", "finalize"}),
            (Lines{"12.0 destroy 0 final", "12.0 finalize"}));
}

TEST(LifecycleTermination, StopSignalOfManifestThenImageThenSigterm) {
  auto pod = make_pod({"a", "b", "c"});
  pod.spec.containers[0].lifecycle.emplace().stopSignal = "SIGUSR1";
  Simulator sim(std::move(pod));
  for (const auto* name : {"a", "b"}) sim.seen.image(name).stop_signal = "QUIT";
  sim.run_until(1);
  EXPECT_EQ(sim.status("b").stopSignal, "SIGQUIT");
  sim.remove(30);
  EXPECT_EQ(sim.traced({"signal"}),
            (Lines{"1.0 signal a 0 10", "1.0 signal b 0 3", "1.0 signal c 0 15"}));
}

api::Pod with_sidecars() {
  auto pod = make_pod({"app"});
  add_init(pod, "s1", true);
  add_init(pod, "s2", true);
  return pod;
}

TEST(LifecycleTermination, SidecarsStopLastInReverseOneByOne) {
  Simulator sim(with_sidecars());
  sim.behaves["app"].stops_after_ns = 4 * kSec;
  sim.behaves["s1"].stops_after_ns = sim.behaves["s2"].stops_after_ns = 2 * kSec;
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(60);
  EXPECT_EQ(sim.traced(kStopVerbs),
            (Lines{"10.0 signal app 0 15", "14.0 signal s2 0 15", "16.0 signal s1 0 15",
                   "18.0 destroy 0 final", "18.0 finalize"}));
}

TEST(LifecycleTermination, SidecarsGetTwoSecondsWhenTheGraceIsUsedUp) {
  Simulator sim(with_sidecars());
  for (const auto* name : {"app", "s1", "s2"}) sim.behaves[name].ignores_signals = true;
  sim.run_until(10);
  sim.remove(5);
  sim.run_until(60);
  EXPECT_EQ(sim.traced({"signal", "kill"}),
            (Lines{"10.0 signal app 0 15", "15.0 kill app 0", "15.0 signal s2 0 15",
                   "15.0 signal s1 0 15", "17.0 kill s2 0", "17.0 kill s1 0"}));
}

TEST(LifecycleTermination, ASidecarThatDiesMeanwhileStaysDown) {
  Simulator sim(with_sidecars());
  sim.behaves["app"].stops_after_ns = 5 * kSec;
  sim.run_until(10);
  sim.remove(30);
  sim.end(sim.seen.container("s1"), 1);
  sim.run_until(60);
  EXPECT_EQ(sim.status("s1").restartCount, 0);
  EXPECT_EQ(sim.traced({"start"}).size(), 3U);
}

TEST(LifecycleTermination, SidecarsEndWithTheRegularContainers) {
  auto pod = with_sidecars();
  pod.spec.restartPolicy = "OnFailure";
  Simulator sim(std::move(pod));
  sim.behaves["app"].runs_ns = 5 * kSec;
  sim.behaves["s1"].stops_after_ns = 2 * kSec;
  sim.run_until(6);
  EXPECT_EQ(sim.pod.status.phase, "Running");  // s1 still lives
  sim.run_until(60);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
  EXPECT_EQ(sim.traced(kStopVerbs),
            (Lines{"5.0 signal s2 0 15", "5.0 signal s1 0 15", "7.0 destroy 0 final"}));
  sim.remove(30);
  EXPECT_TRUE(sim.finalized);
  EXPECT_EQ(sim.column(), "Completed");
}

TEST(LifecycleTermination, ActiveDeadline) {
  auto pod = make_pod({"app"});
  pod.spec.activeDeadlineSeconds = 20;
  Simulator sim(std::move(pod));
  sim.behaves["app"].stops_after_ns = 3 * kSec;
  sim.run_until(21);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.pod.status.reason, "");
  sim.run_until(60);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.pod.status.reason, "DeadlineExceeded");
  EXPECT_EQ(sim.pod.status.message,
            "Pod was active on the node longer than the specified deadline");
  EXPECT_EQ(sim.traced(kStopVerbs), (Lines{"20.0 signal app 0 15", "23.0 destroy 0 final"}));
  EXPECT_EQ(sim.count("DeadlineExceeded: Pod was active on the node longer than the specified "
                      "deadline"),
            1U);
}

TEST(LifecycleTermination, DeletionInEveryStateEnds) {
  // Before anything was made.
  Simulator fresh(make_pod({"app"}));
  fresh.seen.image("app").state = ImageState::kUnknown;
  fresh.remove(30);
  EXPECT_TRUE(fresh.finalized);
  EXPECT_TRUE(fresh.traced({"sandbox", "start"}).empty());
  // While it waits in CrashLoopBackOff.
  Simulator looping(make_pod({"app"}));
  looping.behaves["app"].runs_ns = kSec;
  looping.run_until(5);
  looping.remove(30);
  EXPECT_TRUE(looping.finalized);
  // While its start is under way: it is stopped once it runs.
  Simulator starting(make_pod({"app"}));
  starting.settle();
  auto& container = starting.seen.container("app");
  starting.memory.containers[0].progress = Progress::kStarting;
  container.state = RunState::kStarting;
  starting.remove(30);
  EXPECT_FALSE(starting.finalized);
  starting.seen.container("app").state = RunState::kRunning;
  starting.settle();
  EXPECT_TRUE(starting.finalized);
  // While it has no sandbox.
  Simulator failing(make_pod({"app"}));
  failing.sandbox_error = [] { return std::optional<std::string>("no"); };
  failing.run_until(5);
  failing.remove(30);
  EXPECT_TRUE(failing.finalized);
}

TEST(LifecycleTermination, AStartThatHangsEndsWithTheGracePeriod) {
  Simulator sim(make_pod({"app"}));
  sim.run_until(10);
  auto& container = sim.seen.container("app");
  sim.memory.containers[0].progress = Progress::kStarting;
  container.state = RunState::kStarting;
  sim.remove(5);
  sim.run_until(14);
  EXPECT_TRUE(sim.traced(kStopVerbs).empty());
  sim.run_until(16);
  EXPECT_EQ(sim.traced({"kill"}), (Lines{"15.0 kill app 0"}));
  EXPECT_TRUE(sim.finalized);
}

TEST(LifecycleTermination, FinalizeIsAskedForOnce) {
  Simulator sim(make_pod({"app"}));
  sim.run_until(1);
  sim.remove(0);
  sim.step();
  EXPECT_TRUE(sim.last_actions.empty());
  EXPECT_EQ(sim.traced({"finalize"}).size(), 1U);
}

TEST(LifecycleTermination, DeletionReplacesTheWaitForANewSandbox) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].stops_after_ns = 5 * kSec;
  sim.run_until(10);
  sim.seen.sandbox.state = SandboxState::kDead;
  sim.settle();
  sim.remove(30);
  sim.run_until(60);
  EXPECT_TRUE(sim.finalized);
  EXPECT_EQ(sim.traced({"sandbox"}).size(), 1U);
}

TEST(LifecycleTermination, AnEvictedPodHasASecondAndFails) {
  Simulator sim(make_pod({"a"}));
  sim.behaves["a"].ignores_signals = true;
  sim.run_until(5);
  sim.seen.eviction = "Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". ";
  sim.run_until(20);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.pod.status.reason, "Evicted");
  EXPECT_EQ(sim.pod.status.message, *sim.seen.eviction);
  EXPECT_EQ(sim.count("Evicted: " + *sim.seen.eviction), 1U);
  EXPECT_EQ(sim.seen.sandbox.state, SandboxState::kAbsent);
}

}  // namespace
}  // namespace podctl::lifecycle
