// Namespaces and the node that this machine is.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_node.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/bytes.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/time.hpp"

namespace podctl::api {

struct NamespaceSpec {
  std::vector<std::string> finalizers;
};

struct NamespaceCondition {
  std::string type;
  std::string status;
  Time lastTransitionTime;
  std::string reason;
  std::string message;
};

struct NamespaceStatus {
  std::string phase;
  std::vector<NamespaceCondition> conditions;
};

struct Namespace {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  NamespaceSpec spec;
  NamespaceStatus status;
};

struct Taint {
  std::string key;
  std::string value;
  std::string effect;
  Time timeAdded;
};

struct ConfigMapNodeConfigSource {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string resourceVersion;
  std::string kubeletConfigKey;
};

struct NodeConfigSource {
  Box<ConfigMapNodeConfigSource> configMap;
};

struct NodePodPreemptionPolicy {
  std::vector<std::string> disableResizePreemption;
};

struct NodeSpec {
  std::string podCIDR;
  std::vector<std::string> podCIDRs;
  std::string providerID;
  std::optional<bool> unschedulable;
  std::vector<Taint> taints;
  Box<NodeConfigSource> configSource;
  std::string externalID;
  Box<NodePodPreemptionPolicy> podPreemptionPolicy;
};

struct NodeCondition {
  std::string type;
  std::string status;
  Time lastHeartbeatTime;
  Time lastTransitionTime;
  std::string reason;
  std::string message;
};

struct NodeAddress {
  std::string type;
  std::string address;
};

struct DaemonEndpoint {
  std::int32_t Port = 0;
};

struct NodeDaemonEndpoints {
  Box<DaemonEndpoint> kubeletEndpoint;
};

struct NodeSwapStatus {
  std::optional<std::int64_t> capacity;
};

struct NodeSystemInfo {
  std::string machineID;
  std::string systemUUID;
  std::string bootID;
  std::string kernelVersion;
  std::string osImage;
  std::string containerRuntimeVersion;
  std::string kubeletVersion;
  std::string kubeProxyVersion;
  std::string operatingSystem;
  std::string architecture;
  Box<NodeSwapStatus> swap;
};

struct ContainerImage {
  std::vector<std::string> names;
  std::optional<std::int64_t> sizeBytes;
};

struct AttachedVolume {
  std::string name;
  std::string devicePath;
};

struct NodeConfigStatus {
  Box<NodeConfigSource> assigned;
  Box<NodeConfigSource> active;
  Box<NodeConfigSource> lastKnownGood;
  std::string error;
};

struct NodeRuntimeHandlerFeatures {
  std::optional<bool> recursiveReadOnlyMounts;
  std::optional<bool> userNamespaces;
};

struct NodeRuntimeHandler {
  std::string name;
  Box<NodeRuntimeHandlerFeatures> features;
};

struct NodeFeatures {
  std::optional<bool> supplementalGroupsPolicy;
};

struct NodeStatus {
  std::map<std::string, Quantity> capacity;
  std::map<std::string, Quantity> allocatable;
  std::string phase;
  std::vector<NodeCondition> conditions;
  std::vector<NodeAddress> addresses;
  Box<NodeDaemonEndpoints> daemonEndpoints;
  Box<NodeSystemInfo> nodeInfo;
  std::vector<ContainerImage> images;
  std::vector<std::string> volumesInUse;
  std::vector<AttachedVolume> volumesAttached;
  Box<NodeConfigStatus> config;
  std::vector<NodeRuntimeHandler> runtimeHandlers;
  Box<NodeFeatures> features;
  std::vector<std::string> declaredFeatures;
};

struct Node {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
};

}  // namespace podctl::api
