// Resources as controller files and their values: pure, no I/O. Used by Group, describe and tests.
//
// Sources: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst; the weight formula is that of
// opencontainers/cgroups and crun (1 CPU is weight 100).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/resources.hpp"
#include "podctl/cgroup/hierarchy.hpp"

namespace podctl::cgroup {

// The kernel's floor of a CFS quota (kernel/sched: min_cfs_quota_period), microseconds.
inline constexpr std::int64_t kMinQuotaUs = 1000;
inline constexpr std::uint64_t kDefaultPeriodUs = 100000;  // what a new cgroup has
inline constexpr std::uint64_t kMinShares = 2, kMaxShares = 262144;

// cpu.shares -> cpu.weight: l = log2(shares), ceil(10^((l^2 + 125 l) / 612 - 7/34)); 1 at 2, 10000
// at 262144.
std::uint64_t cpu_weight(std::uint64_t shares);
// The linear formula of older runtimes and the kubelet's pod level, for `describe` to explain.
std::uint64_t cpu_weight_linear(std::uint64_t shares);

struct FileValue {
  std::string file, value;
  bool if_present = false;  // an absent file is no error (swap accounting may be off)
  bool operator==(const FileValue&) const = default;
};

// What to write for one controller into a group that holds the kernel's defaults, in this order.
// `v2` is the kind of hierarchy the controller is on. Empty when `r` says nothing for it.
std::vector<FileValue> values(Controller c, const CgroupResources& r, bool v2);

// The controllers that `r` has a value for. v2-only values (memory_high, …) count only when `v2`.
ControllerSet needed(const CgroupResources& r, bool v2);

// kInvalidArgument for a value no kernel takes: zero period, cpuset that is not a list, …
Result<void> check(const CgroupResources& r);

}  // namespace podctl::cgroup
