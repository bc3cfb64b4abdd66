#include "podctl/node/sandbox_report.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "node/cpu_manager.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/image/store.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/sys/namespaces.hpp"

namespace podctl::node {
namespace {

namespace json = boost::json;

template <class List>
json::array to_array(const List& list) {
  json::array out;
  for (const auto& item : list) out.emplace_back(item);
  return out;
}

json::object holder(const std::string& name, std::int32_t pid,
                    const std::vector<wire::NamespaceId>& namespaces) {
  json::object ids;
  for (const auto& ns : namespaces) ids[ns.type] = ns.inode;
  return {{"holder", name}, {"pid", pid}, {"ids", std::move(ids)}};
}

// A workload may have left those it was started in; what cannot be read is told as it was then.
std::vector<wire::NamespaceId> namespaces_now(const wire::ContainerInfo& info) {
  auto now = sys::namespaces_of(std::to_string(info.pid));
  if (!now) return info.namespaces;
  std::vector<wire::NamespaceId> out;
  for (auto& ns : *now) out.push_back({std::move(ns.type), ns.inode});
  return out;
}

json::object host_namespaces() {
  json::object ids;
  for (const char* type : {"net", "ipc", "uts", "mnt", "pid", "cgroup", "user", "time"}) {
    struct stat st {};
    if (::stat((std::string("/proc/self/ns/") + type).c_str(), &st) == 0) ids[type] = st.st_ino;
  }
  return ids;
}

// The running containers as the manifest orders them: init containers first.
std::vector<std::string> running_in_order(const PodWorker& worker) {
  std::vector<std::string> names;
  const auto add = [&](const api::Container& container) {
    const auto found = worker.containers().find(container.name);
    if (found != worker.containers().end() && found->second.alive) names.push_back(container.name);
  };
  const auto& spec = worker.pod().spec;
  for (const auto& container : spec.initContainers) add(container);
  for (const auto& container : spec.containers) add(container);
  for (const auto& container : spec.ephemeralContainers) add(container);
  return names;
}

std::string name_of(const PodWorker& worker, const std::string& id) {
  if (id.empty()) return "pod";
  for (const auto& [name, running] : worker.containers()) {
    if (running.info.id == id) return "container/" + name;
  }
  return "container/" + id.substr(0, 12);
}

json::object usage(const CgroupStats& s) {
  return {{"memoryCurrent", s.memory_current},
          {"memoryPeak", s.memory_peak},
          {"memoryInactiveFile", s.memory_inactive_file},
          {"cpuUsageUs", s.cpu_usage_us},
          {"throttledPeriods", s.cpu_throttled_periods},
          {"throttledUs", s.cpu_throttled_us},
          {"periods", s.cpu_periods},
          {"pids", s.pids_current},
          {"pidsMaxEvents", s.pids_max_events},
          {"oomKills", s.oom_kills},
          {"cpuPressure", s.cpu_pressure},
          {"memoryPressure", s.memory_pressure},
          {"ioPressure", s.io_pressure},
          {"ioRead", s.io_read},
          {"ioWritten", s.io_written}};
}

// Why no group tells its pressure, if none does.
std::string no_pressure(const wire::SandboxStats& stats) {
  const auto told = [](const wire::GroupReport& group) { return !group.stats.io_pressure.empty(); };
  if (std::any_of(stats.groups.begin(), stats.groups.end(), told)) return {};
  return ::access("/proc/pressure/io", F_OK) == 0
             ? "a group has it on cgroup2 only, and none is mounted here"
             : "this kernel does not measure it (psi=1 at boot, where it was built with PSI)";
}

// cgroup v1 counts no memory for a pod without a limit: there it has no directory of its own.
bool memory_counted(const wire::GroupReport& group) {
  return group.stats.memory_current != 0 || group.stats.memory_peak != 0;
}

// What the pod's containers use together, for the pod that is not counted as a whole.
std::uint64_t memory_of_containers(const wire::SandboxStats& stats) {
  std::uint64_t sum = 0;
  for (const auto& group : stats.groups) {
    if (!group.id.empty()) sum += group.stats.memory_current;
  }
  return sum;
}

// The pod's own group first, then the containers' in the manifest's order.
void order(std::vector<wire::GroupReport>& groups, const PodWorker& worker) {
  const auto names = running_in_order(worker);
  const auto rank = [&](const wire::GroupReport& group) {
    const auto at = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
      return worker.containers().at(name).info.id == group.id;
    });
    return group.id.empty() ? -1 : at - names.begin();
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

// Which CPUs a container was given; nothing under the policy "none", and for the pod.
json::object cpus_of(const Context& context, const PodWorker& worker, const std::string& id) {
  if (context.cpus == nullptr || id.empty()) return {};
  for (const auto& [name, running] : worker.containers()) {
    if (running.info.id != id || running.cpus.empty()) continue;
    return {{"list", running.cpus}, {"own", context.cpus->own(worker.uid(), name) != nullptr}};
  }
  return {};
}

json::array cgroups(const Context& context, const PodWorker& worker, wire::SandboxStats stats) {
  order(stats.groups, worker);
  json::array out;
  for (const auto& group : stats.groups) {
    json::object limits;
    for (const auto& limit : group.limits) limits[limit.key] = limit.value;
    json::object used = usage(group.stats);
    if (group.id.empty() && !memory_counted(group)) {
      used["memoryCurrent"] = memory_of_containers(stats);
      used["memorySummed"] = true;
    }
    auto cpus = cpus_of(context, worker, group.id);
    out.push_back({{"path", group.directories.empty() ? "" : group.directories.front()},
                   {"directories", to_array(group.directories)},
                   {"holder", name_of(worker, group.id)},
                   {"limits", std::move(limits)},
                   {"usage", std::move(used)}});
    if (!cpus.empty()) out.back().as_object()["cpus"] = std::move(cpus);
  }
  return out;
}

// "default via 10.0.0.1 dev eth0" -> "10.0.0.1".
json::array gateways(const wire::NetworkReport& report) {
  constexpr std::string_view kVia = "default via ";
  json::array out;
  for (const auto& route : report.routes) {
    if (!route.starts_with(kVia)) continue;
    out.emplace_back(route.substr(kVia.size(), route.find(' ', kVia.size()) - kVia.size()));
  }
  return out;
}

json::object network(const Context& context, const PodWorker& worker,
                     const wire::NetworkReport& report) {
  if (worker.pod().spec.hostNetwork.value_or(false)) {
    return {{"mode", "host"}, {"addresses", to_array(context.machine.facts.host_ips)}};
  }
  return {{"mode", "pod"},
          {"bridge", context.layout.bridge()},
          {"hostInterface", report.host_ifname},
          {"podInterface", report.pod_ifname},
          {"mac", report.pod_mac},
          {"mtu", report.mtu},
          {"addresses", to_array(report.addresses)},
          {"gateways", gateways(report)},
          {"routes", to_array(report.routes)}};
}

json::array rootfs(const Context& context, const PodWorker& worker) {
  json::array out;
  for (const auto& name : running_in_order(worker)) {
    const auto& running = worker.containers().at(name);
    const auto* container = find_container(worker.pod(), name);
    json::array layers;
    if (const auto image = context.images.resolve(container->image))
      layers = to_array(image->layers);
    const bool read_only = container->securityContext &&
                           container->securityContext->readOnlyRootFilesystem.value_or(false);
    out.push_back(
        {{"container", name},
         {"layers", std::move(layers)},
         {"upper", context.layout.container_lib(worker.uid(), name, running.attempt) + "/upper"},
         {"readOnly", read_only}});
  }
  return out;
}

// How each container ended last, as far as the status has no place for it.
json::array ends(const PodWorker& worker) {
  json::array out;
  for (const auto* list : {&worker.memory().init, &worker.memory().containers}) {
    for (const auto& container : *list) {
      const auto& end = container.ended ? container.ended : container.last;
      if (!end || end->finished_wall_ns == 0) continue;
      out.push_back({{"container", container.name},
                     {"exitCode", end->exit_code},
                     {"signal", end->signal},
                     {"oomKills", end->oom_kills},
                     {"pidsRefused", end->pids_refused}});
    }
  }
  return out;
}

// postStart hooks that run, or that have failed: the status tells neither for long.
json::array hooks(const PodWorker& worker) {
  json::array out;
  for (const auto* list : {&worker.memory().init, &worker.memory().containers}) {
    for (const auto& container : *list) {
      const auto& hook = container.post_start;
      const bool running = hook.progress == lifecycle::HookProgress::kRunning;
      if (!running && hook.failure.empty()) continue;
      json::object entry{{"container", container.name}, {"hook", "postStart"}};
      if (running) entry["runsForNs"] = boot_now_ns() - hook.since_ns;
      if (!running) entry["failure"] = hook.failure;
      out.push_back(std::move(entry));
    }
  }
  return out;
}

json::object base_report(const PodWorker& worker) {
  const auto& meta = worker.pod().metadata;
  json::array holders;
  json::object users;
  std::set<std::string> degraded;
  if (const auto& sandbox = worker.sandbox()) {
    holders.push_back(holder("pause", sandbox->pause_pid, sandbox->namespaces));
    degraded.insert(sandbox->degraded.begin(), sandbox->degraded.end());
    if (const auto& ids = sandbox->users) users = {{"first", ids->first}, {"count", ids->count}};
  }
  for (const auto& name : running_in_order(worker)) {
    const auto& running = worker.containers().at(name);
    holders.push_back(holder("container/" + name, running.info.pid, namespaces_now(running.info)));
    degraded.insert(running.info.degraded.begin(), running.info.degraded.end());
  }
  json::object report{
      {"pod", json::object{{"name", meta.name}, {"namespace", meta.namespace_}, {"uid", meta.uid}}},
      {"namespaces", std::move(holders)},
      {"host", host_namespaces()},
      {"ends", ends(worker)},
      {"hooks", hooks(worker)},
      {"degraded", to_array(degraded)}};
  if (!users.empty()) report["users"] = std::move(users);
  return report;
}

}  // namespace

void report_sandbox(Context& context, const PodWorker& worker, bool full,
                    std::function<void(std::string)> done) {
  if (!full || !worker.sandbox()) return done(json::serialize(base_report(worker)));
  auto self = worker.weak_from_this();
  context.engine.stats(worker.uid(),
                       [&context, self, done = std::move(done)](Result<wire::SandboxStats> stats) {
                         const auto alive = self.lock();
                         if (!alive) return done("{}");
                         auto report = base_report(*alive);
                         if (stats) {
                           report["cgroups"] = cgroups(context, *alive, *stats);
                           if (auto why = no_pressure(*stats); !why.empty())
                             report["noPressure"] = std::move(why);
                           report["network"] = network(context, *alive, stats->network);
                         } else {
                           report["unknown"] = stats.error().message();
                         }
                         report["rootfs"] = rootfs(context, *alive);
                         done(json::serialize(report));
                       });
}

std::string report_trace(const PodWorker& worker) {
  std::vector<wire::TraceStep> steps;
  auto add = [&steps](const TraceLog& log) {
    for (auto& step : log.steps()) steps.push_back(std::move(step));
  };
  add(worker.trace());
  add(worker.sandbox_trace());
  for (const auto& [name, running] : worker.containers()) add(running.trace);
  std::stable_sort(steps.begin(), steps.end(),
                   [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
  json::array out;
  for (const auto& step : steps) {
    out.push_back({{"process", step.process},
                   {"name", step.name},
                   {"detail", step.detail},
                   {"startNs", step.start_ns},
                   {"durationNs", step.duration_ns}});
  }
  return json::serialize(json::object{{"steps", std::move(out)}});
}

}  // namespace podctl::node
