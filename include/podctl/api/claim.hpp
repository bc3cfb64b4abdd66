// PersistentVolumeClaim: a volume that outlives pods, here a directory of the machine.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, optional, list or map is an absent field. Tables over them:
// src/api/tables_claim.cpp; what one has to fulfil: kinds.hpp. Of the status only what podctld
// writes is here.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "podctl/api/meta.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/volume.hpp"

namespace podctl::api {

// The one class, and what protects a claim that pods use.
inline constexpr const char* kStorageClass = "podctl";
inline constexpr const char* kClaimProtection = "kubernetes.io/pvc-protection";

struct PersistentVolumeClaimStatus {
  std::string phase;  // Pending: nobody makes volumes of its class
  std::vector<std::string> accessModes;
  std::map<std::string, Quantity> capacity;
};

struct PersistentVolumeClaim {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  PersistentVolumeClaimSpec spec;
  PersistentVolumeClaimStatus status;
};

// The claim that is a volume of that pod; empty when the volume is no claim's. An ephemeral one is
// called by both (k8s component-helpers storage/ephemeral).
inline std::string claim_name(const ObjectMeta& pod, const Volume& volume) {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim->claimName;
  return volume.ephemeral ? pod.name + "-" + volume.name : std::string();
}

// The uid of the pod that a claim was made for; empty where there is none.
inline std::string owning_pod(const PersistentVolumeClaim& claim) {
  for (const auto& owner : claim.metadata.ownerReferences) {
    if (owner.kind == "Pod" && owner.controller.value_or(false)) return owner.uid;
  }
  return {};
}

// Why the claim is not for that volume of the pod: somebody else's has its name. Empty when it is.
inline std::string not_made_for(const ObjectMeta& pod, const Volume& volume,
                                const PersistentVolumeClaim& claim) {
  if (!volume.ephemeral || owning_pod(claim) == pod.uid) return {};
  const auto& meta = claim.metadata;
  return "PVC " + meta.namespace_ + "/" + meta.name + " was not created for pod " + pod.namespace_ +
         "/" + pod.name + " (pod is not owner)";
}

// ReadWriteOncePod: one pod alone may use it.
inline bool of_one_pod(const PersistentVolumeClaim& claim) {
  return std::ranges::find(claim.spec.accessModes, "ReadWriteOncePod") !=
         claim.spec.accessModes.end();
}

}  // namespace podctl::api
