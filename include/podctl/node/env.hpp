// A container's environment: $(VAR) expansion and the values of env entries, by Kubernetes' rules.
// Pure; used by spec_builder.
// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/config.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"

namespace podctl::node {

// $(NAME) with a known NAME becomes its value; an unknown one and an unterminated "$(" stay; "$$"
// is "$".
std::string expand(std::string_view text,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup);

// What the downward API may ask of this machine.
struct NodeFacts {
  std::string name;
  std::vector<std::string> host_ips;
  std::uint64_t cpus = 1;
  std::uint64_t memory_bytes = 0;
};

// The ConfigMaps and Secrets of a pod's namespace, by name; null where there is none.
struct Configs {
  std::function<const api::ConfigMap*(const std::string& name)> config_map;
  std::function<const api::Secret*(const std::string& name)> secret;
  // A file of a volume of the pod; kNotFound where there is none.
  std::function<Result<std::string>(const api::Pod& pod, const std::string& volume,
                                    const std::string& path)>
      file = {};
  // Why the pod cannot have the volume of that claim; empty when it can.
  std::function<std::string(const api::Pod& pod, const api::Volume& volume)> claim_trouble = {};
};
// Whether a container takes variables from any of them.
bool takes_configs(const api::Container& container);

using EnvList = std::vector<std::pair<std::string, std::string>>;

// What envFrom brings, then the entries of `env` in order, each name once (the last one wins),
// values expanded with those before them. `containers` of the pod are looked up for
// resourceFieldRef. kInvalidArgument with the kubelet's words for a field that cannot be had,
// kNotFound for an object or a key that is not there, kUnsupported for sources podctl cannot read.
// Without `configs` what comes from ConfigMaps and Secrets is left out.
Result<EnvList> resolve_env(const api::Pod& pod, const api::Container& container,
                            const std::vector<std::string>& pod_ips, const NodeFacts& node,
                            const Configs* configs = nullptr);

// metadata.name, .namespace, .uid, .labels['k'], .annotations['k'], spec.nodeName,
// spec.serviceAccountName, status.podIP(s), status.hostIP(s).
Result<std::string> field_value(const api::Pod& pod, std::string_view path,
                                const std::vector<std::string>& pod_ips, const NodeFacts& node);

// "limits.cpu" and its like in units of `divisor`, rounded up; a missing limit is the node's.
Result<std::string> resource_value(const api::Container& container,
                                   const api::ResourceFieldSelector& field, const NodeFacts& node);

// The image's environment overlaid with the container's, as "K=V"; PATH and, with a terminal, TERM
// have defaults.
std::vector<std::string> merge_env(const std::vector<std::string>& image, const EnvList& container,
                                   bool tty);

}  // namespace podctl::node
