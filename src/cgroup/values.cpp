#include "podctl/cgroup/values.hpp"

#include <algorithm>
#include <cmath>

#include "podctl/base/text.hpp"

namespace podctl::cgroup {
namespace {

std::string or_max(std::int64_t value) { return value < 0 ? "max" : std::to_string(value); }

// 0 means "no limit" to the kubelet, a negative value to the kernel.
std::int64_t floored_quota(std::int64_t quota) {
  return quota <= 0 ? -1 : std::max(quota, kMinQuotaUs);
}

std::vector<FileValue> cpu_v2(const CgroupResources& r) {
  std::vector<FileValue> out;
  if (r.cpu_shares && *r.cpu_shares != 0) {
    out.push_back({"cpu.weight", std::to_string(cpu_weight(*r.cpu_shares))});
  }
  // One file holds both; a quota alone leaves the period as it is (cgroup-v2.rst, "cpu.max").
  if (r.cpu_quota_us || r.cpu_period_us) {
    std::string value = or_max(floored_quota(r.cpu_quota_us.value_or(-1)));
    if (r.cpu_period_us) value += " " + std::to_string(*r.cpu_period_us);
    out.push_back({"cpu.max", std::move(value)});
  }
  return out;
}

std::vector<FileValue> cpu_v1(const CgroupResources& r) {
  std::vector<FileValue> out;
  if (r.cpu_shares && *r.cpu_shares != 0) {
    out.push_back(
        {"cpu.shares", std::to_string(std::clamp(*r.cpu_shares, kMinShares, kMaxShares))});
  }
  if (r.cpu_period_us) out.push_back({"cpu.cfs_period_us", std::to_string(*r.cpu_period_us)});
  if (r.cpu_quota_us) {
    out.push_back({"cpu.cfs_quota_us", std::to_string(floored_quota(*r.cpu_quota_us))});
  }
  return out;
}

std::vector<FileValue> memory_v2(const CgroupResources& r) {
  std::vector<FileValue> out;
  if (r.memory_min) out.push_back({"memory.min", or_max(*r.memory_min)});
  if (r.memory_low) out.push_back({"memory.low", or_max(*r.memory_low)});
  if (r.memory_high) out.push_back({"memory.high", or_max(*r.memory_high)});
  if (r.memory_limit) {
    out.push_back({"memory.max", or_max(*r.memory_limit)});
    out.push_back({"memory.swap.max", *r.memory_limit < 0 ? "max" : "0", true});
  }
  if (r.oom_group) out.push_back({"memory.oom.group", "1"});
  return out;
}

// memsw is memory and swap together and may never be below memory alone: on a new group (both
// unlimited) the lower one goes first.
std::vector<FileValue> memory_v1(const CgroupResources& r) {
  if (!r.memory_limit) return {};
  const std::string limit = std::to_string(std::max<std::int64_t>(*r.memory_limit, -1));
  return {{"memory.limit_in_bytes", limit}, {"memory.memsw.limit_in_bytes", limit, true}};
}

// cpuset(7), "List format"; an inverted or wrong range is left to the kernel's EINVAL.
bool valid_list(std::string_view list) {
  if (list.empty()) return true;
  for (std::string_view part : text::split(list, ',')) {
    const auto dash = part.find('-');
    if (!text::parse_u64(part.substr(0, dash))) return false;
    if (dash != std::string_view::npos && !text::parse_u64(part.substr(dash + 1))) return false;
  }
  return true;
}

}  // namespace

std::uint64_t cpu_weight(std::uint64_t shares) {
  if (shares <= kMinShares) return 1;
  if (shares >= kMaxShares) return 10000;
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, exponent)));
}

std::uint64_t cpu_weight_linear(std::uint64_t shares) {
  return 1 + (std::clamp(shares, kMinShares, kMaxShares) - 2) * 9999 / 262142;
}

std::vector<FileValue> values(Controller c, const CgroupResources& r, bool v2) {
  switch (c) {
    case Controller::kCpu:
      return v2 ? cpu_v2(r) : cpu_v1(r);
    case Controller::kMemory:
      return v2 ? memory_v2(r) : memory_v1(r);
    case Controller::kPids:
      if (!r.pids_limit) return {};
      return {{"pids.max", or_max(*r.pids_limit)}};
    case Controller::kCpuset: {
      std::vector<FileValue> out;
      if (!r.cpuset_cpus.empty()) out.push_back({"cpuset.cpus", r.cpuset_cpus});
      if (!r.cpuset_mems.empty()) out.push_back({"cpuset.mems", r.cpuset_mems});
      return out;
    }
    case Controller::kCpuacct:
    case Controller::kDevices:
    case Controller::kFreezer:
      return {};
  }
  return {};
}

ControllerSet needed(const CgroupResources& r, bool v2) {
  ControllerSet set;
  for (Controller c :
       {Controller::kCpu, Controller::kCpuset, Controller::kMemory, Controller::kPids}) {
    if (!values(c, r, v2).empty()) set.add(c);
  }
  return set;
}

Result<void> check(const CgroupResources& r) {
  const auto bad = [](std::string what) {
    return fail(Code::kInvalidArgument, "check", std::move(what));
  };
  if (r.cpu_period_us && (*r.cpu_period_us < 1000 || *r.cpu_period_us > 1000000)) {
    return fail(Code::kInvalidArgument, "check", "cpu period", "must be 1000-1000000 microseconds");
  }
  if (!valid_list(r.cpuset_cpus)) return bad("cpuset cpus \"" + r.cpuset_cpus + "\"");
  if (!valid_list(r.cpuset_mems)) return bad("cpuset mems \"" + r.cpuset_mems + "\"");
  if (r.memory_limit && *r.memory_limit == 0) {
    return fail(Code::kInvalidArgument, "check", "memory limit",
                "0 leaves no room for any process");
  }
  return {};
}

}  // namespace podctl::cgroup
