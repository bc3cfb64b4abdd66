// In-place resize: what is allocated, applied and shown while the node decides and the cgroups
// follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lifecycle_simulator.hpp"
#include "podctl/lifecycle/resize.hpp"

namespace podctl::lifecycle {
namespace {

using testing::HasSubstr;

api::ResourceRequirements cpu(const std::string& request, const std::string& limit) {
  api::ResourceRequirements resources;
  resources.requests["cpu"] = *api::Quantity::parse(request);
  resources.limits["cpu"] = *api::Quantity::parse(limit);
  return resources;
}

class Resize : public testing::Test {
 protected:
  Resize() : sim(make_pod({"web", "side"})) {
    for (auto& container : sim.pod.spec.containers) container.resources = cpu("100m", "200m");
    sim.settle();
  }
  // As node does it when the spec was changed.
  void ask(const std::string& request, const std::string& limit) {
    sim.memory.resize.allocated = resources_text(sim.pod.spec);
    sim.pod.spec.containers[0].resources = cpu(request, limit);
    sim.pod.metadata.generation = *sim.pod.metadata.generation + 1;
    sim.seen.resize = {};
  }
  void say(ResizeVerdict verdict, const std::string& message = "") {
    sim.seen.resize.verdict = verdict;
    sim.seen.resize.message = message;
    sim.settle();
  }
  std::string condition(const std::string& type) {
    for (const auto& c : sim.pod.status.conditions) {
      if (c.type == type) return c.status + " " + c.reason + " " + c.message;
    }
    return "";
  }
  std::string shown() {
    const auto& status = sim.pod.status.containerStatuses[0];
    return status.resources->limits.at("cpu").str() + " of " +
           status.allocatedResources.at("cpu").str();
  }
  bool did(const std::string& what) {
    return std::ranges::any_of(sim.trace, [&](const auto& t) { return t.ends_with(what); });
  }
  bool told(const std::string& what) {
    return std::ranges::any_of(sim.events, [&](const auto& e) { return e.find(what) == 0; });
  }
  Simulator sim;
};

TEST_F(Resize, WhatFitsIsGivenInPlace) {
  sim.reload = true;
  ask("300m", "400m");
  sim.settle();
  EXPECT_EQ(shown(), "200m of 100m");
  say(ResizeVerdict::kFits);
  EXPECT_TRUE(did("resize web"));
  EXPECT_EQ(shown(), "400m of 300m");
  EXPECT_EQ(sim.pod.status.containerStatuses[0].restartCount, 0);
  EXPECT_EQ(condition("PodResizeInProgress"), "");
  EXPECT_TRUE(told("ResizeStarted: Pod resize started: {\"containers\":[{\"name\":\"web\""));
  EXPECT_TRUE(told("ResizeCompleted"));
  EXPECT_TRUE(sim.memory.resize == ResizeMemory{});
}

TEST_F(Resize, WhatDoesNotFitWaitsAndSaysSo) {
  ask("3", "4");
  say(ResizeVerdict::kDeferred, "Node didn't have enough resource: cpu");
  EXPECT_EQ(condition("PodResizePending"), "True Deferred Node didn't have enough resource: cpu");
  EXPECT_EQ(shown(), "200m of 100m");
  EXPECT_TRUE(told("ResizeDeferred"));
  say(ResizeVerdict::kFits);
  EXPECT_EQ(condition("PodResizePending"), "");
  EXPECT_EQ(shown(), "4 of 3");
  ask("300", "400");
  say(ResizeVerdict::kInfeasible, "Node didn't have enough capacity: cpu");
  EXPECT_EQ(condition("PodResizePending"), "True Infeasible Node didn't have enough capacity: cpu");
  // Taken back.
  sim.pod.spec.containers[0].resources = cpu("3", "4");
  sim.settle();
  EXPECT_EQ(condition("PodResizePending"), "");
}

TEST_F(Resize, AContainerThatWantsARestartGetsOne) {
  auto& policy = sim.pod.spec.containers[0].resizePolicy.emplace_back();
  policy.resourceName = "cpu";
  policy.restartPolicy = "RestartContainer";
  ask("300m", "400m");
  say(ResizeVerdict::kFits);
  EXPECT_TRUE(told("Killing: Container web resize requires restart"));
  sim.run_until(60);
  EXPECT_EQ(sim.pod.status.containerStatuses[0].restartCount, 1);
  EXPECT_EQ(sim.pod.status.containerStatuses[1].restartCount, 0);
  EXPECT_EQ(shown(), "400m of 300m");
  EXPECT_EQ(condition("PodResizeInProgress"), "");
}

TEST_F(Resize, WhatTheKernelRefusesIsTriedAgain) {
  sim.resize_error = "attempting to set pod memory limit (1) below current usage (2)";
  ask("300m", "400m");
  say(ResizeVerdict::kFits);
  EXPECT_EQ(condition("PodResizeInProgress"), "True Error " + sim.resize_error);
  EXPECT_EQ(shown(), "200m of 300m");
  sim.resize_error.clear();
  sim.run_until(15);
  EXPECT_EQ(condition("PodResizeInProgress"), "");
  EXPECT_EQ(shown(), "400m of 300m");
}

TEST(JudgeResize, ByCapacityThenByOthers) {
  NodeView node;
  node.allocatable = {{"cpu", api::Quantity::of(2)}, {"pods", api::Quantity::of(9)}};
  auto pod = make_pod({"web"}), other = make_pod({"db"});
  other.metadata.uid = "uid-2";
  other.spec.containers[0].resources = cpu("1500m", "2");
  pod.spec.containers[0].resources = cpu("3", "3");
  auto judged = judge_resize(pod, node, {&other});
  EXPECT_EQ(judged.verdict, ResizeVerdict::kInfeasible);
  EXPECT_EQ(judged.message,
            "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000");
  pod.spec.containers[0].resources = cpu("1", "1");
  judged = judge_resize(pod, node, {&other, &pod});
  EXPECT_EQ(judged.verdict, ResizeVerdict::kDeferred);
  EXPECT_EQ(judged.message,
            "Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000");
  pod.spec.containers[0].resources = cpu("500m", "1");
  EXPECT_EQ(judge_resize(pod, node, {&other}).verdict, ResizeVerdict::kFits);
}

}  // namespace
}  // namespace podctl::lifecycle
