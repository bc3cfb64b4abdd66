// Whether a pod may be placed on the one node there is: what Kubernetes' scheduler asks of a node
// before it gives it a pod. Scheduling gates, nodeSelector and node affinity, host ports, what the
// node has left of cpu, memory and other resources, the claims of its volumes, affinity and
// anti-affinity to other pods, spreading. And what a kubelet asks of a pod that no scheduler saw.
//
// Used by node for new pods and for those that are not placed yet. Pure. Preferences choose between
// nodes and so mean nothing here; the node has no taints, so that every toleration holds.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/claim.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/lifecycle/observation.hpp"

namespace podctl::lifecycle {

struct NodeView {
  std::string name;
  std::map<std::string, std::string> labels;
  // What pods may ask for together; "pods" is how many may be there. None: no bounds.
  api::ResourceMap allocatable = {};
  // The claim of that namespace and name; null where there is none. None: pods have no claims.
  std::function<const api::PersistentVolumeClaim*(const std::string& ns, const std::string& name)>
      claim = {};
};

// `others`: the pods that are placed and not over; the pod itself may be among them.
Placement place(const api::Pod& pod, const NodeView& node,
                const std::vector<const api::Pod*>& others);

// What a kubelet says there is too little of; empty: enough.
std::string shortage_text(const api::Pod& pod, const NodeView& node,
                          const std::vector<const api::Pod*>& others);
// Why a kubelet would not take a pod that names its node itself, or comes from a file.
std::optional<Rejection> refuse(const api::Pod& pod, const NodeView& node,
                                const std::vector<const api::Pod*>& others);

}  // namespace podctl::lifecycle
