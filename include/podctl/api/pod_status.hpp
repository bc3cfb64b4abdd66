// What a pod is doing: conditions, container statuses, claims.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_pod_status.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/security.hpp"
#include "podctl/api/time.hpp"

namespace podctl::api {

struct PodCondition {
  std::string type;
  std::optional<std::int64_t> observedGeneration;
  std::string status;
  Time lastProbeTime;
  Time lastTransitionTime;
  std::string reason;
  std::string message;
};

struct HostIP {
  std::string ip;
};

struct PodIP {
  std::string ip;
};

struct ContainerStateWaiting {
  std::string reason;
  std::string message;
};

struct ContainerStateRunning {
  Time startedAt;
};

struct ContainerStateTerminated {
  std::int32_t exitCode = 0;
  std::optional<std::int32_t> signal;
  std::string reason;
  std::string message;
  Time startedAt;
  Time finishedAt;
  std::string containerID;
};

struct ContainerState {
  Box<ContainerStateWaiting> waiting;
  Box<ContainerStateRunning> running;
  Box<ContainerStateTerminated> terminated;
};

struct ImageVolumeStatus {
  std::string imageRef;
};

struct VolumeStatus {
  Box<ImageVolumeStatus> image;
};

struct VolumeMountStatus {
  std::string name;
  std::string mountPath;
  std::optional<bool> readOnly;
  std::string recursiveReadOnly;
  Box<VolumeStatus> volumeStatus;
};

struct LinuxContainerUser {
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::vector<std::int64_t> supplementalGroups;
};

struct ContainerUser {
  Box<LinuxContainerUser> linux_;
};

struct ResourceHealth {
  std::string resourceID;
  std::string health;
  std::string message;
};

struct ResourceStatus {
  std::string name;
  std::vector<ResourceHealth> resources;
};

struct ContainerStatus {
  std::string name;
  Box<ContainerState> state;
  Box<ContainerState> lastState;
  bool ready = false;
  std::int32_t restartCount = 0;
  std::string image;
  std::string imageID;
  std::string containerID;
  std::optional<bool> started;
  std::map<std::string, Quantity> allocatedResources;
  Box<ResourceRequirements> resources;
  std::vector<VolumeMountStatus> volumeMounts;
  Box<ContainerUser> user;
  std::vector<ResourceStatus> allocatedResourcesStatus;
  std::string stopSignal;
};

struct PodResourceClaimStatus {
  std::string name;
  std::string resourceClaimName;
};

struct ContainerExtendedResourceRequest {
  std::string containerName;
  std::string resourceName;
  std::string requestName;
};

struct PodExtendedResourceClaimStatus {
  std::vector<ContainerExtendedResourceRequest> requestMappings;
  std::string resourceClaimName;
};

struct NodeAllocatableMappedResources {
  std::string name;
  Quantity quantity;
};

struct NodeAllocatableOverheadResources {
  std::string name;
  Quantity perPod;
  Quantity perContainer;
};

struct NodeAllocatableResourceClaimStatus {
  std::string resourceClaimName;
  std::vector<std::string> containers;
  std::vector<NodeAllocatableMappedResources> mapping;
  std::vector<NodeAllocatableOverheadResources> overhead;
};

struct VolumeHealthCondition {
  std::string status;
  std::string reason;
  std::string message;
};

struct PodVolumeHealth {
  std::string name;
  std::vector<VolumeHealthCondition> healthConditions;
  Time lastTransitionTime;
};

struct PodStatus {
  std::optional<std::int64_t> observedGeneration;
  std::string phase;
  std::vector<PodCondition> conditions;
  std::string message;
  std::string reason;
  std::string nominatedNodeName;
  std::string hostIP;
  std::vector<HostIP> hostIPs;
  std::string podIP;
  std::vector<PodIP> podIPs;
  Time startTime;
  std::vector<ContainerStatus> initContainerStatuses;
  std::vector<ContainerStatus> containerStatuses;
  std::string qosClass;
  std::vector<ContainerStatus> ephemeralContainerStatuses;
  std::string resize;
  std::vector<PodResourceClaimStatus> resourceClaimStatuses;
  Box<PodExtendedResourceClaimStatus> extendedResourceClaimStatus;
  std::map<std::string, Quantity> allocatedResources;
  Box<ResourceRequirements> resources;
  std::vector<NodeAllocatableResourceClaimStatus> nodeAllocatableResourceClaimStatuses;
  std::vector<PodVolumeHealth> volumeHealth;
};

}  // namespace podctl::api
