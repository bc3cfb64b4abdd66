// Which ConfigMaps, Secrets and claims a pod names. Pure; used by node's pod workers.
#pragma once

#include <string>

#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"

namespace podctl::node {

// Whether variables or volumes of the pod come from the object of that kind and name.
bool names_config(const api::Pod& pod, const api::KindInfo& kind, const std::string& name);

}  // namespace podctl::node
