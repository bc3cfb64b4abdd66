#include "podctl/api/resources_math.hpp"

#include <algorithm>

#include "podctl/api/status_text.hpp"

namespace podctl::api {
namespace {

constexpr std::int32_t kGuaranteedScore = -997;
constexpr std::int32_t kBestEffortScore = 1000;
constexpr std::int64_t kPage = 4096;

using ContainerMap = ResourceMap (*)(const Container&);

void add(ResourceMap& into, const ResourceMap& other) {
  for (const auto& [name, quantity] : other) into[name].add(quantity);
}

void keep_larger(ResourceMap& into, const ResourceMap& other) {
  for (const auto& [name, quantity] : other) {
    auto& mine = into[name];
    if (!mine.has_value() || mine < quantity) mine = quantity;
  }
}

std::int64_t milli(const ResourceMap& map, const char* name) {
  const auto it = map.find(name);
  return it == map.end() ? 0 : it->second.milli_value();
}

std::int64_t value(const ResourceMap& map, const char* name) {
  const auto it = map.find(name);
  return it == map.end() ? 0 : it->second.value();
}

bool positive(const ResourceMap& map, const char* name) {
  const auto it = map.find(name);
  return it != map.end() && it->second.sign() > 0;
}

bool pod_level_resource(const std::string& name) {
  return name == "cpu" || name == "memory" || name.starts_with("hugepages-");
}

bool has_pod_level(const Pod& pod) {
  return pod.spec.resources &&
         !(pod.spec.resources->requests.empty() && pod.spec.resources->limits.empty());
}

// Sidecars run beside everything after them, so each init container needs its own and theirs.
ResourceMap aggregate(const PodSpec& spec, ContainerMap of) {
  ResourceMap sum, sidecars, init_need;
  for (const auto& container : spec.containers) add(sum, of(container));
  for (const auto& container : spec.initContainers) {
    auto use = of(container);
    if (is_sidecar(container)) {
      add(sum, use);
      add(sidecars, use);
      use = sidecars;
    } else {
      add(use, sidecars);
    }
    keep_larger(init_need, use);
  }
  keep_larger(sum, init_need);
  return sum;
}

void override_with(ResourceMap& into, const ResourceMap& pod_level) {
  for (const auto& [name, quantity] : pod_level) {
    if (pod_level_resource(name)) into[name] = quantity;
  }
}

// Whether the pod's limit of that resource bounds all its containers.
bool limit_declared(const Pod& pod, const char* name) {
  if (pod.spec.resources && positive(pod.spec.resources->limits, name)) return true;
  const auto declared = [name](const Container& c) { return positive(container_limits(c), name); };
  return std::all_of(pod.spec.containers.begin(), pod.spec.containers.end(), declared) &&
         std::all_of(pod.spec.initContainers.begin(), pod.spec.initContainers.end(), declared);
}

// cpu and memory only, what is above zero.
ResourceMap computed(const ResourceMap& map) {
  ResourceMap result;
  for (const auto* name : {"cpu", "memory"}) {
    if (positive(map, name)) result[name] = map.at(name);
  }
  return result;
}

QosClass classify(const ResourceMap& requests, const ResourceMap& limits, bool all_limited) {
  if (requests.empty() && limits.empty()) return QosClass::kBestEffort;
  return all_limited && requests == limits ? QosClass::kGuaranteed : QosClass::kBurstable;
}

std::int64_t score(std::int64_t memory_request, std::int64_t capacity) {
  return 1000 - 1000 * memory_request / capacity;
}

// What the pod level asks for beyond its containers, split equally over them.
std::int64_t remaining_request(const Pod& pod) {
  if (!pod.spec.resources) return 0;
  const auto requests = effective_requests(pod);
  std::int64_t rest = value(requests, "memory"), count = 0;
  const auto take = [&rest, &count](const Container& container) {
    rest -= value(container_requests(container), "memory");
    ++count;
  };
  for (const auto& container : pod.spec.containers) take(container);
  for (const auto& container : pod.spec.initContainers) {
    if (is_sidecar(container)) take(container);
  }
  return rest > 0 && count > 0 ? rest / count : 0;
}

void protect(CgroupResources& cgroup, QosClass qos, std::int64_t request) {
  if (qos == QosClass::kGuaranteed) cgroup.memory_min = request;
  if (qos == QosClass::kBurstable) cgroup.memory_low = request;
}

}  // namespace

const char* qos_name(QosClass qos) {
  switch (qos) {
    case QosClass::kGuaranteed:
      return "Guaranteed";
    case QosClass::kBurstable:
      return "Burstable";
    case QosClass::kBestEffort:
      break;
  }
  return "BestEffort";
}

QosClass qos_class(const Pod& pod) {
  if (has_pod_level(pod)) {
    const auto limits = computed(pod.spec.resources->limits);
    const auto requests = computed(pod_level_requests(pod.spec));
    return classify(requests, limits, limits.size() == 2);
  }
  ResourceMap requests, limits;
  bool all_limited = true;
  const auto take = [&requests, &limits, &all_limited](const Container& container) {
    const auto mine = computed(container_limits(container));
    all_limited = all_limited && mine.size() == 2;
    add(limits, mine);
    add(requests, computed(container_requests(container)));
  };
  for (const auto& container : pod.spec.containers) take(container);
  for (const auto& container : pod.spec.initContainers) take(container);
  return classify(requests, limits, all_limited);
}

ResourceMap container_requests(const Container& container) {
  if (!container.resources) return {};
  auto requests = container.resources->requests;
  for (const auto& [name, quantity] : container.resources->limits) {
    requests.try_emplace(name, quantity);
  }
  return requests;
}

ResourceMap container_limits(const Container& container) {
  return container.resources ? container.resources->limits : ResourceMap{};
}

ResourceMap containers_requests(const PodSpec& spec) { return aggregate(spec, container_requests); }

ResourceMap pod_level_requests(const PodSpec& spec) {
  if (!spec.resources) return {};
  auto wanted = spec.resources->requests;
  for (const auto& [name, sum] : containers_requests(spec)) {
    if (name == "cpu" || name == "memory") wanted.try_emplace(name, sum);
  }
  for (const auto& [name, limit] : spec.resources->limits) wanted.try_emplace(name, limit);
  return wanted;
}

ResourceMap effective_requests(const Pod& pod) {
  auto requests = containers_requests(pod.spec);
  override_with(requests, pod_level_requests(pod.spec));
  add(requests, pod.spec.overhead);
  return requests;
}

ResourceMap effective_limits(const Pod& pod) {
  auto limits = aggregate(pod.spec, container_limits);
  if (pod.spec.resources) override_with(limits, pod.spec.resources->limits);
  for (const auto& [name, quantity] : pod.spec.overhead) {
    const auto it = limits.find(name);
    if (it != limits.end() && !it->second.is_zero()) it->second.add(quantity);
  }
  return limits;
}

std::uint64_t cpu_shares(std::int64_t milli_cpu) {
  // Beyond 256 CPUs the clamp decides; it also keeps the product from overflowing.
  constexpr std::int64_t kMin = 2, kMax = 262'144;
  if (milli_cpu >= 256'000) return kMax;
  return static_cast<std::uint64_t>(std::clamp(milli_cpu * 1024 / 1000, kMin, kMax));
}

std::int64_t cpu_quota_us(std::int64_t milli_cpu, std::uint64_t period_us) {
  // A million CPUs are no limit; beyond them the product would overflow.
  constexpr std::int64_t kUnlimited = 1'000'000'000;
  if (milli_cpu <= 0 || milli_cpu >= kUnlimited) return -1;
  return std::max<std::int64_t>(milli_cpu * static_cast<std::int64_t>(period_us) / 1000, 1000);
}

CgroupResources container_cgroup(const Pod& pod, const Container& container) {
  auto requests = container_requests(container);
  auto limits = container_limits(container);
  if (pod.spec.resources) {
    for (const auto* name : {"cpu", "memory"}) {
      if (!positive(pod.spec.resources->limits, name) || positive(limits, name)) continue;
      limits[name] = pod.spec.resources->limits.at(name);
      if (!positive(requests, name)) requests[name] = limits[name];
    }
  }
  CgroupResources result;
  result.cpu_shares = cpu_shares(milli(requests, "cpu"));
  if (positive(limits, "cpu")) {
    result.cpu_period_us = 100'000;
    result.cpu_quota_us = cpu_quota_us(milli(limits, "cpu"));
  }
  if (positive(limits, "memory")) result.memory_limit = value(limits, "memory");
  result.oom_group = true;
  return result;
}

CgroupResources pod_cgroup(const Pod& pod) {
  CgroupResources result;
  if (qos_class(pod) == QosClass::kBestEffort) {
    result.cpu_shares = cpu_shares(0);
    return result;
  }
  const auto limits = effective_limits(pod);
  result.cpu_shares = cpu_shares(milli(effective_requests(pod), "cpu"));
  if (limit_declared(pod, "cpu")) {
    result.cpu_period_us = 100'000;
    result.cpu_quota_us = cpu_quota_us(milli(limits, "cpu"));
  }
  if (limit_declared(pod, "memory")) result.memory_limit = value(limits, "memory");
  return result;
}

std::size_t exclusive_cpus(const Pod& pod, const Container& container) {
  if (has_pod_level(pod) || qos_class(pod) != QosClass::kGuaranteed) return 0;
  const auto cpu = milli(container_requests(container), "cpu");
  return cpu > 0 && cpu % 1000 == 0 ? static_cast<std::size_t>(cpu / 1000) : 0;
}

void add_memory_qos(CgroupResources& cgroup, const Pod& pod, const Container& container,
                    std::int64_t allocatable) {
  const auto request = value(container_requests(container), "memory");
  const auto qos = qos_class(pod);
  protect(cgroup, qos, request);
  if (qos == QosClass::kGuaranteed) return;
  const auto most = cgroup.memory_limit.value_or(allocatable);
  // In tenths: what is between may be more than a double holds exactly.
  const auto room = most - request;
  const auto high = (request + room / 10 * 9 + room % 10 * 9 / 10) / kPage * kPage;
  cgroup.memory_high = high > request ? high : -1;
}

void add_memory_qos(CgroupResources& cgroup, const Pod& pod) {
  protect(cgroup, qos_class(pod), value(effective_requests(pod), "memory"));
}

std::int32_t oom_score_adj(const Pod& pod, const Container& container,
                           std::int64_t memory_capacity) {
  if (pod.spec.priorityClassName == "system-node-critical") return kGuaranteedScore;
  const auto qos = qos_class(pod);
  if (qos == QosClass::kGuaranteed) return kGuaranteedScore;
  if (qos == QosClass::kBestEffort || memory_capacity <= 0) return kBestEffortScore;

  const auto rest = remaining_request(pod);
  const auto request_of = [rest](const Container& c) {
    return value(container_requests(c), "memory") + rest;
  };
  auto adjust = score(request_of(container), memory_capacity);
  if (is_sidecar(container) && !pod.spec.containers.empty()) {
    auto smallest = request_of(pod.spec.containers.front());
    for (const auto& c : pod.spec.containers) smallest = std::min(smallest, request_of(c));
    adjust = std::min(adjust, score(smallest, memory_capacity));
  }
  // Below 3 it would rank with Guaranteed, at 1000 with BestEffort.
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(adjust, 1000 + kGuaranteedScore, kBestEffortScore - 1));
}

}  // namespace podctl::api
