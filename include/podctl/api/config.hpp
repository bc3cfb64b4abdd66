// ConfigMap and Secret: what pods take variables and files from.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, optional or map is an absent field. Tables over them:
// src/api/tables_config.cpp; what they have to fulfil: kinds.hpp.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "podctl/api/bytes.hpp"
#include "podctl/api/meta.hpp"

namespace podctl::api {

// Of all keys' values together: K pkg/apis/core/types.go, MaxSecretSize.
inline constexpr std::size_t kMaxConfigBytes = 1024 * 1024;

struct ConfigMap {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  std::optional<bool> immutable;
  std::map<std::string, std::string> data;
  std::map<std::string, Bytes> binaryData;
};

struct Secret {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  std::optional<bool> immutable;
  std::map<std::string, Bytes> data;
  std::map<std::string, std::string> stringData;  // written only: goes into data
  std::string type;
};

}  // namespace podctl::api
