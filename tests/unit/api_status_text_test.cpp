#include <gtest/gtest.h>

#include "podctl/api/status_text.hpp"

namespace podctl::api {
namespace {

Pod pod_with(std::string phase) {
  Pod pod;
  pod.status.phase = std::move(phase);
  return pod;
}

ContainerStatus& add(Pod& pod, bool init, std::string name, std::string policy = {}) {
  auto& spec = (init ? pod.spec.initContainers : pod.spec.containers).emplace_back();
  spec.name = name;
  spec.restartPolicy = std::move(policy);
  auto& list = init ? pod.status.initContainerStatuses : pod.status.containerStatuses;
  auto& status = list.emplace_back();
  status.name = std::move(name);
  status.state.emplace();
  return status;
}

void waits(ContainerStatus& s, std::string reason) {
  s.state->waiting.emplace().reason = std::move(reason);
}
void runs(ContainerStatus& s, bool ready = true) {
  s.state->running.emplace();
  s.ready = ready;
  s.started = true;
}
ContainerStateTerminated& ends(ContainerStatus& s, std::int32_t code, std::string reason) {
  auto& t = s.state->terminated.emplace();
  t.exitCode = code;
  t.reason = std::move(reason);
  return t;
}
void is(Pod& pod, std::string type, std::string status) {
  auto& c = pod.status.conditions.emplace_back();
  c.type = std::move(type);
  c.status = std::move(status);
}

TEST(ApiStatusText, PhaseReasonAndGate) {
  EXPECT_EQ(status_text(pod_with("Pending")), "Pending");
  auto pod = pod_with("Failed");
  pod.status.reason = "DeadlineExceeded";
  EXPECT_EQ(status_text(pod), "DeadlineExceeded");
  auto& gate = pod.status.conditions.emplace_back();
  gate.type = "PodScheduled";
  gate.reason = "SchedulingGated";
  EXPECT_EQ(status_text(pod), "SchedulingGated");
}

TEST(ApiStatusText, InitContainers) {
  auto pod = pod_with("Pending");
  ends(add(pod, true, "a"), 0, "Completed");
  auto& sidecar = add(pod, true, "s", "Always");
  runs(sidecar);
  waits(add(pod, true, "b"), "PodInitializing");
  waits(add(pod, false, "app"), "PodInitializing");
  EXPECT_EQ(status_text(pod), "Init:2/3");
  EXPECT_EQ(ready_count(pod).str(), "1/2");
  waits(pod.status.initContainerStatuses[2], "CrashLoopBackOff");
  EXPECT_EQ(status_text(pod), "Init:CrashLoopBackOff");
  pod.status.initContainerStatuses[2].state.emplace();
  auto& ended = ends(pod.status.initContainerStatuses[2], 3, "");
  EXPECT_EQ(status_text(pod), "Init:ExitCode:3");
  ended.signal = 9;
  EXPECT_EQ(status_text(pod), "Init:Signal:9");
  ended.reason = "OOMKilled";
  EXPECT_EQ(status_text(pod), "Init:OOMKilled");
}

TEST(ApiStatusText, RegularContainersFromTheLast) {
  auto pod = pod_with("Running");
  waits(add(pod, false, "a"), "ErrImagePull");
  ends(add(pod, false, "b"), 1, "Error");
  EXPECT_EQ(status_text(pod), "ErrImagePull");
  pod.status.containerStatuses[0].state.emplace();
  runs(pod.status.containerStatuses[0]);
  EXPECT_EQ(status_text(pod), "Error");
  EXPECT_EQ(ready_count(pod).str(), "1/2");
}

TEST(ApiStatusText, CompletedBesideRunning) {
  auto pod = pod_with("Running");
  runs(add(pod, false, "a"));
  ends(add(pod, false, "b"), 0, "Completed");
  EXPECT_EQ(status_text(pod), "NotReady");
  is(pod, "Ready", "True");
  EXPECT_EQ(status_text(pod), "Running");
}

TEST(ApiStatusText, TerminatingUnlessOver) {
  auto pod = pod_with("Running");
  pod.metadata.deletionTimestamp = Time(1);
  EXPECT_EQ(status_text(pod), "Terminating");
  pod.status.phase = "Succeeded";
  EXPECT_EQ(status_text(pod), "Succeeded");
}

TEST(ApiStatusText, RestartsSwitchOnceInitialized) {
  auto pod = pod_with("Pending");
  auto& init = add(pod, true, "a");
  init.restartCount = 4;
  waits(init, "CrashLoopBackOff");
  init.lastState.emplace().terminated.emplace().finishedAt = Time(1000);
  add(pod, true, "s", "Always").restartCount = 2;
  add(pod, false, "app").restartCount = 1;
  EXPECT_EQ(restarts_text(pod, Time(1300)), "4 (5m ago)");
  is(pod, "Initialized", "True");
  pod.status.initContainerStatuses[0].state.emplace();
  ends(pod.status.initContainerStatuses[0], 0, "Completed");
  EXPECT_EQ(restart_count(pod).count, 3);
  EXPECT_EQ(restarts_text(pod, Time(1300)), "3");
}

TEST(ApiStatusText, HumanDuration) {
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400, kYear = 365 * kDay;
  const std::vector<std::pair<std::int64_t, std::string>> cases = {{-2, "<invalid>"},
                                                                   {-1, "0s"},
                                                                   {0, "0s"},
                                                                   {119, "119s"},
                                                                   {120, "2m"},
                                                                   {121, "2m1s"},
                                                                   {10 * kMinute + 5, "10m"},
                                                                   {179 * kMinute, "179m"},
                                                                   {3 * kHour, "3h"},
                                                                   {3 * kHour + kMinute, "3h1m"},
                                                                   {8 * kHour + kMinute, "8h"},
                                                                   {47 * kHour, "47h"},
                                                                   {48 * kHour, "2d"},
                                                                   {49 * kHour, "2d1h"},
                                                                   {8 * kDay + kHour, "8d"},
                                                                   {700 * kDay, "700d"},
                                                                   {2 * kYear, "2y"},
                                                                   {2 * kYear + kDay, "2y1d"},
                                                                   {8 * kYear + 40 * kDay, "8y"}};
  for (const auto& [seconds, text] : cases) {
    EXPECT_EQ(human_duration(seconds * 1'000'000'000), text) << seconds;
  }
  EXPECT_EQ(age_text(Time(), Time(5)), "<unknown>");
  EXPECT_EQ(age_text(Time(5), Time(47)), "42s");
}

}  // namespace
}  // namespace podctl::api
