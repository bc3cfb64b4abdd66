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

// ReadWriteOncePod: one pod alone may use it.
inline bool of_one_pod(const PersistentVolumeClaim& claim) {
  return std::ranges::find(claim.spec.accessModes, "ReadWriteOncePod") !=
         claim.spec.accessModes.end();
}

}  // namespace podctl::api
