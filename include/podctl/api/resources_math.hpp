// What a pod's requests and limits come to: QoS class, effective sums, cgroup values,
// oom_score_adj.
//
// Pure functions over api types, used by node (what the hands are told), lifecycle (qosClass) and
// cli (describe). The formulas are the kubelet's (pkg/kubelet/cm/helpers_linux.go, qos/policy.go,
// and component-helpers' resource/helpers.go); they read nothing and fail never.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "podctl/api/pod.hpp"
#include "podctl/base/resources.hpp"

namespace podctl::api {

using ResourceMap = std::map<std::string, Quantity>;

enum class QosClass : std::uint8_t { kGuaranteed, kBurstable, kBestEffort };
const char* qos_name(QosClass qos);  // "Guaranteed", …

// From the pod level when it is set there, else from all containers, init too; only cpu and memory
// count.
QosClass qos_class(const Pod& pod);

// A container's requests and limits; a missing request is the limit, as admission fills it in.
ResourceMap container_requests(const Container& container);
ResourceMap container_limits(const Container& container);

// Of all containers together: max(sum of containers and sidecars, what each init container needs
// beside the sidecars before it).
ResourceMap containers_requests(const PodSpec& spec);

// The pod level's requests; cpu and memory that it leaves out are what the containers ask for, else
// the limit, as admission fills them in (k8s pkg/apis/core/v1/defaults.go). Empty without a pod
// level.
ResourceMap pod_level_requests(const PodSpec& spec);

// The pod's: max(sum of containers and sidecars, what each init container needs beside the sidecars
// before it), overridden by pod-level cpu, memory and hugepages, plus overhead (on limits only
// where one is).
ResourceMap effective_requests(const Pod& pod);
ResourceMap effective_limits(const Pod& pod);

// cpu.shares: milli * 1024 / 1000 in [2, 262144]; 0 gives 2.
std::uint64_t cpu_shares(std::int64_t milli_cpu);
// CFS quota in microseconds for a period of 100 ms; at least 1000; 0 (no limit) and what no
// machine has give -1.
std::int64_t cpu_quota_us(std::int64_t milli_cpu, std::uint64_t period_us = 100'000);

// A container's cgroup: shares from its request, quota and memory.max from its limits,
// memory.oom.group. A limit that only the pod level has is every container's too. No pids limit:
// that is the node's. An absent limit is an absent value.
CgroupResources container_cgroup(const Pod& pod, const Container& container);
// The pod's cgroup: quota and memory.max only when every container (or the pod level) has that
// limit; BestEffort has shares 2 only.
CgroupResources pod_cgroup(const Pod& pod);

// How many CPUs the static CPU manager policy gives a container alone: those it asks for, when they
// are whole ones and the pod is Guaranteed (k8s pkg/kubelet/cm/cpumanager/policy_static.go,
// guaranteedCPUs). 0: it shares; also every container of a pod that has resources of its own.
std::size_t exclusive_cpus(const Pod& pod, const Container& container);

// Memory QoS (KEP-2570), which only cgroup2 has: what a container's cgroup gets beside
// container_cgroup(), into which it is put. Guaranteed: memory.min is the request. Burstable:
// memory.low is. All others than Guaranteed are slowed down by memory.high before they meet their
// limit (without one `allocatable`, the node's bytes): nine tenths of the way there from the
// request, in whole pages of 4 KiB; "max" where that is not above the request.
void add_memory_qos(CgroupResources& cgroup, const Pod& pod, const Container& container,
                    std::int64_t allocatable);
// The same for the pod's cgroup, by its effective request. Never memory.high: one container would
// slow the others down.
void add_memory_qos(CgroupResources& cgroup, const Pod& pod);

// oom_score_adj of a container: Guaranteed -997, BestEffort 1000, Burstable by its memory request's
// part of the machine's memory, in [3, 999]; a sidecar at most that of the regular container with
// the smallest request.
std::int32_t oom_score_adj(const Pod& pod, const Container& container,
                           std::int64_t memory_capacity);

}  // namespace podctl::api
