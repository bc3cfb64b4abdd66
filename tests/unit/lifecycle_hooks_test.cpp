// postStart and preStop: what waits for them, what their failure brings, and the time they may
// take.
#include "lifecycle_simulator.hpp"

namespace podctl::lifecycle {
namespace {

using Lines = std::vector<std::string>;
const std::vector<std::string> kVerbs = {"start", "postStart", "preStop", "signal",
                                         "kill",  "destroy",   "finalize"};

api::LifecycleHandler exec_hook() {
  api::LifecycleHandler hook;
  hook.exec.emplace().command = {"true"};
  return hook;
}

api::LifecycleHandler sleep_hook(std::int64_t seconds) {
  api::LifecycleHandler hook;
  hook.sleep.emplace().seconds = seconds;
  return hook;
}

void set_post_start(api::Container& container, api::LifecycleHandler hook) {
  if (!container.lifecycle) container.lifecycle.emplace();
  container.lifecycle->postStart = std::move(hook);
}

void set_pre_stop(api::Container& container, api::LifecycleHandler hook) {
  if (!container.lifecycle) container.lifecycle.emplace();
  container.lifecycle->preStop = std::move(hook);
}

TEST(LifecycleHooks, AContainerIsNotShownAsRunningBeforePostStartHasEnded) {
  auto pod = make_pod({"a", "b"});
  set_post_start(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].post_start.takes_ns = 5 * kSec;
  sim.run_until(4);
  EXPECT_EQ(sim.waiting("a"), "ContainerCreating");
  EXPECT_FALSE(*sim.status("a").started);
  EXPECT_FALSE(sim.status("a").ready);
  EXPECT_TRUE(sim.status("b").ready);
  EXPECT_EQ(sim.pod.status.phase, "Pending");
  sim.run_until(5);
  EXPECT_TRUE(*sim.status("a").started);
  EXPECT_TRUE(sim.status("a").ready);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.traced({"postStart"}), (Lines{"0.0 postStart a 0"}));
}

TEST(LifecycleHooks, APostStartThatFailsKillsAndTheRestartBacksOff) {
  auto pod = make_pod({"a"});
  set_post_start(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].post_start = {.takes_ns = kSec, .fails = true};
  sim.behaves["a"].stops_after_ns = kSec;
  sim.run_until(1.5);
  EXPECT_EQ(sim.waiting("a"), "PostStartHookError");
  EXPECT_EQ(sim.status("a").state->waiting->message, "why");
  EXPECT_EQ(sim.count("FailedPostStartHook: PostStartHook failed"), 1U);
  EXPECT_EQ(sim.count("Killing: FailedPostStartHook"), 1U);
  sim.run_until(5);
  EXPECT_EQ(sim.waiting("a"), "CrashLoopBackOff");
  // How it failed is known as long as the next one has not begun.
  EXPECT_EQ(sim.memory.containers[0].post_start.failure, "why");
  EXPECT_EQ(decode_memory(encode_memory(sim.memory)).value(), sim.memory);
  sim.run_until(16);
  // At once, then after 10 s from the end.
  EXPECT_EQ(sim.traced({"start", "signal"}),
            (Lines{"0.0 start a 0", "1.0 signal a 0 15", "2.0 start a 1", "3.0 signal a 1 15",
                   "14.0 start a 2", "15.0 signal a 2 15"}));
}

TEST(LifecycleHooks, APostStartThatFailsEndsAPodThatNeverRestarts) {
  auto pod = make_pod({"a"}, "Never");
  set_post_start(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].post_start.fails = true;
  sim.run_until(1);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.status("a").state->terminated->exitCode, 143);
}

TEST(LifecycleHooks, TcpSocketIsNoHookAndFailsWhenItsTurnComes) {
  auto pod = make_pod({"a"}, "Never");
  api::LifecycleHandler tcp;
  tcp.tcpSocket.emplace().port = api::IntOrString(80);
  set_pre_stop(pod.spec.containers[0], tcp);
  Simulator stopping(pod);
  stopping.run_until(1);
  stopping.remove(30);
  EXPECT_EQ(stopping.count("FailedPreStopHook: PreStopHook failed"), 1U);
  EXPECT_EQ(stopping.traced({"signal"}), (Lines{"1.0 signal a 0 15"}));

  set_post_start(pod.spec.containers[0], tcp);
  Simulator starting(pod);
  starting.run_until(1);
  EXPECT_EQ(starting.count("FailedPostStartHook: PostStartHook failed"), 1U);
  EXPECT_EQ(starting.pod.status.phase, "Failed");
  EXPECT_TRUE(starting.traced({"postStart", "preStop"}).empty());
}

TEST(LifecycleHooks, AContainerThatEndsDuringPostStartHasFailedIt) {
  auto pod = make_pod({"a"});
  set_post_start(pod.spec.containers[0], exec_hook());
  Simulator sim(pod);
  sim.behaves["a"].post_start.hangs = true;
  sim.behaves["a"].runs_ns = 2 * kSec;
  sim.run_until(3);
  EXPECT_EQ(sim.count("FailedPostStartHook: PostStartHook failed"), 1U);

  // Time goes by all the same.
  set_post_start(pod.spec.containers[0], sleep_hook(60));
  Simulator sleeps(pod);
  sleeps.behaves["a"].runs_ns = 2 * kSec;
  sleeps.run_until(3);
  EXPECT_EQ(sleeps.count("FailedPostStartHook: PostStartHook failed"), 0U);
}

TEST(LifecycleHooks, PostStartOfASidecarHoldsTheNextContainer) {
  auto pod = make_pod({"app"});
  set_post_start(add_init(pod, "proxy", true), sleep_hook(7));
  Simulator sim(std::move(pod));
  sim.run_until(10);
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start proxy 0", "7.0 start app 0"}));
  EXPECT_EQ(sim.column(), "Running");
}

TEST(LifecycleHooks, PreStopRunsBeforeTheSignalWithinTheGracePeriod) {
  auto pod = make_pod({"a", "b"});
  set_pre_stop(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].pre_stop.takes_ns = 6 * kSec;
  sim.behaves["a"].ignores_signals = true;
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(60);
  EXPECT_EQ(sim.traced(kVerbs), (Lines{"0.0 start a 0", "0.0 start b 0", "10.0 preStop a 0",
                                       "10.0 signal b 0 15", "16.0 signal a 0 15", "40.0 kill a 0",
                                       "40.0 destroy 0 final", "40.0 finalize"}));
}

TEST(LifecycleHooks, AFailedPreStopIsAnEventAndNothingElse) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].pre_stop = {.takes_ns = kSec, .fails = true};
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(60);
  EXPECT_EQ(sim.count("FailedPreStopHook: PreStopHook failed"), 1U);
  EXPECT_EQ(sim.traced({"signal", "finalize"}), (Lines{"11.0 signal a 0 15", "11.0 finalize"}));
}

TEST(LifecycleHooks, APreStopThatHangsUsesUpTheGraceAndTwoSecondsAreLeft) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].pre_stop.hangs = true;
  sim.behaves["a"].ignores_signals = true;
  sim.run_until(10);
  sim.remove(5);
  sim.run_until(60);
  EXPECT_EQ(sim.count("FailedPreStopHook: PreStopHook failed"), 1U);
  EXPECT_EQ(sim.traced({"preStop", "signal", "kill"}),
            (Lines{"10.0 preStop a 0", "15.0 signal a 0 15", "17.0 kill a 0"}));
}

TEST(LifecycleHooks, ASecondDeletionCutsPreStopShort) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], sleep_hook(20));
  Simulator sim(std::move(pod));
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(12);
  sim.remove(3);
  sim.run_until(60);
  EXPECT_EQ(sim.traced({"signal"}), (Lines{"15.0 signal a 0 15"}));
  EXPECT_EQ(sim.count("FailedPreStopHook: PreStopHook failed"), 0U);
}

TEST(LifecycleHooks, WithoutGraceThereIsNoPreStop) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.run_until(10);
  sim.remove(0);
  EXPECT_EQ(sim.traced(kVerbs), (Lines{"0.0 start a 0", "10.0 destroy 0 final", "10.0 finalize"}));
}

TEST(LifecycleHooks, PreStopIsNotForAContainerThatEndsByItself) {
  auto pod = make_pod({"a"}, "Never");
  set_pre_stop(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.behaves["a"].runs_ns = kSec;
  sim.run_until(5);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
  EXPECT_TRUE(sim.traced({"preStop"}).empty());
}

// All hooks at once; signals to sidecars in turn, after the last regular container.
TEST(LifecycleHooks, ASidecarsPreStopDoesNotWaitForItsTurn) {
  auto pod = make_pod({"app"});
  set_pre_stop(add_init(pod, "s1", true), sleep_hook(1));
  set_pre_stop(add_init(pod, "s2", true), sleep_hook(8));
  set_pre_stop(pod.spec.containers[0], sleep_hook(3));
  Simulator sim(std::move(pod));
  sim.behaves["app"].stops_after_ns = kSec;
  sim.behaves["s2"].stops_after_ns = kSec;
  sim.run_until(10);
  sim.remove(30);
  sim.run_until(60);
  // s2 still sleeps when the app has ended; s1 waits for s2.
  EXPECT_EQ(sim.traced({"signal", "finalize"}),
            (Lines{"13.0 signal app 0 15", "18.0 signal s2 0 15", "19.0 signal s1 0 15",
                   "19.0 finalize"}));
}

TEST(LifecycleHooks, AContainerOfAnotherImageIsStoppedWithItsPreStop) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], sleep_hook(4));
  Simulator sim(std::move(pod));
  sim.run_until(10);
  sim.pod.spec.containers[0].image = "busybox:2";
  sim.seen.image("a").requested = "";
  sim.run_until(20);
  EXPECT_EQ(sim.traced({"start", "signal"}),
            (Lines{"0.0 start a 0", "14.0 signal a 0 15", "14.0 start a 1"}));
}

// A podctld that was killed meanwhile asks again for what has not been answered: at least once.
TEST(LifecycleHooks, AHookIsAskedForAgainByTheNextPodctld) {
  auto pod = make_pod({"a"});
  set_post_start(pod.spec.containers[0], exec_hook());
  Simulator sim(std::move(pod));
  sim.reload = true;
  sim.behaves["a"].post_start.hangs = true;
  sim.run_until(3);
  sim.seen.container("a").hook(HookKind::kPostStart) = {};
  sim.behaves["a"].post_start = {.takes_ns = kSec};
  sim.run_until(5);
  EXPECT_EQ(sim.traced({"postStart"}), (Lines{"0.0 postStart a 0", "3.0 postStart a 0"}));
  EXPECT_TRUE(sim.status("a").ready);
}

TEST(LifecycleHooks, ASleepGoesOnToTheSecondUnderAnotherPodctld) {
  auto pod = make_pod({"a"});
  set_pre_stop(pod.spec.containers[0], sleep_hook(10));
  Simulator sim(std::move(pod));
  sim.reload = true;
  sim.run_until(5);
  sim.remove(30);
  sim.run_until(9);
  sim.run_until(60);
  EXPECT_EQ(sim.traced({"signal"}), (Lines{"15.0 signal a 0 15"}));
}

}  // namespace
}  // namespace podctl::lifecycle
