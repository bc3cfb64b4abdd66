// Diagnoses from written evidence: what is said, what it rests on, and what is not claimed.
#include <gmock/gmock.h>

#include <algorithm>

#include "podctl/lifecycle/why.hpp"

namespace podctl::lifecycle {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const api::Time kBegin(1'000), kEnd(1'060), kBefore(900);

// A pod of one container "app" in the making; each test says what became of it.
struct Case {
  api::Pod pod;
  Evidence evidence;

  Case() {
    pod.metadata.name = "web";
    pod.spec.containers.resize(1);
    spec().name = "app";
    spec().image = "shop/app:1";
    pod.status.phase = "Running";
    status().name = "app";
  }
  api::Container& spec() { return pod.spec.containers[0]; }
  api::ContainerStatus& status() {
    if (pod.status.containerStatuses.empty()) pod.status.containerStatuses.resize(1);
    return pod.status.containerStatuses[0];
  }
  void condition(const char* type, const char* value, const char* reason = "",
                 const char* message = "") {
    api::PodCondition c;
    c.type = type;
    c.status = value;
    c.reason = reason;
    c.message = message;
    pod.status.conditions.push_back(c);
  }
  void waits(const char* reason, const char* message) {
    pod.status.phase = "Pending";
    auto& w = status().state.emplace().waiting.emplace();
    w.reason = reason;
    w.message = message;
  }
  static void end(api::ContainerState& state, int code, const char* reason = "Error") {
    auto& t = state.terminated.emplace();
    t.exitCode = code;
    t.reason = reason;
    t.startedAt = kBegin;
    t.finishedAt = kEnd;
  }
  // It crashes again and again.
  void crashes(int code, const char* reason = "Error") {
    waits("CrashLoopBackOff", "back-off 10s restarting failed container=app");
    pod.status.phase = "Running";
    end(status().lastState.emplace(), code, reason);
    status().restartCount = 3;
  }
  void runs(bool ready) {
    status().state.emplace().running.emplace().startedAt = kBegin;
    status().ready = ready;
    status().started = true;
    condition("Ready", ready ? "True" : "False");
  }
  void event(const char* reason, const char* message, api::Time at = kEnd,
             const char* path = "spec.containers{app}") {
    api::Event e;
    e.reason = reason;
    e.message = message;
    e.lastTimestamp = at;
    e.involvedObject.fieldPath = path;
    evidence.events.push_back(e);
  }
  void logs(std::vector<std::string> lines) { evidence.lines["app"] = std::move(lines); }
  Cause cause() const {
    const auto d = diagnose(pod, evidence);
    EXPECT_FALSE(d.causes.empty()) << d.summary;
    return d.causes.empty() ? Cause{} : d.causes[0];
  }
};

std::vector<std::string> facts(const Cause& cause, std::string_view source) {
  std::vector<std::string> out;
  for (const auto& fact : cause.facts) {
    if (fact.source == source) out.push_back(fact.text);
  }
  return out;
}

TEST(LifecycleWhy, APodThatIsWellHasNoCause) {
  Case c;
  c.runs(true);
  const auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kGood);
  EXPECT_EQ(d.summary, "Pod \"web\" runs, and is ready: nothing is wrong with it.");
  EXPECT_THAT(d.causes, IsEmpty());
}

TEST(LifecycleWhy, APodThatStartsIsOnItsWay) {
  Case c;
  c.waits("ContainerCreating", "");
  EXPECT_EQ(diagnose(c.pod, c.evidence).health, Health::kOnTheWay);
}

TEST(LifecycleWhy, ADeletedPodIsOnItsWayWhateverItsContainersDo) {
  Case c;
  c.pod.metadata.deletionTimestamp = kEnd;
  c.pod.metadata.deletionGracePeriodSeconds = 30;
  Case::end(c.status().state.emplace(), 143);
  const auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kOnTheWay);
  EXPECT_THAT(d.summary, HasSubstr("30 s to end"));
}

TEST(LifecycleWhy, AMissingImageIsNamedWithTheWayToBringIt) {
  Case c;
  c.waits("ImagePullBackOff",
          "Back-off pulling image \"shop/app:1\": it is not in the local store");
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "ErrImagePull");
  EXPECT_EQ(cause.problem,
            "Container \"app\" has no image: \"shop/app:1\" is not in the local store.");
  EXPECT_THAT(cause.remedy, HasSubstr("podctl image load"));
  EXPECT_EQ(facts(cause, "status").size(), 1U);
}

TEST(LifecycleWhy, WhyAProgramCannotBeExecuted) {
  const struct {
    const char *message, *reason, *problem, *remedy;
  } kRows[] = {
      {"exec: \"serve\": executable file not found in $PATH", "MissingCommand",
       "there is no program \"serve\"", "podctl image inspect shop/app:1"},
      {"exec: \"serve now\": executable file not found in $PATH", "MissingCommand",
       "there is no program \"serve now\"", "[\"sh\", \"-c\", \"serve now\"]"},
      {"exec: \"/data/run\": no such file or directory", "MissingCommand",
       "there is no program \"/data/run\"", "volume \"data\""},
      {"exec: \"/run.sh\": interpreter \"/bin/bash\": no such file or directory",
       "MissingInterpreter", "not its interpreter \"/bin/bash\"", "first line"},
      {"exec: \"/app\": exec format error (a program for AArch64)", "ExecFormatError",
       "nothing that this machine can execute: a program for AArch64.", "architecture"},
      {"exec: \"/app\": permission denied", "NotExecutable", "may not be executed", "chmod +x"},
      {"exec: \"/etc\": is a directory", "NotExecutable", "is a directory", "program itself"},
  };
  for (const auto& row : kRows) {
    Case c;
    c.spec().volumeMounts.resize(1);
    c.spec().volumeMounts[0].name = "data";
    c.spec().volumeMounts[0].mountPath = "/data";
    c.waits("RunContainerError", row.message);
    const auto cause = c.cause();
    EXPECT_EQ(cause.reason, row.reason) << row.message;
    EXPECT_THAT(cause.problem, HasSubstr(row.problem));
    EXPECT_THAT(cause.remedy, HasSubstr(row.remedy));
    EXPECT_THAT(facts(cause, "status")[0], HasSubstr(row.message));
  }
}

TEST(LifecycleWhy, AVolumeThatCannotBeMounted) {
  Case c;
  c.pod.spec.volumes.resize(1);
  c.pod.spec.volumes[0].name = "conf";
  c.pod.spec.volumes[0].hostPath.emplace().path = "/srv/conf";
  c.waits("CreateContainerError",
          "volume 'conf' at '/conf': hostPath type check failed: /srv/conf is not a directory");
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "FailedMount");
  EXPECT_THAT(cause.problem, HasSubstr("its volume \"conf\" cannot be mounted"));
  EXPECT_THAT(cause.remedy, HasSubstr("/srv/conf"));
}

TEST(LifecycleWhy, AnObjectThatIsNotThere) {
  Case c;
  c.waits("CreateContainerConfigError", "secret \"login\" not found");
  EXPECT_THAT(c.cause().remedy, HasSubstr("Make the Secret \"login\""));
  Case volume;
  volume.waits("ContainerCreating", "");
  volume.condition("PodReadyToStartContainers", "False");
  volume.event("FailedMount",
               "MountVolume.SetUp failed for volume \"v\" : configmap \"site\" not found", kEnd,
               "");
  EXPECT_THAT(volume.cause().remedy, HasSubstr("Make the ConfigMap \"site\""));
}

TEST(LifecycleWhy, ASandboxThatCannotBeMadeIsThePodsOwnCause) {
  Case c;
  c.waits("ContainerCreating", "");
  c.condition("PodReadyToStartContainers", "False");
  c.event("FailedMount", "hostPath type check failed: /srv is not a file", kEnd, "");
  const auto cause = c.cause();
  EXPECT_EQ(cause.container, "");
  EXPECT_THAT(cause.problem, HasSubstr("/srv is not a file"));
  EXPECT_EQ(facts(cause, "event").size(), 1U);
}

TEST(LifecycleWhy, OutOfMemoryNamesTheLimitAndTheKernelsCount) {
  Case c;
  c.spec().resources.emplace().limits["memory"] = api::Quantity::parse("16Mi").value();
  c.crashes(137, "OOMKilled");
  c.evidence.ends["app"] = {9, 2, 0};
  const auto cause = c.cause();
  EXPECT_THAT(cause.problem, HasSubstr("its memory limit of 16Mi"));
  EXPECT_THAT(facts(cause, "kernel")[0], HasSubstr("want of memory: 2"));
  EXPECT_THAT(facts(cause, "status")[0], HasSubstr("OOMKilled, exit code 137"));
}

TEST(LifecycleWhy, AShellWhoseCommandWasKilledForMemoryIsNotBlamedItself) {
  Case c;
  c.crashes(137);
  c.evidence.ends["app"] = {0, 1, 0};
  EXPECT_THAT(c.cause().problem,
              HasSubstr("A process of container \"app\" was killed by the kernel"));
  EXPECT_THAT(facts(c.cause(), "status")[0], HasSubstr("Error, exit code 137"));
}

TEST(LifecycleWhy, AKillThatWasNotForMemoryIsNotCalledThat) {
  Case c;
  c.crashes(137);
  c.evidence.ends["app"] = {9, 0, 0};
  const auto cause = c.cause();
  EXPECT_EQ(cause.problem, "Container \"app\" was ended by SIGKILL, and not for want of memory.");
}

TEST(LifecycleWhy, TheKernelsSignalCountsMoreThanWhatAnExitCodeLooksLike) {
  Case c;
  c.crashes(139);
  EXPECT_EQ(c.cause().reason, "Crashed");
  c.evidence.ends["app"] = {0, 0, 0};  // the program's own exit(139)
  EXPECT_THAT(c.cause().problem, HasSubstr("ended by itself with exit code 139"));
}

TEST(LifecycleWhy, TheLimitOfProcessesIsTheKernelsWord) {
  Case c;
  c.crashes(1);
  c.evidence.ends["app"] = {0, 0, 17};
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "PidsLimit");
  EXPECT_THAT(facts(cause, "kernel")[0], HasSubstr("17"));
}

TEST(LifecycleWhy, APostStartThatFailedIsToldBeforeAndWhileItBacksOff) {
  for (const auto* reason : {"PostStartHookError", "CrashLoopBackOff"}) {
    Case c;
    c.crashes(143);
    c.status().state->waiting->reason = reason;
    c.event("FailedPostStartHook", "PostStartHook failed");
    const auto cause = c.cause();
    EXPECT_EQ(cause.reason, "PostStartHookFailed");
    EXPECT_THAT(cause.problem, HasSubstr("postStart hook failed"));
  }
}

TEST(LifecycleWhy, ALivenessProbeThatEndedItIsToldByItsEvents) {
  Case c;
  c.crashes(137);
  c.evidence.ends["app"] = {9, 0, 0};
  c.event("Killing", "Container app failed liveness probe, will be restarted");
  c.event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500");
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "ProbeFailed");
  EXPECT_EQ(facts(cause, "event").size(), 2U);
}

TEST(LifecycleWhy, AnEventOfAnEarlierRunExplainsNothing) {
  Case c;
  c.crashes(1);
  c.event("Killing", "Container app failed liveness probe, will be restarted", kBefore);
  EXPECT_EQ(c.cause().reason, "Error");
}

TEST(LifecycleWhy, WhatLogsSay) {
  const struct {
    const char *line, *reason, *says;
  } kRows[] = {
      {"bind: 0.0.0.0:80: Address already in use", "PortTaken", "a port"},
      {"Error: listen EADDRINUSE: address already in use :::3000", "PortTaken", "a port"},
      {"wget: bad address 'db'", "NameNotFound", "a name has no address"},
      {"dial tcp 127.0.0.1:5432: connect: connection refused", "ConnectionRefused",
       "nobody listens"},
      {"sh: can't fork: Resource temporarily unavailable", "NoProcesses", "no further process"},
      {"cp: write error: No space left on device", "NoSpace", "disk is full"},
      {"sh: serve: not found", "CommandNotFound", "a command was not found"},
      {"app: error while loading shared libraries: libz.so.1: cannot open shared object file: No "
       "such "
       "file or directory",
       "MissingLibrary", "shared library"},
  };
  for (const auto& row : kRows) {
    Case c;
    c.crashes(1);
    c.logs({"starting", row.line, "bye"});
    const auto cause = c.cause();
    EXPECT_EQ(cause.reason, row.reason) << row.line;
    EXPECT_THAT(cause.problem, HasSubstr(std::string("its log says that ")));
    EXPECT_THAT(cause.problem, HasSubstr(row.says));
    EXPECT_THAT(facts(cause, "log")[0], HasSubstr(std::string(row.line).substr(0, 60)));
  }
}

TEST(LifecycleWhy, ATakenPortNamesTheContainerThatDeclaresIt) {
  Case c;
  c.crashes(1);
  c.pod.spec.containers.resize(2);
  c.pod.spec.containers[1].name = "proxy";
  c.pod.spec.containers[1].ports.resize(1);
  c.pod.spec.containers[1].ports[0].containerPort = 8080;
  c.logs({"bind(0.0.0.0:8080): Address already in use"});
  EXPECT_THAT(facts(c.cause(), "manifest")[0],
              HasSubstr("container \"proxy\" of the same pod declares port 8080"));
}

TEST(LifecycleWhy, AMountThatMayNotBeReadIsNamedWithTheUser) {
  Case c;
  Case::end(c.status().state.emplace(), 1);
  c.pod.status.phase = "Failed";
  c.spec().volumeMounts.resize(1);
  c.spec().volumeMounts[0].name = "keys";
  c.spec().volumeMounts[0].mountPath = "/etc/keys";
  c.spec().securityContext.emplace().runAsUser = 1000;
  c.logs({"cat: can't open '/etc/keys/tls.key': Permission denied"});
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "UnreadableMount");
  EXPECT_THAT(facts(cause, "manifest"),
              ::testing::ElementsAre(HasSubstr("volume \"keys\" is mounted at /etc/keys"),
                                     HasSubstr("1000")));
}

TEST(LifecycleWhy, ASuccessThatIsRestartedForEver) {
  Case c;
  c.crashes(0, "Completed");
  EXPECT_THAT(c.cause().problem, HasSubstr("with success again and again"));
}

TEST(LifecycleWhy, AnUnknownEndClaimsNoMoreThanItKnows) {
  Case c;
  c.crashes(3);
  c.logs({"something odd"});
  const auto cause = c.cause();
  EXPECT_EQ(cause.problem, "Container \"app\"'s program ended by itself with exit code 3.");
  EXPECT_THAT(facts(cause, "log")[0], HasSubstr("something odd"));
}

TEST(LifecycleWhy, AReadinessProbeThatFailsWithWhatSlowsTheContainerDown) {
  Case c;
  c.spec().readinessProbe.emplace();
  c.runs(false);
  c.event("Unhealthy", "Readiness probe failed: timeout");
  c.evidence.running["app"] = {100, 90, 0, 0};
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "ReadinessProbeFailing");
  EXPECT_THAT(facts(cause, "kernel")[0], HasSubstr("throttled in 90 of 100 periods"));
  EXPECT_THAT(cause.remedy, HasSubstr("limits.cpu"));
}

// An error counts neither as success nor as failure: nobody ends the container.
TEST(LifecycleWhy, AProbeThatCannotBeTriedIsNotCalledAFailingOne) {
  const struct {
    const char *error, *problem, *remedy;
  } kRows[] = {
      {"find program: exec: \"/bin/curl\": no such file or directory",
       "probe cannot be tried: there is no program \"/bin/curl\" in it.", "httpGet"},
      {"exec: \"curl\": executable file not found in $PATH",
       "probe cannot be tried: there is no program \"curl\" in it.", "httpGet"},
      {"couldn't find port: \"web\"", "probe cannot be tried: couldn't find port: \"web\".",
       "Correct the probe"},
  };
  for (const bool startup : {true, false}) {
    for (const auto& row : kRows) {
      Case c;
      (startup ? c.spec().startupProbe : c.spec().readinessProbe).emplace();
      c.runs(false);
      c.status().started = !startup;
      const std::string said = std::string(startup ? "Startup" : "Readiness") +
                               " probe errored and resulted in unknown state: " + row.error + "\n";
      c.event("Unhealthy", said.c_str());
      const auto cause = c.cause();
      EXPECT_EQ(cause.reason, startup ? "StartupProbeCannotRun" : "ReadinessProbeCannotRun");
      EXPECT_THAT(cause.problem, HasSubstr(row.problem));
      EXPECT_THAT(cause.remedy, HasSubstr(row.remedy));
      EXPECT_THAT(cause.remedy, Not(HasSubstr("failureThreshold")));
      EXPECT_THAT(facts(cause, "event").at(0), Not(HasSubstr("\n")));
    }
  }
}

TEST(LifecycleWhy, APostStartHookThatHangsIsTold) {
  Case c;
  c.spec().lifecycle.emplace().postStart.emplace().exec.emplace().command = {"sleep", "1000"};
  c.waits("ContainerCreating", "");
  c.evidence.hooks["app"] = {3'200'000'000, {}};
  auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kOnTheWay);
  EXPECT_EQ(
      d.summary,
      "Pod \"web\" waits for the postStart hook of container \"app\", which has run for 3 s.");
  c.evidence.hooks["app"].runs_for_ns = 100'000'000'000;
  d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kBad);
  EXPECT_EQ(d.summary, "Container \"app\" runs, but its postStart hook has not ended for 100 s.");
  EXPECT_THAT(facts(d.causes.at(0), "manifest"),
              ::testing::ElementsAre("postStart runs: sleep 1000"));
}

TEST(LifecycleWhy, HowAPostStartHookFailedIsTold) {
  for (const bool over : {false, true}) {
    Case c;
    auto& get = c.spec().lifecycle.emplace().postStart.emplace().httpGet.emplace();
    get.port = api::IntOrString(81);
    get.path = "/up";
    c.crashes(137);
    if (over) {
      c.pod.status.phase = "Failed";
      *c.status().state = *c.status().lastState;
    }
    c.event("FailedPostStartHook", "PostStartHook failed");
    c.evidence.hooks["app"].failure = "HTTP lifecycle hook (/up): connect: connection refused";
    const auto cause = c.cause();
    EXPECT_EQ(cause.reason, "PostStartHookFailed");
    EXPECT_THAT(facts(cause, "podctld").at(0), HasSubstr("connection refused"));
    EXPECT_THAT(facts(cause, "manifest"),
                ::testing::ElementsAre("postStart asks: port 81, path /up"));
  }
}

TEST(LifecycleWhy, ALogThatIsEmptyIsNotRecommended) {
  Case c;
  c.crashes(1);
  c.logs({});
  const auto cause = c.cause();
  EXPECT_THAT(cause.remedy, HasSubstr("podctl debug -it web --copy-to web-copy"));
  EXPECT_THAT(facts(cause, "log"), ::testing::ElementsAre("it wrote nothing"));
}

// With shareProcessNamespace the kernel kills all when pause is; else podctl has them end.
TEST(LifecycleWhy, WhoEndedWithItsSandboxIsNotSearchedFor) {
  Case c;
  c.runs(true);
  c.status().restartCount = 1;
  Case::end(c.status().lastState.emplace(), 137);
  c.evidence.ends["app"] = {9, 0, 0};
  const char* text = "Pod sandbox changed, it will be killed and re-created.";
  c.event("SandboxChanged", text, api::Time(1'061), "");
  auto cause = c.cause();
  EXPECT_TRUE(cause.past);
  EXPECT_EQ(cause.reason, "SandboxChanged");
  EXPECT_EQ(cause.problem, "Container \"app\" was ended with the pod's sandbox, which had died.");
  // All of it within a second.
  c.status().lastState->terminated->startedAt = api::Time(1'060);
  c.evidence.events[0].lastTimestamp = api::Time(1'060);
  EXPECT_EQ(c.cause().reason, "SandboxChanged");
  c.status().lastState->terminated->startedAt = kBegin;
  // Neither an earlier one nor a much later one has ended this run.
  for (const auto at : {api::Time(1'000), api::Time(1'100)}) {
    c.evidence.events.clear();
    c.event("SandboxChanged", text, at, "");
    EXPECT_EQ(c.cause().reason, "Signalled");
  }
}

TEST(LifecycleWhy, AFailedInitContainerIsCalledThat) {
  Case c;
  c.pod.status.phase = "Pending";
  c.waits("PodInitializing", "");
  c.pod.spec.initContainers.resize(1);
  c.pod.spec.initContainers[0].name = "setup";
  c.pod.status.initContainerStatuses.resize(1);
  c.pod.status.initContainerStatuses[0].name = "setup";
  Case::end(c.pod.status.initContainerStatuses[0].state.emplace(), 2);
  const auto d = diagnose(c.pod, c.evidence);
  ASSERT_EQ(d.causes.size(), 1U);
  EXPECT_THAT(d.summary, HasSubstr("Init container \"setup\""));
}

TEST(LifecycleWhy, WhatHasPassedIsToldAsPast) {
  Case c;
  c.runs(true);
  c.status().restartCount = 1;
  Case::end(c.status().lastState.emplace(), 137, "OOMKilled");
  const auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kGood);
  ASSERT_EQ(d.causes.size(), 1U);
  EXPECT_TRUE(d.causes[0].past);
}

TEST(LifecycleWhy, ThePodsOwnReasons) {
  Case c;
  c.pod.status.phase = "Failed";
  c.pod.status.reason = "DeadlineExceeded";
  c.pod.status.message = "Pod was active on the node longer than the specified deadline";
  c.pod.spec.activeDeadlineSeconds = 5;
  EXPECT_THAT(c.cause().problem, HasSubstr("activeDeadlineSeconds of 5"));

  Case unscheduled;
  unscheduled.waits("", "");
  unscheduled.condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available");
  EXPECT_EQ(unscheduled.cause().reason, "Unschedulable");
  EXPECT_THAT(unscheduled.cause().problem, HasSubstr("0/1 nodes are available"));
}

TEST(LifecycleWhy, HowContainersEndedThatThePodsDeadlineEndedIsNoCause) {
  Case c;
  c.pod.spec.activeDeadlineSeconds = 1;
  c.pod.status.phase = "Failed";
  c.pod.status.reason = "DeadlineExceeded";
  Case::end(c.status().state.emplace(), 137);
  c.evidence.ends["app"] = {9, 0, 0};
  const auto d = diagnose(c.pod, c.evidence);
  ASSERT_EQ(d.causes.size(), 1U);
  EXPECT_EQ(d.causes[0].reason, "DeadlineExceeded");
}

TEST(LifecycleWhy, APodWithoutANodeIsToldWhatToAskFor) {
  Case c;
  c.pod.status.phase = "Pending";
  c.condition("PodScheduled", "False", "Unschedulable",
              "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. "
              "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
  const auto cause = diagnose(c.pod, c.evidence).causes.at(0);
  EXPECT_EQ(cause.problem,
            "The pod has been given to no node: 0/1 nodes are available: 1 node(s) didn't match "
            "Pod's node affinity/selector.");
  EXPECT_THAT(cause.remedy, HasSubstr("podctl get nodes --show-labels"));
}

TEST(LifecycleWhy, WhatAProbeOrHookRunsIsTold) {
  Case c;
  c.spec().lifecycle.emplace().postStart.emplace().exec.emplace().command = {"sh", "-c", "exit 5"};
  c.event("FailedPostStartHook", "PostStartHook failed");
  c.crashes(137);
  const auto cause = c.cause();
  EXPECT_EQ(cause.reason, "PostStartHookFailed");
  const bool told = std::any_of(cause.facts.begin(), cause.facts.end(), [](const Fact& f) {
    return f.text == "postStart runs: sh -c exit 5";
  });
  EXPECT_TRUE(told);
}

TEST(LifecycleWhy, AWorkingDirectoryThatIsNoneIsNamed) {
  Case c;
  c.spec().workingDir = "/etc/hostname";
  c.waits("CreateContainerError",
          "working directory: make directory etc/hostname: is not a directory");
  EXPECT_EQ(c.cause().reason, "BadWorkingDirectory");
  EXPECT_THAT(c.cause().problem, HasSubstr("\"/etc/hostname\" is none"));
}

TEST(LifecycleWhy, AnInitContainerThatRunsIsNamedWithItsLog) {
  Case c;
  c.pod.status.phase = "Pending";
  c.pod.spec.initContainers.emplace_back().name = "setup";
  auto& status = c.pod.status.initContainerStatuses.emplace_back();
  status.name = "setup";
  status.state.emplace().running.emplace().startedAt = kBegin;
  const auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kOnTheWay);
  EXPECT_THAT(d.summary, HasSubstr("\"setup\", which runs"));
  EXPECT_THAT(d.summary, HasSubstr("podctl logs web -c setup"));
}

// A container that was put beside the pod's is told of, and blames the pod for nothing.
TEST(LifecycleWhy, AnEphemeralContainerIsToldAside) {
  Case c;
  c.runs(true);
  auto& spec = c.pod.spec.ephemeralContainers.emplace_back();
  spec.name = "dbg";
  spec.image = "no/such:1";
  auto& status = c.pod.status.ephemeralContainerStatuses.emplace_back();
  status.name = "dbg";
  auto& waits = status.state.emplace().waiting.emplace();
  waits.reason = "ErrImagePull";
  waits.message = "image \"no/such:1\" is not in the local store";
  auto d = diagnose(c.pod, c.evidence);
  EXPECT_EQ(d.health, Health::kGood);
  EXPECT_EQ(d.summary, "Pod \"web\" runs, and is ready: nothing is wrong with it.");
  ASSERT_EQ(d.causes.size(), 1U);
  EXPECT_TRUE(d.causes[0].aside);
  EXPECT_FALSE(d.causes[0].past);
  EXPECT_THAT(d.causes[0].problem, HasSubstr("Ephemeral container \"dbg\" has no image"));

  // One that has ended is not run again. What the pod itself suffers from comes first.
  status.state->waiting.reset();
  Case::end(*status.state, 3);
  c.evidence.lines["dbg"] = {"dbg: no such file or directory"};
  EXPECT_EQ(logs_wanted(c.pod), std::vector<std::string>{"dbg"});
  c.pod.status.conditions.clear();
  c.crashes(1);
  d = diagnose(c.pod, c.evidence);
  ASSERT_EQ(d.causes.size(), 2U);
  EXPECT_EQ(d.health, Health::kBad);
  EXPECT_EQ(d.causes[0].container, "app");
  EXPECT_TRUE(d.causes[1].past);
  EXPECT_EQ(d.causes[1].reason, "MissingFile");
}

TEST(LifecycleWhy, OnlyLogsThatCanTellSomethingAreWanted) {
  Case c;
  c.runs(true);
  EXPECT_THAT(logs_wanted(c.pod), IsEmpty());
  Case crash;
  crash.crashes(1);
  EXPECT_EQ(logs_wanted(crash.pod), std::vector<std::string>{"app"});
}

}  // namespace
}  // namespace podctl::lifecycle
