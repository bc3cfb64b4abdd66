// Start order: sandbox, init containers, sidecars, regular containers; images; sandboxes that fail
// or die.
#include <memory>

#include "lifecycle_simulator.hpp"
#include "podctl/lifecycle/images.hpp"

namespace podctl::lifecycle {
namespace {

using Lines = std::vector<std::string>;

TEST(LifecycleStart, FirstStepOfAWarmPodAsksForEverythingAtOnce) {
  Simulator sim(make_pod({"a", "b"}));
  const auto outcome = step(sim.pod, {}, sim.seen, sim.now());
  ASSERT_EQ(outcome.actions.size(), 4U);
  EXPECT_EQ(std::get<RecordEvent>(outcome.actions[0]).message,
            "Successfully assigned default/web to here");
  EXPECT_EQ(std::get<RecordEvent>(outcome.actions[0]).component, "default-scheduler");
  EXPECT_EQ(std::get<CreateSandbox>(outcome.actions[1]), (CreateSandbox{0}));
  EXPECT_EQ(std::get<StartContainer>(outcome.actions[2]), (StartContainer{"a", 0, 0}));
  EXPECT_EQ(std::get<StartContainer>(outcome.actions[3]), (StartContainer{"b", 0, 0}));
  EXPECT_EQ(outcome.status.phase, "Pending");
  EXPECT_EQ(outcome.status.containerStatuses[0].state->waiting->reason, "ContainerCreating");
}

TEST(LifecycleStart, RunningPodIsReadyAndQuiet) {
  Simulator sim(make_pod({"a", "b"}));
  sim.run_until(1);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(api::ready_count(sim.pod).str(), "2/2");
  EXPECT_EQ(sim.pod.status.podIP, "10.0.0.2");
  EXPECT_EQ(sim.pod.status.podIPs.size(), 2U);
  EXPECT_EQ(sim.pod.status.hostIP, "192.168.0.9");
  EXPECT_EQ(sim.pod.status.qosClass, "BestEffort");
  EXPECT_EQ(sim.status("a").containerID, "podctl://id-a-0");
  EXPECT_EQ(sim.status("a").imageID, "sha256:abc");
  EXPECT_EQ(sim.wake_ns, 0U);
  for (const auto& condition : sim.pod.status.conditions) {
    EXPECT_EQ(condition.status, "True") << condition.type;
    EXPECT_EQ(condition.observedGeneration, 1);
  }
  EXPECT_EQ(sim.events, (Lines{"Scheduled: Successfully assigned default/web to here",
                               "Pulled: Container image \"busybox\" already present on machine and "
                               "can be accessed by the pod",
                               "Created: Container created", "Started: Container started",
                               "Pulled: Container image \"busybox\" already present on machine and "
                               "can be accessed by the pod",
                               "Created: Container created", "Started: Container started"}));
  const auto before = sim.memory;
  for (int i = 0; i < 3; ++i) {
    sim.step();
    EXPECT_TRUE(sim.last_actions.empty());
    EXPECT_EQ(sim.memory, before);
  }
}

TEST(LifecycleStart, InitContainersRunInOrderBeforeTheRegularOnes) {
  auto pod = make_pod({"app"});
  add_init(pod, "one");
  add_init(pod, "two");
  Simulator sim(std::move(pod));
  sim.behaves["one"].runs_ns = 3 * kSec;
  sim.behaves["two"].runs_ns = 4 * kSec;
  sim.run_until(1);
  EXPECT_EQ(sim.column(), "Init:0/2");
  EXPECT_EQ(sim.waiting("app"), "PodInitializing");
  EXPECT_EQ(sim.pod.status.phase, "Pending");
  EXPECT_EQ(sim.condition("Initialized").reason, "ContainersNotInitialized");
  EXPECT_EQ(sim.condition("Initialized").message, "containers with incomplete status: [one two]");
  sim.run_until(5);
  EXPECT_EQ(sim.column(), "Init:1/2");
  EXPECT_TRUE(sim.status("one").ready);
  sim.run_until(20);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.traced({"start"}),
            (Lines{"0.0 start one 0", "3.0 start two 0", "7.0 start app 0"}));
  EXPECT_EQ(sim.condition("Initialized").lastTransitionTime.seconds(), 1'800'000'007);
}

TEST(LifecycleStart, SidecarStartsBeforeTheNextAndStaysUp) {
  auto pod = make_pod({"app"});
  add_init(pod, "proxy", true);
  add_init(pod, "setup");
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = 2 * kSec;
  sim.run_until(10);
  EXPECT_EQ(sim.traced({"start"}),
            (Lines{"0.0 start proxy 0", "0.0 start setup 0", "2.0 start app 0"}));
  EXPECT_EQ(api::ready_count(sim.pod).str(), "2/2");
  EXPECT_EQ(sim.column(), "Running");
}

TEST(LifecycleStart, SidecarWithStartupProbeHoldsTheNext) {
  auto pod = make_pod({"app"});
  add_init(pod, "proxy", true).startupProbe = every_second(10);
  Simulator sim(std::move(pod));
  sim.behaves["proxy"].probe = [](ProbeKind, std::uint64_t ran_ns) {
    return ran_ns < 4 * kSec ? ProbeOutcome::kFailure : ProbeOutcome::kSuccess;
  };
  sim.run_until(3);
  EXPECT_EQ(sim.column(), "Init:0/1");
  EXPECT_FALSE(*sim.status("proxy").started);
  sim.run_until(4);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start proxy 0", "4.0 start app 0"}));
}

// A pod whose sidecar `side` has a startup probe that is answered with success while `healthy`.
struct ProbedSidecar {
  std::shared_ptr<bool> healthy = std::make_shared<bool>(true);
  Simulator sim;
  explicit ProbedSidecar(api::Pod pod) : sim(std::move(pod)) {
    sim.behaves["side"].probe = [healthy = healthy](ProbeKind, std::uint64_t) {
      return *healthy ? ProbeOutcome::kSuccess : ProbeOutcome::kFailure;
    };
  }
  // Ends it; it runs again at once, and is not started before it is healthy.
  void restart_unhealthy() {
    *healthy = false;
    sim.end("side", 1);
    sim.settle();
    sim.trace.clear();
  }
};

api::Pod with_probed_sidecar(std::vector<std::string> apps) {
  auto pod = make_pod(std::move(apps));
  add_init(pod, "side", true).startupProbe = every_second(1000);
  return pod;
}

// K kuberuntime_container.go, computeInitContainerActions: once anything behind a sidecar has been
// created the sidecar is only kept running. What is behind it follows its own restart policy.
TEST(LifecycleStart, ARestartedSidecarHoldsUpNoAppContainer) {
  for (const bool other : {false, true}) {
    auto pod = with_probed_sidecar({"app"});
    if (other) pod.spec.containers.push_back(make_pod({"other"}).spec.containers[0]);
    ProbedSidecar t(std::move(pod));
    t.sim.reload = true;
    t.sim.run_until(2);
    EXPECT_EQ(t.sim.column(), "Running");
    t.restart_unhealthy();
    t.sim.run_until(8);
    t.sim.end("app", 1);
    t.sim.run_until(30);
    EXPECT_EQ(t.sim.traced({"start"}), (Lines{"8.0 start app 1"})) << other;
    EXPECT_EQ(t.sim.status("side").restartCount, 1);
    EXPECT_FALSE(*t.sim.status("side").started);
    EXPECT_EQ(t.sim.condition("Initialized").status, "True");
  }
}

TEST(LifecycleStart, ARestartedSidecarHoldsUpNoInitContainerThatHasBegun) {
  for (const std::int32_t code : {0, 1}) {
    auto pod = with_probed_sidecar({"app"});
    add_init(pod, "two");
    add_init(pod, "three");
    ProbedSidecar t(std::move(pod));
    t.sim.behaves["three"].runs_ns = 2 * kSec;
    t.sim.run_until(2);
    t.restart_unhealthy();
    t.sim.run_until(8);
    t.sim.end("two", code);
    t.sim.run_until(30);
    const auto expected =
        code == 0 ? Lines{"8.0 start three 0", "10.0 start app 0"} : Lines{"8.0 start two 1"};
    EXPECT_EQ(t.sim.traced({"start"}), expected) << code;
  }
}

TEST(LifecycleStart, ASidecarBehindARestartedOneIsKeptRunning) {
  auto pod = with_probed_sidecar({"app"});
  add_init(pod, "second", true);
  ProbedSidecar t(std::move(pod));
  t.sim.run_until(2);
  t.restart_unhealthy();
  t.sim.run_until(8);
  t.sim.end("second", 1);
  t.sim.run_until(30);
  EXPECT_EQ(t.sim.traced({"start"}), (Lines{"8.0 start second 1"}));
}

// As long as nothing behind it has been created the sidecar has its part still to do.
TEST(LifecycleStart, ARestartedSidecarHoldsUpWhatHasNotBegun) {
  ProbedSidecar t(with_probed_sidecar({"app"}));
  t.sim.seen.image("app").state = ImageState::kUnknown;
  t.sim.run_until(2);
  EXPECT_EQ(t.sim.traced({"start"}), (Lines{"0.0 start side 0"}));
  t.restart_unhealthy();
  t.sim.have_image("app");
  t.sim.run_until(8);
  EXPECT_EQ(t.sim.traced({"start"}), Lines{});
  *t.healthy = true;
  t.sim.run_until(10);
  EXPECT_EQ(t.sim.traced({"start"}), (Lines{"9.0 start app 0"}));
}

// In a new sandbox, and after RestartAllContainers, everything begins anew, sidecars too.
TEST(LifecycleStart, WhatBeginsAnewWaitsForItsSidecarAgain) {
  for (const bool new_sandbox : {false, true}) {
    auto pod = with_probed_sidecar({"app"});
    auto& app = pod.spec.containers[0];
    app.restartPolicy = "Always";
    auto& rule = app.restartPolicyRules.emplace_back();
    rule.action = "RestartAllContainers";
    rule.exitCodes.emplace().operator_ = "In";
    rule.exitCodes->values = {42};
    ProbedSidecar t(std::move(pod));
    t.sim.reload = true;
    t.sim.run_until(4);
    *t.healthy = false;
    t.sim.trace.clear();
    if (new_sandbox) {
      t.sim.seen.sandbox.state = SandboxState::kDead;
    } else {
      t.sim.end("app", 42);
    }
    t.sim.run_until(8);
    EXPECT_EQ(t.sim.traced({"start"}), (Lines{"4.0 start side 1"})) << new_sandbox;
    *t.healthy = true;
    t.sim.run_until(12);
    EXPECT_EQ(t.sim.traced({"start"}), (Lines{"4.0 start side 1", "9.0 start app 1"}))
        << new_sandbox;
  }
}

TEST(LifecycleStart, FailingInitIsRetriedWithBackoffAndFailsANeverPod) {
  for (const std::string policy : {"Always", "OnFailure", "Never"}) {
    auto pod = make_pod({"app"}, policy);
    add_init(pod, "setup");
    Simulator sim(std::move(pod));
    sim.behaves["setup"].runs_ns = kSec;
    sim.behaves["setup"].exit_code = 3;
    sim.run_until(5);
    if (policy == "Never") {
      EXPECT_EQ(sim.pod.status.phase, "Failed");
      EXPECT_EQ(sim.column(), "Init:Error");
      EXPECT_EQ(sim.waiting("app"), "PodInitializing");
      EXPECT_EQ(sim.traced({"destroy"}), (Lines{"1.0 destroy 0 final"}));
    } else {
      EXPECT_EQ(sim.pod.status.phase, "Pending") << policy;
      EXPECT_EQ(sim.column(), "Init:CrashLoopBackOff");
      EXPECT_EQ(api::restart_count(sim.pod).count, 1);
    }
  }
}

TEST(LifecycleStart, InitContainersOwnPolicyWins) {
  auto pod = make_pod({"app"}, "Never");
  add_init(pod, "setup").restartPolicy = "OnFailure";
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = kSec;
  sim.behaves["setup"].exit_code = 3;
  sim.run_until(5);
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start setup 0", "1.0 start setup 1"}));
}

TEST(LifecycleStart, FailedSandboxIsRetriedEveryTenSeconds) {
  Simulator sim(make_pod({"app"}));
  int tries = 0;
  sim.sandbox_error = [&tries]() -> std::optional<std::string> {
    if (++tries < 3) return "make veth: no space";
    return std::nullopt;
  };
  sim.run_until(5);
  EXPECT_EQ(sim.waiting("app"), "ContainerCreating");
  EXPECT_EQ(sim.condition("PodReadyToStartContainers").status, "False");
  sim.run_until(30);
  EXPECT_EQ(sim.traced({"sandbox"}), (Lines{"0.0 sandbox 0", "10.0 sandbox 0", "20.0 sandbox 0"}));
  EXPECT_EQ(sim.count("FailedCreatePodSandBox: Failed to create pod sandbox: make veth: no space"),
            2U);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.status("app").restartCount, 0);
}

// kubelet, pkg/kubelet/volumemanager: no container is created before the pod's volumes are there.
TEST(LifecycleStart, MissingVolumeKeepsContainersCreating) {
  Simulator sim(make_pod({"app"}));
  sim.sandbox_error = [] { return "MountVolume.SetUp failed for volume \"data\" : cause"; };
  sim.seen.sandbox.volume_failed = true;
  sim.run_until(5);
  EXPECT_EQ(sim.waiting("app"), "ContainerCreating");
  EXPECT_EQ(sim.count("FailedMount: MountVolume.SetUp failed for volume \"data\" : cause"), 1U);
}

TEST(LifecycleStart, DeadSandboxIsReplacedAndInitRunsAgain) {
  auto pod = make_pod({"app"});
  add_init(pod, "setup");
  Simulator sim(std::move(pod));
  sim.behaves["setup"].runs_ns = kSec;
  sim.run_until(10);
  sim.seen.sandbox.state = SandboxState::kDead;
  sim.run_until(20);
  EXPECT_EQ(sim.traced({"sandbox", "start", "signal", "destroy"}),
            (Lines{"0.0 sandbox 0", "0.0 start setup 0", "1.0 start app 0", "10.0 signal app 0 15",
                   "10.0 destroy 0", "10.0 sandbox 1", "10.0 start setup 1", "11.0 start app 1"}));
  EXPECT_EQ(sim.count("SandboxChanged: Pod sandbox changed, it will be killed and re-created."),
            1U);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.status("app").restartCount, 1);
}

TEST(LifecycleStart, DeadSandboxEndsANeverPod) {
  Simulator sim(make_pod({"app"}, "Never"));
  sim.run_until(10);
  sim.seen.sandbox.state = SandboxState::kDead;
  sim.run_until(20);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.traced({"sandbox"}).size(), 1U);
}

TEST(LifecycleStart, LostShimAndRebootMakeContainersUnknown) {
  Simulator sim(make_pod({"app"}));
  sim.run_until(10);
  sim.seen.sandbox.state = SandboxState::kAbsent;
  sim.seen.containers.clear();
  sim.run_until(11);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.status("app").restartCount, 1);
  const auto& last = *sim.status("app").lastState->terminated;
  EXPECT_EQ(last.reason, "ContainerStatusUnknown");
  EXPECT_EQ(last.exitCode, 137);
  EXPECT_FALSE(last.finishedAt.has_value());
}

TEST(LifecycleStart, MissingImageWithPolicyNever) {
  Simulator sim(make_pod({"app"}));
  auto& image = sim.seen.image("app");
  image.state = ImageState::kFailed;
  image.error = ImageError::kNeverPull;
  sim.run_until(1);
  EXPECT_EQ(sim.column(), "ErrImageNeverPull");
  EXPECT_EQ(sim.count("ErrImageNeverPull: Container image \"busybox\" is not present with pull "
                      "policy of Never"),
            1U);
  EXPECT_EQ(sim.count("Failed: Error: ErrImageNeverPull"), 1U);
  sim.have_image("app");  // somebody loads it
  sim.run_until(2);
  EXPECT_EQ(sim.column(), "Running");
}

TEST(LifecycleStart, FailedPullsBackOffFromTenSecondsToFiveMinutes) {
  Simulator sim(make_pod({"app"}));
  const auto fail = [&sim] {
    auto& image = sim.seen.image("app");
    image.state = ImageState::kFailed;
    image.message = "not found";
  };
  std::vector<std::uint64_t> asked;
  sim.seen.image("app").state = ImageState::kUnknown;
  for (int i = 0; i < 8; ++i) {
    sim.settle();
    asked.push_back(sim.now_ns / kSec);
    fail();
    sim.settle();
    EXPECT_EQ(sim.column(), "ErrImagePull");
    sim.now_ns += 3 * kSec;
    sim.settle();
    EXPECT_EQ(sim.column(), "ImagePullBackOff");
    EXPECT_EQ(sim.status("app").state->waiting->message,
              "Back-off pulling image \"busybox\": ErrImagePull: not found");
    sim.now_ns = sim.wake_ns - kBoot;
  }
  EXPECT_EQ(asked, (std::vector<std::uint64_t>{0, 10, 30, 70, 150, 310, 610, 910}));
  EXPECT_EQ(sim.count("BackOff: Back-off pulling image \"busybox\""), 8U);
}

TEST(LifecycleStart, ConfigErrorIsRetriedWithoutCountingARestart) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].failure = StartFailure{FailureStage::kConfig, "configmap \"x\" not found"};
  sim.run_until(5);
  EXPECT_EQ(sim.column(), "CreateContainerConfigError");
  EXPECT_EQ(sim.count("Failed: Error: configmap \"x\" not found"), 1U);
  sim.behaves["app"].failure.reset();
  sim.run_until(11);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start app 0", "10.0 start app 0"}));
  EXPECT_EQ(sim.status("app").restartCount, 0);
}

// The object that was missing is there: nothing waits for the retry any more.
TEST(LifecycleStart, AChangedConfigIsTriedAtOnce) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].failure = StartFailure{FailureStage::kConfig, "configmap \"x\" not found"};
  sim.run_until(2);
  sim.behaves["app"].failure.reset();
  sim.seen.configs_changed = true;
  sim.step();
  sim.seen.configs_changed = false;
  sim.run_until(4);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.traced({"start"}), (Lines{"0.0 start app 0", "2.0 start app 0"}));
}

TEST(LifecycleStart, AVolumeThatCanBeHadIsTriedAtOnce) {
  Simulator sim(make_pod({"app"}));
  bool missing = true;
  sim.sandbox_error = [&missing] {
    return missing ? std::optional<std::string>("MountVolume.SetUp failed") : std::nullopt;
  };
  sim.seen.sandbox.volume_failed = true;
  sim.run_until(3);
  missing = false;
  sim.seen.configs_changed = true;
  sim.step();
  sim.seen.configs_changed = false;
  sim.run_until(5);
  EXPECT_EQ(sim.column(), "Running");
  EXPECT_EQ(sim.traced({"sandbox"}), (Lines{"0.0 sandbox 0", "3.0 sandbox 0"}));
}

TEST(LifecycleStart, HostNetworkPodShowsTheMachinesAddress) {
  auto pod = make_pod({"app"});
  pod.spec.hostNetwork = true;
  Simulator sim(std::move(pod));
  sim.step();
  EXPECT_EQ(sim.pod.status.podIP, "192.168.0.9");
}

TEST(LifecycleStart, ImageOfAVolumeIsAskedForAndToldOfLikeTheContainers) {
  Simulator sim(make_pod({"app"}));
  auto& volume = sim.pod.spec.volumes.emplace_back();
  volume.name = "files";
  volume.image.emplace().reference = "files:1";
  volume.image->pullPolicy = "Never";
  auto& mount = sim.pod.spec.containers[0].volumeMounts.emplace_back();
  mount.name = "files";
  mount.mountPath = "/files";
  const auto wanted = wanted_images(sim.pod, sim.pod.spec.containers[0], 2);
  EXPECT_EQ(wanted.attempt, 2U);
  EXPECT_EQ(wanted.volumes, (std::vector<VolumeImage>{{"files", "files:1", "Never"}}));
  auto& image = sim.seen.image("app");
  image.state = ImageState::kFailed;
  image.error = ImageError::kNeverPull;
  image.failed = "files:1";
  sim.run_until(1);
  EXPECT_EQ(sim.column(), "ErrImageNeverPull");
  EXPECT_EQ(sim.count("ErrImageNeverPull: Container image \"files:1\" is not present with pull "
                      "policy of Never"),
            1U);
  sim.have_image("app");
  sim.seen.image("app").failed.clear();
  sim.seen.image("app").volumes = {{"files", "sha256:def"}};
  sim.run_until(2);
  const auto& shown = sim.status("app").volumeMounts.at(0);
  ASSERT_TRUE(shown.volumeStatus && shown.volumeStatus->image);
  EXPECT_EQ(shown.volumeStatus->image->imageRef, "sha256:def");
}

// K pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions: a changed container runs
// anew whatever the restart policy, and its end is no crash.
TEST(LifecycleStart, ChangedImageRunsAnew) {
  auto pod = make_pod({"app", "other"});
  pod.spec.restartPolicy = "Never";
  Simulator sim(std::move(pod));
  sim.run_until(5);
  sim.pod.spec.containers[0].image = "busybox:2";
  sim.run_until(60);
  EXPECT_EQ(sim.count("Killing: Container app definition changed, will be restarted"), 1U);
  EXPECT_EQ(sim.status("app").restartCount, 1);
  EXPECT_EQ(sim.status("app").image, "busybox:2");
  EXPECT_EQ(sim.status("other").restartCount, 0);
  EXPECT_EQ(sim.column(), "Running");
}

TEST(LifecycleStart, AnotherImageDoesNotWaitForTheFirstOnesCrashes) {
  Simulator sim(make_pod({"app"}));
  sim.behaves["app"].runs_ns = kSec;
  sim.behaves["app"].exit_code = 1;
  sim.run_until(40);
  EXPECT_EQ(sim.waiting("app"), "CrashLoopBackOff");
  sim.pod.spec.containers[0].image = "busybox:2";
  sim.behaves["app"] = {};
  sim.run_until(41);
  EXPECT_EQ(sim.column(), "Running");
}

TEST(LifecycleStart, AnotherImageDoesNotWaitForTheFirstOnesBackOff) {
  Simulator sim(make_pod({"app"}));
  auto& image = sim.seen.image("app");
  image.state = ImageState::kFailed;
  image.requested = "busybox";
  image.message = "no such image";
  sim.run_until(5);
  EXPECT_EQ(sim.waiting("app"), "ImagePullBackOff");
  sim.pod.spec.containers[0].image = "busybox:2";
  sim.trace.clear();
  sim.step();
  EXPECT_EQ(sim.traced({"resolve"}), (Lines{"5.0 resolve app 0"}));
}

TEST(LifecycleStart, ARejectedPodFailsAndNothingOfItBegins) {
  Simulator sim(make_pod({"a"}));
  sim.seen.rejection = Rejection{"NodePorts", "Predicate NodePorts failed: no free ports"};
  sim.run_until(100);
  EXPECT_EQ(sim.pod.status.phase, "Failed");
  EXPECT_EQ(sim.pod.status.reason, "NodePorts");
  EXPECT_EQ(sim.pod.status.message, "Pod was rejected: Predicate NodePorts failed: no free ports");
  EXPECT_EQ(sim.column(), "NodePorts");
  EXPECT_TRUE(sim.pod.status.containerStatuses.empty());
  EXPECT_EQ(sim.events, (Lines{"Scheduled: Successfully assigned default/web to here",
                               "NodePorts: Predicate NodePorts failed: no free ports"}));
  EXPECT_TRUE(sim.trace.empty());
  sim.remove(0);
  EXPECT_TRUE(sim.finalized);
}

TEST(LifecycleStart, APodWaitsForItsPlaceAndTellsWhyOnce) {
  Simulator sim(make_pod({"a"}));
  sim.reload = true;
  sim.seen.placement = {Placed::kNowhere, "Unschedulable", "0/1 nodes are available: 1 no."};
  sim.run_until(100);
  EXPECT_EQ(sim.pod.status.phase, "Pending");
  EXPECT_EQ(sim.column(), "Pending");
  EXPECT_TRUE(sim.pod.status.containerStatuses.empty());
  EXPECT_FALSE(sim.pod.status.startTime);
  ASSERT_EQ(sim.pod.status.conditions.size(), 1U);
  EXPECT_EQ(sim.pod.status.conditions[0].type, "PodScheduled");
  EXPECT_EQ(sim.pod.status.conditions[0].status, "False");
  EXPECT_EQ(sim.pod.status.conditions[0].reason, "Unschedulable");
  EXPECT_EQ(sim.events, (Lines{"FailedScheduling: 0/1 nodes are available: 1 no."}));
  EXPECT_TRUE(sim.trace.empty());
  sim.seen.placement = {};
  sim.run_until(101);
  EXPECT_EQ(sim.pod.status.phase, "Running");
  EXPECT_EQ(sim.events[1], "Scheduled: Successfully assigned default/web to here");
  for (const auto& condition : sim.pod.status.conditions)
    EXPECT_EQ(condition.status, "True") << condition.type;
}

TEST(LifecycleStart, AGatedPodSaysSoAndCanBeDeleted) {
  Simulator sim(make_pod({"a"}));
  sim.seen.placement = {Placed::kGated, "SchedulingGated", "Scheduling is blocked"};
  sim.run_until(10);
  EXPECT_EQ(sim.column(), "SchedulingGated");
  EXPECT_TRUE(sim.events.empty());
  sim.remove(30);
  EXPECT_TRUE(sim.finalized);
}

}  // namespace
}  // namespace podctl::lifecycle
