// In-place resize (KEP-1287): a pod's spec asks for other cpu and memory than it was given. The
// node says whether it can have them; then its cgroups get them, or its containers start anew with
// them.
//
// Used by step and by node. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/memory.hpp"
#include "podctl/lifecycle/observation.hpp"
#include "podctl/lifecycle/placement.hpp"

namespace podctl::lifecycle {

// The resources of pod, containers and init containers as JSON, equal for equal ones; and a pod
// with those instead of its own.
std::string resources_text(const api::PodSpec& spec);
api::Pod with_resources(api::Pod pod, std::string_view text);

// What the kubelet says of a resize (k8s pkg/kubelet/allocation, canResizePod). `others`: with what
// is allocated to them.
ResizeObservation judge_resize(const api::Pod& wanted, const NodeView& node,
                               const std::vector<const api::Pod*>& others);

}  // namespace podctl::lifecycle
