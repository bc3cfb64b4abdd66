// Which fields differ between two objects, and which of a pod's changes Kubernetes allows.
//
// Used by podctld for update, and by apply: unchanged, configured, or refused with the list of
// fields.
#pragma once

#include <string>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/table.hpp"

namespace podctl::api {

// Paths of fields that differ, with indices of `b`; a list whose length differs is one path.
std::vector<std::string> diff(const Type& type, const void* a, const void* b,
                              const std::string& prefix = "");

struct PodChange {
  std::vector<std::string>
      changed;  // everything that differs in metadata.labels, .annotations, spec
  std::vector<std::string> immutable;  // those of it that an update may not change
  bool unchanged() const { return changed.empty(); }
};

// Both with defaults. What only the server sets (spec.nodeName) is no change when absent in
// `wanted`.
PodChange pod_change(const Pod& live, const Pod& wanted);

}  // namespace podctl::api
