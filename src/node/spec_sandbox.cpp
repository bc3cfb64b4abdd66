#include <algorithm>

#include "podctl/api/resources_math.hpp"
#include "podctl/api/sysctls.hpp"
#include "podctl/node/spec_builder.hpp"
#include "spec_parts.hpp"

namespace podctl::node {
namespace {

// containerd's defaults: an unprivileged process may bind port 80 and ping. Groups that a user
// namespace does not have cannot be named in it.
constexpr const char *kUnprivilegedPort = "net.ipv4.ip_unprivileged_port_start",
                     *kPingGroups = "net.ipv4.ping_group_range";

Result<std::vector<wire::KeyValue>> build_sysctls(const api::Pod& pod) {
  std::vector<wire::KeyValue> sysctls;
  const bool host_network = pod.spec.hostNetwork.value_or(false);
  if (!host_network) {
    sysctls.push_back({kUnprivilegedPort, "0"});
    sysctls.push_back({kPingGroups, own_users(pod) ? "0 65535" : "0 2147483647"});
  }
  if (!pod.spec.securityContext) return sysctls;
  for (const auto& sysctl : pod.spec.securityContext->sysctls) {
    const std::string name = api::dotted_sysctl(sysctl.name);
    // Which of them are allowed was asked when the pod came: what it has it keeps.
    if (!api::namespaced_sysctl(name)) {
      return fail(Code::kInvalidArgument, "", "",
                  "forbidden sysctl: \"" + sysctl.name + "\" not allowlisted");
    }
    if (host_network && name.starts_with("net.")) {
      return fail(Code::kInvalidArgument, "", "",
                  "forbidden sysctl: \"" + sysctl.name + "\" not allowed with host net enabled");
    }
    if (pod.spec.hostIPC.value_or(false) && !name.starts_with("net.")) {
      return fail(Code::kInvalidArgument, "", "",
                  "forbidden sysctl: \"" + sysctl.name + "\" not allowed with host ipc enabled");
    }
    const auto same = std::find_if(sysctls.begin(), sysctls.end(),
                                   [&name](const auto& s) { return s.key == name; });
    if (same != sysctls.end()) {
      same->value = sysctl.value;
    } else {
      sysctls.push_back({name, sysctl.value});
    }
  }
  return sysctls;
}

}  // namespace

bool own_users(const api::Pod& pod) { return !pod.spec.hostUsers.value_or(true); }

std::string pod_cgroup_path(const api::Pod& pod) {
  const auto qos = api::qos_class(pod);
  std::string path = "pods/";
  if (qos == api::QosClass::kBurstable) path += "burstable/";
  if (qos == api::QosClass::kBestEffort) path += "besteffort/";
  return path + "pod" + pod.metadata.uid;
}

Result<wire::SandboxSpec> build_sandbox(const api::Pod& pod, const Machine& machine,
                                        const Layout& layout) {
  using wire::SandboxNamespace;
  const auto hostname = TRY(pod_hostname(pod, machine.hostname));
  const bool host_network = pod.spec.hostNetwork.value_or(false);
  wire::SandboxSpec spec;
  spec.uid = pod.metadata.uid;
  spec.name = pod.metadata.name;
  spec.ns = pod.metadata.namespace_;
  spec.hostname = hostname.hostname;
  spec.network = host_network ? SandboxNamespace::kHost : SandboxNamespace::kPod;
  spec.uts = host_network ? SandboxNamespace::kHost : SandboxNamespace::kPod;
  spec.ipc = pod.spec.hostIPC.value_or(false) ? SandboxNamespace::kHost : SandboxNamespace::kPod;
  spec.share_pid = pod.spec.shareProcessNamespace.value_or(false);
  spec.sysctls = TRY(build_sysctls(pod));
  spec.cgroup = pod_cgroup_path(pod);
  spec.resources = pod_resources(pod, machine);
  spec.resources.pids_limit = kPodPids;
  spec.volumes = TRY(build_volumes(pod, machine, layout));
  spec.host_paths = build_host_paths(pod);
  return spec;
}

Result<std::vector<wire::PodFile>> build_files(const api::Pod& pod, const Machine& machine,
                                               const std::vector<std::string>& pod_ips) {
  const auto hostname = TRY(pod_hostname(pod, machine.hostname));
  return std::vector<wire::PodFile>{
      {"hosts", hosts_file(pod, hostname, pod_ips, machine.hosts), 0644},
      {"hostname", hostname.hostname + "\n", 0644},
      {"resolv.conf", resolv_conf_file(pod, machine.resolv), 0644},
  };
}

}  // namespace podctl::node
