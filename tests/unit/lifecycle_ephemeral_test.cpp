// Ephemeral containers: they run once, beside the pod, which goes on as if they were not there.
#include "lifecycle_simulator.hpp"

namespace podctl::lifecycle {
namespace {

void add_ephemeral(Simulator& sim, const std::string& name) {
  api::EphemeralContainer c;
  c.name = name;
  c.image = "busybox";
  c.imagePullPolicy = "IfNotPresent";
  sim.pod.spec.ephemeralContainers.push_back(std::move(c));
  sim.have_image(name);
}

TEST(LifecycleEphemeral, OneThatComesLaterIsStartedAndCountsForNothing) {
  Simulator sim(make_pod({"a"}));
  sim.run_until(1);
  add_ephemeral(sim, "debug");
  sim.run_until(2);
  ASSERT_EQ(sim.pod.status.ephemeralContainerStatuses.size(), 1U);
  const auto& status = sim.pod.status.ephemeralContainerStatuses[0];
  EXPECT_TRUE(status.state->running);
  EXPECT_FALSE(status.ready);
  EXPECT_EQ(api::ready_count(sim.pod).str(), "1/1");
  EXPECT_EQ(sim.pod.status.phase, "Running");
}

TEST(LifecycleEphemeral, ItsEndIsNoRestartAndNoFailure) {
  Simulator sim(make_pod({"a"}));
  add_ephemeral(sim, "debug");
  sim.behaves["debug"] = {.runs_ns = kSec, .exit_code = 7};
  sim.run_until(60);
  const auto& status = sim.pod.status.ephemeralContainerStatuses[0];
  ASSERT_TRUE(status.state->terminated);
  EXPECT_EQ(status.state->terminated->exitCode, 7);
  EXPECT_EQ(status.restartCount, 0);
  EXPECT_EQ(sim.pod.status.phase, "Running");
}

TEST(LifecycleEphemeral, ThePodDoesNotWaitForIt) {
  auto pod = make_pod({"a"});
  pod.spec.restartPolicy = "Never";
  Simulator sim(std::move(pod));
  add_ephemeral(sim, "debug");
  sim.behaves["a"] = {.runs_ns = kSec};
  sim.run_until(120);
  EXPECT_EQ(sim.pod.status.phase, "Succeeded");
}

}  // namespace
}  // namespace podctl::lifecycle
