// Which CPUs containers run on under Kubernetes' CPU manager policy "static" (k8s
// pkg/kubelet/cm/cpumanager/policy_static.go): a container that asks for whole CPUs in a Guaranteed
// pod gets some of its own, and all others share what is left.
//
// Node's, on podctld's loop; there is none under the policy "none". It decides and remembers, in a
// file that outlives podctld; cgroups are PodWorker's.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"

namespace podctl::node {

using CpuSet = std::set<unsigned>;

// "0-1,4" (cpuset(7), "List format"), and back; kInvalidArgument.
std::string cpu_list(const CpuSet& cpus);
Result<CpuSet> parse_cpu_list(std::string_view list);

struct Cpu {
  unsigned id = 0, socket = 0, core = 0;
};
// Those that are online, by id. `sys`: /sys/devices/system/cpu.
Result<std::vector<Cpu>> read_cpus(const std::string& sys = "/sys/devices/system/cpu");

// `count` of the free CPUs, which are enough: whole cores first, then single threads of those cores
// that have the fewest left. `all`: the machine's, to know what a whole core is.
CpuSet choose_cpus(const std::vector<Cpu>& all, const CpuSet& free, std::size_t count);

// lib/cpu_manager_state
std::string cpu_manager_state(const Layout& layout);

class CpuManager {
 public:
  // `reserved`: never given out alone. `state`: the file, which a former podctld may have left;
  // what it says of CPUs that may not be given out any more is forgotten.
  static Result<std::unique_ptr<CpuManager>> open(std::vector<Cpu> cpus, CpuSet reserved,
                                                  std::string state);

  // The CPUs that a former podctld has reserved; nothing where none has had the policy.
  static Result<std::optional<CpuSet>> reserved_before(const std::string& state);

  // After CPUs were given out or came free.
  std::function<void()> on_change;

  // Gives a pod its CPUs; does nothing for one that has them or needs none. An init container that
  // ends takes those of the containers that come after it. Fails in the kubelet's words when too
  // few are left, and when it cannot be remembered: then nothing was given.
  Result<void> admit(const api::Pod& pod);
  // Whether admit() would find enough.
  Result<void> fits(const api::Pod& pod) const;
  // Writes the file; what is given out is written as it is given.
  Result<void> save() const;
  // All other pods are over.
  Result<void> keep_only(const std::set<std::string>& uids);

  // The CPUs that a container has alone; null when it shares.
  const CpuSet* own(const std::string& uid, const std::string& container) const;
  // Those it may run on, as a list.
  std::string cpus_of(const std::string& uid, const std::string& container) const;
  CpuSet shared() const;

 private:
  using Shares = std::map<std::string, CpuSet>;  // by container
  CpuManager() = default;
  CpuSet free() const;
  Result<Shares> divide(const api::Pod& pod) const;
  void load(const boost::json::object& entries);

  std::vector<Cpu> cpus_;
  CpuSet reserved_;
  std::string state_;
  std::map<std::string, Shares> pods_;  // by uid
};

}  // namespace podctl::node
