// What a group has used, and what its limits are now.
#include <algorithm>
#include <array>

#include "cgroup/tree_state.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/tree.hpp"

namespace podctl::cgroup {
namespace {

// A counter file's number; 0 where this kernel has no such file ("max" is no number either).
Result<std::uint64_t> number(int root, const std::string& path, const char* file) {
  const auto content = read_at(root, joined(path, file));
  if (!content && content.error().code == Code::kNotFound) return 0;
  if (!content) return Failure(content.error());
  return text::parse_u64(text::trim(*content)).value_or(0);
}

Result<std::string> optional_text(int root, const std::string& path, const char* file) {
  auto content = read_at(root, joined(path, file));
  if (content) return std::move(*content);
  // PSI files are there but say EOPNOTSUPP when it was disabled at boot.
  if (content.error().code == Code::kNotFound || content.error().code == Code::kUnsupported)
    return std::string();
  return content;
}

Result<void> cpu_v1(int root, const std::string& path, CgroupStats& out) {
  const std::string stat = TRY(optional_text(root, path, "cpu.stat"));
  out.cpu_periods = keyed_value(stat, "nr_periods");
  out.cpu_throttled_periods = keyed_value(stat, "nr_throttled");
  out.cpu_throttled_us = keyed_value(stat, "throttled_time") / 1000;  // nanoseconds on v1
  return {};
}

Result<void> unified(int dir, const std::string& path, CgroupStats& out) {
  const std::string stat = TRY(optional_text(dir, path, "cpu.stat"));
  out.cpu_usage_us = keyed_value(stat, "usage_usec");
  if (stat.find("nr_periods") != std::string::npos) {
    out.cpu_periods = keyed_value(stat, "nr_periods");
    out.cpu_throttled_periods = keyed_value(stat, "nr_throttled");
    out.cpu_throttled_us = keyed_value(stat, "throttled_usec");
  }
  out.cpu_pressure = TRY(optional_text(dir, path, "cpu.pressure"));
  out.memory_pressure = TRY(optional_text(dir, path, "memory.pressure"));
  out.io_pressure = TRY(optional_text(dir, path, "io.pressure"));
  return {};
}

Result<void> memory(int root, const std::string& path, bool v2, CgroupStats& out) {
  out.memory_current = TRY(number(root, path, v2 ? "memory.current" : "memory.usage_in_bytes"));
  out.memory_peak = TRY(number(root, path, v2 ? "memory.peak" : "memory.max_usage_in_bytes"));
  const std::string stat = TRY(optional_text(root, path, "memory.stat"));
  out.memory_inactive_file = keyed_value(stat, v2 ? "inactive_file" : "total_inactive_file");
  const std::string events =
      TRY(optional_text(root, path, v2 ? "memory.events" : "memory.oom_control"));
  out.oom_kills = keyed_value(events, "oom_kill");
  return {};
}

constexpr std::array<const char*, 3> kCpuV1 = {"cpu.shares", "cpu.cfs_quota_us",
                                               "cpu.cfs_period_us"};
constexpr std::array<const char*, 2> kCpuV2 = {"cpu.weight", "cpu.max"};
constexpr std::array<const char*, 2> kMemoryV1 = {"memory.limit_in_bytes",
                                                  "memory.memsw.limit_in_bytes"};
constexpr std::array<const char*, 6> kMemoryV2 = {
    "memory.max", "memory.swap.max", "memory.high", "memory.low", "memory.min", "memory.oom.group"};
constexpr std::array<const char*, 2> kCpuset = {"cpuset.cpus", "cpuset.mems"};
constexpr std::array<const char*, 1> kPids = {"pids.max"};

std::vector<const char*> limit_files(Controller c, bool v2) {
  const auto list = [](const auto& files) {
    return std::vector<const char*>(files.begin(), files.end());
  };
  switch (c) {
    case Controller::kCpu:
      return v2 ? list(kCpuV2) : list(kCpuV1);
    case Controller::kMemory:
      return v2 ? list(kMemoryV2) : list(kMemoryV1);
    case Controller::kCpuset:
      return list(kCpuset);
    case Controller::kPids:
      return list(kPids);
    case Controller::kCpuacct:
    case Controller::kDevices:
    case Controller::kFreezer:
      return {};
  }
  return {};
}

}  // namespace

Result<CgroupStats> Group::stats() const {
  CgroupStats out;
  if (TreeState::Place* place = tree_->unified(); dir_) {
    TRY(unified(TRY(tree_->root(*place, false)), path_, out));
  }
  for (Controller c : made_.list()) {
    TreeState::Place* place = tree_->place(c);
    if (place == nullptr) continue;
    const int root = TRY(tree_->root(*place, false));
    const bool v2 = place->mount->v2;
    if (c == Controller::kCpu && !v2) TRY(cpu_v1(root, path_, out));
    if (c == Controller::kCpuacct && !dir_) {
      out.cpu_usage_us = TRY(number(root, path_, "cpuacct.usage")) / 1000;  // nanoseconds
    }
    if (c == Controller::kMemory) TRY(memory(root, path_, v2, out));
    if (c == Controller::kPids) {
      out.pids_current = TRY(number(root, path_, "pids.current"));
      out.pids_max_events = keyed_value(TRY(optional_text(root, path_, "pids.events")), "max");
    }
  }
  if (!made_.has(Controller::kPids)) out.pids_current = TRY(procs(true)).size();
  return out;
}

// proc_pid_io(5). The io controller would count what nobody waited for as well, but costs every
// start a directory on v1 and a controller on v2. Who has just ended, or may not be looked at, adds
// nothing.
Result<void> Group::add_disk_use(CgroupStats& stats) const {
  for (const pid_t pid : TRY(procs(true))) {
    const auto io = read_path("/proc/" + std::to_string(pid) + "/io");
    if (!io) continue;
    stats.io_read += keyed_value(*io, "read_bytes:");
    stats.io_written += keyed_value(*io, "write_bytes:");
  }
  return {};
}

Result<std::vector<Limit>> Group::limits() const {
  std::vector<Limit> out;
  for (Controller c : made_.list()) {
    TreeState::Place* place = tree_->place(c);
    if (place == nullptr) continue;
    const int root = TRY(tree_->root(*place, false));
    for (const char* file : limit_files(c, place->mount->v2)) {
      if (!exists_at(root, joined(path_, file)))
        continue;  // swap accounting, a top-level directory
      const std::string content = TRY(read_at(root, joined(path_, file)));
      out.push_back({c, file, std::string(text::trim(content))});
    }
  }
  return out;
}

}  // namespace podctl::cgroup
