// What a cgroup is told, in the kernel's words. Node computes it from a pod's requests and limits, the
// wire carries it, cgroup applies it on v1, hybrid or v2. Pure data; an absent value is not written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace podctl {

struct CgroupResources {
  std::optional<std::uint64_t> cpu_shares;      // 2-262144 (v1 cpu.shares); v2 weight is derived
  std::optional<std::int64_t> cpu_quota_us;     // per period; -1 removes the limit
  std::optional<std::uint64_t> cpu_period_us;
  std::optional<std::int64_t> memory_limit;     // bytes; -1 removes the limit; swap is kept at 0 beyond it
  std::optional<std::int64_t> memory_high;      // bytes, v2 only
  std::optional<std::int64_t> memory_low;       // bytes, v2 only
  std::optional<std::int64_t> memory_min;       // bytes, v2 only
  std::optional<std::int64_t> pids_limit;       // tasks; -1 removes the limit
  std::string cpuset_cpus;                      // "0-1,4"; empty: the parent's
  std::string cpuset_mems;
  bool oom_group = false;                       // v2 memory.oom.group: an OOM kills the whole cgroup

  template <class V>
  void wire(V& v) {
    v(1, cpu_shares);
    v(2, cpu_quota_us);
    v(3, cpu_period_us);
    v(4, memory_limit);
    v(5, memory_high);
    v(6, memory_low);
    v(7, memory_min);
    v(8, pids_limit);
    v(9, cpuset_cpus);
    v(10, cpuset_mems);
    v(11, oom_group);
  }
};

// One rule of a device allow-list (v1 devices.allow, v2 a BPF program). Everything not allowed is closed.
struct DeviceRule {
  char type = 'a';            // 'c', 'b', or 'a' for all
  std::int64_t major = -1;    // -1: any
  std::int64_t minor = -1;    // -1: any
  std::string access;         // of "rwm"

  template <class V>
  void wire(V& v) {
    v(1, type);
    v(2, major);
    v(3, minor);
    v(4, access);
  }
};

// What a cgroup reports. Counters are since the cgroup was made.
struct CgroupStats {
  std::uint64_t cpu_usage_us = 0;
  std::uint64_t cpu_periods = 0;
  std::uint64_t cpu_throttled_periods = 0;
  std::uint64_t cpu_throttled_us = 0;
  std::uint64_t memory_current = 0;          // bytes
  std::uint64_t memory_peak = 0;             // bytes; 0 where the kernel does not tell
  std::uint64_t memory_inactive_file = 0;    // bytes; working set = current - this
  std::uint64_t oom_kills = 0;               // processes killed by the OOM killer here
  std::uint64_t pids_current = 0;
  std::uint64_t pids_max_events = 0;         // forks refused by the pids limit
  std::string cpu_pressure, memory_pressure, io_pressure;  // PSI files' text; empty where absent
  // Bytes from and to disks: of the live processes, and of those they have waited for.
  std::uint64_t io_read = 0, io_written = 0;

  template <class V>
  void wire(V& v) {
    v(1, cpu_usage_us);
    v(2, cpu_periods);
    v(3, cpu_throttled_periods);
    v(4, cpu_throttled_us);
    v(5, memory_current);
    v(6, memory_peak);
    v(7, memory_inactive_file);
    v(8, oom_kills);
    v(9, pids_current);
    v(10, pids_max_events);
    v(11, cpu_pressure);
    v(12, memory_pressure);
    v(13, io_pressure);
    v(14, io_read);
    v(15, io_written);
  }
};

}  // namespace podctl
