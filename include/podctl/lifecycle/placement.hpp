// Whether a pod may be placed on the one node there is: what Kubernetes' scheduler asks of a node
// before it gives it a pod. Scheduling gates, nodeSelector and node affinity, affinity and
// anti-affinity to other pods, spreading, the claims of its volumes.
//
// Used by node for pods that are not placed yet. Pure. Preferences choose between nodes and so mean
// nothing here; the node has no taints, so that every toleration holds.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "podctl/api/claim.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/observation.hpp"

namespace podctl::lifecycle {

struct NodeView {
  std::string name;
  std::map<std::string, std::string> labels;
  // The claim of that namespace and name; null where there is none. None: pods have no claims.
  std::function<const api::PersistentVolumeClaim*(const std::string& ns, const std::string& name)>
      claim = {};
};

// `others`: the pods that are placed and not over; the pod itself may be among them.
Placement place(const api::Pod& pod, const NodeView& node,
                const std::vector<const api::Pod*>& others);

// Node selector and required node affinity alone: what the kubelet asks of a pod that names its
// node itself.
bool node_matches(const api::Pod& pod, const NodeView& node);

}  // namespace podctl::lifecycle
