// Security contexts, resources, affinity: the parts a pod and its containers are judged by.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_security.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/quantity.hpp"

namespace podctl::api {

struct Capabilities {
  std::vector<std::string> add;
  std::vector<std::string> drop;
};

struct SELinuxOptions {
  std::string user;
  std::string role;
  std::string type;
  std::string level;
};

struct WindowsSecurityContextOptions {
  std::string gmsaCredentialSpecName;
  std::string gmsaCredentialSpec;
  std::string runAsUserName;
  std::optional<bool> hostProcess;
};

struct SeccompProfile {
  std::string type;
  std::string localhostProfile;
};

struct AppArmorProfile {
  std::string type;
  std::string localhostProfile;
};

struct SecurityContext {
  Box<Capabilities> capabilities;
  std::optional<bool> privileged;
  Box<SELinuxOptions> seLinuxOptions;
  Box<WindowsSecurityContextOptions> windowsOptions;
  std::optional<std::int64_t> runAsUser;
  std::optional<std::int64_t> runAsGroup;
  std::optional<bool> runAsNonRoot;
  std::optional<bool> readOnlyRootFilesystem;
  std::optional<bool> allowPrivilegeEscalation;
  std::string procMount;
  Box<SeccompProfile> seccompProfile;
  Box<AppArmorProfile> appArmorProfile;
};

struct Sysctl {
  std::string name;
  std::string value;
};

struct PodSecurityContext {
  Box<SELinuxOptions> seLinuxOptions;
  Box<WindowsSecurityContextOptions> windowsOptions;
  std::optional<std::int64_t> runAsUser;
  std::optional<std::int64_t> runAsGroup;
  std::optional<bool> runAsNonRoot;
  std::vector<std::int64_t> supplementalGroups;
  std::string supplementalGroupsPolicy;
  std::optional<std::int64_t> fsGroup;
  std::vector<Sysctl> sysctls;
  std::string fsGroupChangePolicy;
  Box<SeccompProfile> seccompProfile;
  Box<AppArmorProfile> appArmorProfile;
  std::string seLinuxChangePolicy;
};

struct Toleration {
  std::string key;
  std::string operator_;
  std::string value;
  std::string effect;
  std::optional<std::int64_t> tolerationSeconds;
};

struct NodeSelectorRequirement {
  std::string key;
  std::string operator_;
  std::vector<std::string> values;
};

struct NodeSelectorTerm {
  std::vector<NodeSelectorRequirement> matchExpressions;
  std::vector<NodeSelectorRequirement> matchFields;
};

struct NodeSelector {
  std::vector<NodeSelectorTerm> nodeSelectorTerms;
};

struct PreferredSchedulingTerm {
  std::int32_t weight = 0;
  NodeSelectorTerm preference;
};

struct NodeAffinity {
  Box<NodeSelector> requiredDuringSchedulingIgnoredDuringExecution;
  std::vector<PreferredSchedulingTerm> preferredDuringSchedulingIgnoredDuringExecution;
};

struct PodAffinityTerm {
  Box<LabelSelector> labelSelector;
  std::vector<std::string> namespaces;
  std::string topologyKey;
  Box<LabelSelector> namespaceSelector;
  std::vector<std::string> matchLabelKeys;
  std::vector<std::string> mismatchLabelKeys;
};

struct WeightedPodAffinityTerm {
  std::int32_t weight = 0;
  PodAffinityTerm podAffinityTerm;
};

struct PodAffinity {
  std::vector<PodAffinityTerm> requiredDuringSchedulingIgnoredDuringExecution;
  std::vector<WeightedPodAffinityTerm> preferredDuringSchedulingIgnoredDuringExecution;
};

struct PodAntiAffinity {
  std::vector<PodAffinityTerm> requiredDuringSchedulingIgnoredDuringExecution;
  std::vector<WeightedPodAffinityTerm> preferredDuringSchedulingIgnoredDuringExecution;
};

struct Affinity {
  Box<NodeAffinity> nodeAffinity;
  Box<PodAffinity> podAffinity;
  Box<PodAntiAffinity> podAntiAffinity;
};

struct TopologySpreadConstraint {
  std::int32_t maxSkew = 0;
  std::string topologyKey;
  std::string whenUnsatisfiable;
  Box<LabelSelector> labelSelector;
  std::optional<std::int32_t> minDomains;
  std::string nodeAffinityPolicy;
  std::string nodeTaintsPolicy;
  std::vector<std::string> matchLabelKeys;
};

struct ResourceClaim {
  std::string name;
  std::string request;
};

struct ResourceRequirements {
  std::map<std::string, Quantity> limits;
  std::map<std::string, Quantity> requests;
  std::vector<ResourceClaim> claims;
};

}  // namespace podctl::api
