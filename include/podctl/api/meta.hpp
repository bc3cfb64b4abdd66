// Object metadata, Status errors, label selectors and references: what every Kubernetes object
// shares.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_meta.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/bytes.hpp"
#include "podctl/api/time.hpp"

namespace podctl::api {

struct OwnerReference {
  std::string apiVersion;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> blockOwnerDeletion;
};

struct ManagedFieldsEntry {
  std::string manager;
  std::string operation;
  std::string apiVersion;
  Time time;
  std::string fieldsType;
  RawJson fieldsV1;
  std::string subresource;
};

struct ObjectMeta {
  std::string name;
  std::string generateName;
  std::string namespace_;
  std::string selfLink;
  std::string uid;
  std::string resourceVersion;
  std::optional<std::int64_t> generation;
  Time creationTimestamp;
  Time deletionTimestamp;
  std::optional<std::int64_t> deletionGracePeriodSeconds;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<OwnerReference> ownerReferences;
  std::vector<std::string> finalizers;
  std::vector<ManagedFieldsEntry> managedFields;
};

struct ShardInfo {
  std::string selector;
};

struct ListMeta {
  std::string selfLink;
  std::string resourceVersion;
  std::string continue_;
  std::optional<std::int64_t> remainingItemCount;
  Box<ShardInfo> shardInfo;
};

struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
};

struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;
  std::string uid;
  std::vector<StatusCause> causes;
  std::optional<std::int32_t> retryAfterSeconds;
};

struct Status {
  std::string kind;
  std::string apiVersion;
  ListMeta metadata;
  std::string status;
  std::string message;
  std::string reason;
  Box<StatusDetails> details;
  std::optional<std::int32_t> code;
};

struct Preconditions {
  std::string uid;
  std::string resourceVersion;
};

struct DeleteOptions {
  std::string kind;
  std::string apiVersion;
  std::optional<std::int64_t> gracePeriodSeconds;
  Box<Preconditions> preconditions;
  std::optional<bool> orphanDependents;
  std::string propagationPolicy;
  std::vector<std::string> dryRun;
};

struct LabelSelectorRequirement {
  std::string key;
  std::string operator_;
  std::vector<std::string> values;
};

struct LabelSelector {
  std::map<std::string, std::string> matchLabels;
  std::vector<LabelSelectorRequirement> matchExpressions;
};

struct ObjectReference {
  std::string kind;
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string apiVersion;
  std::string resourceVersion;
  std::string fieldPath;
};

struct LocalObjectReference {
  std::string name;
};

}  // namespace podctl::api
