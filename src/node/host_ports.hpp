// hostPort: which ports of the machine are led to a pod.
//
// Used by Node and PodWorker. Pure.
#pragma once

#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/nat/ports.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::node {

// One entry a port and family of the pod's addresses. None with hostNetwork: those the workload has
// itself.
std::vector<nat::HostPort> led_ports(const api::Pod& pod, const wire::NetworkSpec& net);

// Whether ports are led to it, so that they have to be taken away again.
bool has_host_ports(const api::Pod& pod);

}  // namespace podctl::node
