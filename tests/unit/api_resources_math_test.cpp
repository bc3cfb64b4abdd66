#include <gtest/gtest.h>

#include "podctl/api/resources_math.hpp"

namespace podctl::api {
namespace {

constexpr std::int64_t kGi = 1LL << 30;

ResourceMap map_of(const std::string& cpu, const std::string& memory) {
  ResourceMap map;
  if (!cpu.empty()) map["cpu"] = *Quantity::parse(cpu);
  if (!memory.empty()) map["memory"] = *Quantity::parse(memory);
  return map;
}

Container container(ResourceMap requests, ResourceMap limits, bool sidecar = false) {
  Container c;
  auto& resources = c.resources.emplace();
  resources.requests = std::move(requests);
  resources.limits = std::move(limits);
  if (sidecar) c.restartPolicy = "Always";
  return c;
}

TEST(ApiResourcesMath, CpuSharesAndQuota) {
  const std::vector<std::pair<std::int64_t, std::uint64_t>> shares = {
      {0, 2},     {1, 2},       {10, 10},       {50, 51},           {100, 102},          {250, 256},
      {500, 512}, {1000, 1024}, {16000, 16384}, {256'000, 262'144}, {1LL << 60, 262'144}};
  for (const auto& [milli, want] : shares) EXPECT_EQ(cpu_shares(milli), want) << milli;
  EXPECT_EQ(cpu_quota_us(0), -1);
  EXPECT_EQ(cpu_quota_us(5), 1000);
  EXPECT_EQ(cpu_quota_us(10), 1000);
  EXPECT_EQ(cpu_quota_us(250), 25'000);
  EXPECT_EQ(cpu_quota_us(2000), 200'000);
  EXPECT_EQ(cpu_quota_us(INT64_MAX), -1);
}

TEST(ApiResourcesMath, QosClass) {
  Pod pod;
  pod.spec.containers.push_back(Container{});
  EXPECT_EQ(qos_class(pod), QosClass::kBestEffort);
  pod.spec.containers[0] = container({}, map_of("1", "1Gi"));
  EXPECT_EQ(qos_class(pod), QosClass::kGuaranteed);
  pod.spec.containers[0] = container(map_of("1000m", "1Gi"), map_of("1", "1024Mi"));
  EXPECT_EQ(qos_class(pod), QosClass::kGuaranteed);
  pod.spec.containers[0] = container(map_of("500m", ""), map_of("1", "1Gi"));
  EXPECT_EQ(qos_class(pod), QosClass::kBurstable);
  pod.spec.containers[0] = container({}, map_of("1", ""));
  EXPECT_EQ(qos_class(pod), QosClass::kBurstable);
  pod.spec.containers[0] = container({}, map_of("1", "1Gi"));
  pod.spec.initContainers.push_back(Container{});
  EXPECT_EQ(qos_class(pod), QosClass::kBurstable);  // the init container counts
  pod.spec.resources.emplace().limits = map_of("2", "2Gi");
  pod.spec.resources->requests = map_of("2", "2Gi");
  EXPECT_EQ(qos_class(pod), QosClass::kGuaranteed);
  EXPECT_STREQ(qos_name(QosClass::kBurstable), "Burstable");
}

TEST(ApiResourcesMath, EffectiveRequestsCountSidecarsBesideInit) {
  Pod pod;
  pod.spec.initContainers = {container(map_of("300m", "1Gi"), {}),
                             container(map_of("200m", "1Gi"), {}, true),
                             container(map_of("900m", "1Gi"), {})};
  pod.spec.containers = {container(map_of("400m", "2Gi"), {}),
                         container(map_of("100m", "2Gi"), {})};
  auto requests = effective_requests(pod);
  EXPECT_EQ(requests["cpu"].milli_value(), 1100);  // 900 + the sidecar's 200 > 400 + 100 + 200
  EXPECT_EQ(requests["memory"].value(), 5 * kGi);
  pod.spec.overhead = map_of("50m", "");
  EXPECT_EQ(effective_requests(pod)["cpu"].milli_value(), 1150);
  EXPECT_TRUE(effective_limits(pod).empty());  // overhead adds to a limit only where one is
  pod.spec.resources.emplace().requests = map_of("2", "");
  EXPECT_EQ(effective_requests(pod)["cpu"].milli_value(), 2050);
}

TEST(ApiResourcesMath, PodCgroupIsBoundedOnlyWhenEveryContainerIs) {
  Pod pod;
  pod.spec.containers = {container({}, map_of("500m", "1Gi")), container(map_of("100m", ""), {})};
  auto cgroup = pod_cgroup(pod);
  EXPECT_EQ(cgroup.cpu_shares, 614U);
  EXPECT_FALSE(cgroup.cpu_quota_us);
  EXPECT_FALSE(cgroup.memory_limit);
  pod.spec.containers[1] = container({}, map_of("250m", "1Gi"));
  cgroup = pod_cgroup(pod);
  EXPECT_EQ(cgroup.cpu_quota_us, 75'000);
  EXPECT_EQ(cgroup.memory_limit, 2 * kGi);
  pod.spec.containers = {Container{}};
  EXPECT_EQ(pod_cgroup(pod).cpu_shares, 2U);
}

TEST(ApiResourcesMath, ContainerCgroup) {
  const auto cgroup =
      container_cgroup(Pod{}, container(map_of("100m", "64Mi"), map_of("1", "128Mi")));
  EXPECT_EQ(cgroup.cpu_shares, 102U);
  EXPECT_EQ(cgroup.cpu_quota_us, 100'000);
  EXPECT_EQ(cgroup.cpu_period_us, 100'000U);
  EXPECT_EQ(cgroup.memory_limit, 128LL << 20);
  EXPECT_TRUE(cgroup.oom_group);
  EXPECT_FALSE(container_cgroup(Pod{}, Container{}).cpu_quota_us);
  // The pod's own limit is the container's where it has none.
  Pod pod;
  pod.spec.resources.ensure().limits = map_of("400m", "256Mi");
  const auto bounded = container_cgroup(pod, Container{});
  EXPECT_EQ(bounded.cpu_quota_us, 40'000);
  EXPECT_EQ(bounded.cpu_shares, 409);
  EXPECT_EQ(bounded.memory_limit, 256 << 20);
}

TEST(ApiResourcesMath, WhoGetsCpusAlone) {
  Pod pod;
  pod.spec.containers = {container({}, map_of("2", "1Gi")), container({}, map_of("1500m", "1Gi"))};
  EXPECT_EQ(exclusive_cpus(pod, pod.spec.containers[0]), 2U);
  EXPECT_EQ(exclusive_cpus(pod, pod.spec.containers[1]), 0U);  // no whole CPUs
  pod.spec.containers.push_back(container(map_of("1", ""), {}));
  EXPECT_EQ(exclusive_cpus(pod, pod.spec.containers[0]), 0U);  // Burstable now
  pod.spec.containers.pop_back();
  pod.spec.resources.ensure().limits = map_of("4", "4Gi");
  EXPECT_EQ(exclusive_cpus(pod, pod.spec.containers[0]), 0U);
}

// The rows of KEP-2570 and the corners of its formula.
TEST(ApiResourcesMath, MemoryQosOfContainers) {
  constexpr std::int64_t kMi = 1 << 20, kNode = 10 * kGi;
  const auto of = [](const Container& c) {
    Pod pod;
    pod.spec.containers = {c};
    auto cgroup = container_cgroup(pod, c);
    add_memory_qos(cgroup, pod, c, kNode);
    return cgroup;
  };
  auto cgroup = of(container(map_of("", "100Mi"), map_of("", "200Mi")));
  EXPECT_EQ(cgroup.memory_high, 190 * kMi);
  EXPECT_EQ(cgroup.memory_low, 100 * kMi);
  EXPECT_FALSE(cgroup.memory_min);
  // Without a limit the node is the bound; whole pages.
  cgroup = of(container(map_of("", "1Gi"), {}));
  EXPECT_EQ(cgroup.memory_high, (kGi + 9 * kGi / 10 * 9) / 4096 * 4096);
  EXPECT_EQ(*cgroup.memory_high % 4096, 0);
  cgroup = of(container(map_of("", "100Mi"), map_of("", "104857601")));
  EXPECT_EQ(cgroup.memory_high, -1);  // no page between request and limit
  cgroup = of(container(map_of("100m", "100Mi"), map_of("", "100Mi")));
  EXPECT_EQ(cgroup.memory_high, -1);
  EXPECT_EQ(cgroup.memory_low, 100 * kMi);
  cgroup = of(container(map_of("1", "100Mi"), map_of("1", "100Mi")));  // Guaranteed
  EXPECT_EQ(cgroup.memory_min, 100 * kMi);
  EXPECT_FALSE(cgroup.memory_low);
  EXPECT_FALSE(cgroup.memory_high);
  cgroup = of(Container{});  // BestEffort
  EXPECT_EQ(cgroup.memory_high, 9 * kGi);
  EXPECT_FALSE(cgroup.memory_low);
  cgroup = of(container(map_of("", "8Ei"), {}));  // more than the node has
  EXPECT_EQ(cgroup.memory_high, -1);
}

TEST(ApiResourcesMath, MemoryQosOfPods) {
  Pod pod;
  pod.spec.containers = {container(map_of("", "1Gi"), {}), container(map_of("", "2Gi"), {})};
  auto cgroup = pod_cgroup(pod);
  add_memory_qos(cgroup, pod);
  EXPECT_EQ(cgroup.memory_low, 3 * kGi);
  EXPECT_FALSE(cgroup.memory_min);
  EXPECT_FALSE(cgroup.memory_high);
  pod.spec.containers = {container({}, map_of("1", "1Gi"))};
  cgroup = pod_cgroup(pod);
  add_memory_qos(cgroup, pod);
  EXPECT_EQ(cgroup.memory_min, kGi);
  EXPECT_FALSE(cgroup.memory_low);
  pod.spec.containers = {Container{}};
  cgroup = pod_cgroup(pod);
  add_memory_qos(cgroup, pod);
  EXPECT_FALSE(cgroup.memory_min);
  EXPECT_FALSE(cgroup.memory_low);
}

TEST(ApiResourcesMath, OomScore) {
  Pod pod;
  pod.spec.containers = {Container{}};
  EXPECT_EQ(oom_score_adj(pod, pod.spec.containers[0], 8 * kGi), 1000);
  pod.spec.containers = {container(map_of("", "2Gi"), {}), container(map_of("1", ""), {})};
  EXPECT_EQ(oom_score_adj(pod, pod.spec.containers[0], 8 * kGi), 750);
  EXPECT_EQ(oom_score_adj(pod, pod.spec.containers[1], 8 * kGi), 999);
  EXPECT_EQ(oom_score_adj(pod, pod.spec.containers[0], 2 * kGi), 3);
  pod.spec.containers.pop_back();
  pod.spec.initContainers = {container(map_of("1", ""), {}, true)};
  EXPECT_EQ(oom_score_adj(pod, pod.spec.initContainers[0], 8 * kGi), 750);
  pod.spec.initContainers.clear();
  pod.spec.containers = {container({}, map_of("1", "1Gi"))};
  EXPECT_EQ(oom_score_adj(pod, pod.spec.containers[0], 8 * kGi), -997);
}

}  // namespace
}  // namespace podctl::api
