// The Pod and its spec.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_pod.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/container.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/pod_status.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/security.hpp"
#include "podctl/api/volume.hpp"

namespace podctl::api {

struct HostAlias {
  std::string ip;
  std::vector<std::string> hostnames;
};

struct PodDNSConfigOption {
  std::string name;
  std::string value;
};

struct PodDNSConfig {
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<PodDNSConfigOption> options;
};

struct PodReadinessGate {
  std::string conditionType;
};

struct PodOS {
  std::string name;
};

struct PodSchedulingGate {
  std::string name;
};

struct PodResourceClaim {
  std::string name;
  std::string resourceClaimName;
  std::string resourceClaimTemplateName;
};

struct PodSchedulingGroup {
  std::string podGroupName;
};

struct EvictionResponder {
  std::string name;
  std::int32_t priority = 0;
};

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> initContainers;
  std::vector<Container> containers;
  std::vector<EphemeralContainer> ephemeralContainers;
  std::string restartPolicy;
  std::optional<std::int64_t> terminationGracePeriodSeconds;
  std::optional<std::int64_t> activeDeadlineSeconds;
  std::string dnsPolicy;
  std::map<std::string, std::string> nodeSelector;
  std::string serviceAccountName;
  std::string serviceAccount;
  std::optional<bool> automountServiceAccountToken;
  std::string nodeName;
  std::optional<bool> hostNetwork;
  std::optional<bool> hostPID;
  std::optional<bool> hostIPC;
  std::optional<bool> shareProcessNamespace;
  Box<PodSecurityContext> securityContext;
  std::vector<LocalObjectReference> imagePullSecrets;
  std::string hostname;
  std::string subdomain;
  Box<Affinity> affinity;
  std::string schedulerName;
  std::vector<Toleration> tolerations;
  std::vector<HostAlias> hostAliases;
  std::string priorityClassName;
  std::optional<std::int32_t> priority;
  Box<PodDNSConfig> dnsConfig;
  std::vector<PodReadinessGate> readinessGates;
  std::string runtimeClassName;
  std::optional<bool> enableServiceLinks;
  std::string preemptionPolicy;
  std::map<std::string, Quantity> overhead;
  std::vector<TopologySpreadConstraint> topologySpreadConstraints;
  std::optional<bool> setHostnameAsFQDN;
  Box<PodOS> os;
  std::optional<bool> hostUsers;
  std::vector<PodSchedulingGate> schedulingGates;
  std::vector<PodResourceClaim> resourceClaims;
  Box<ResourceRequirements> resources;
  std::string hostnameOverride;
  Box<PodSchedulingGroup> schedulingGroup;
  std::vector<EvictionResponder> evictionResponders;
};

struct Pod {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  PodSpec spec;
  PodStatus status;
};

}  // namespace podctl::api
