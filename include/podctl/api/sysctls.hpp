// Which kernel parameters a pod may set: Kubernetes' safe ones, and those of a pod's own namespaces
// that somebody has allowed on this machine (the kubelet's --allowed-unsafe-sysctls).
//
// Used by validation here and by podctld, which alone knows what is allowed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

// The name with its parts parted by dots, however it was written: the first separator says which
// way that is (sysctl(8)). "net/ipv4/conf/eth0.1/x" is "net.ipv4.conf.eth0/1.x".
std::string dotted_sysctl(std::string_view name);

// Whether every pod may set it (dots as separators).
// https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
bool safe_sysctl(std::string_view name);

// Whether a pod has it of its own, in its network or IPC namespace (dots as separators).
bool namespaced_sysctl(std::string_view name);

// Why that is no pattern of parameters that could be allowed: a name, or the beginning of names and
// a '*' at its end. Empty where it is one.
std::string check_sysctl_pattern(std::string_view pattern);

// What the pod sets and nobody has allowed; what no pod may set is not_served()'s (served.hpp).
Faults sysctls_not_allowed(const Pod& pod, const std::vector<std::string>& patterns);
// The same of one name.
bool allowed_sysctl(std::string_view name, const std::vector<std::string>& patterns);

}  // namespace podctl::api
