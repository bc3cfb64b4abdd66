// The ports of the machine that a pod asks for, and which of two pods' exclude each other.
//
// Used by node to lead them to the pod and to refuse a pod whose ports are taken. Pure. The rules
// are the scheduler's (k8s pkg/scheduler/framework/types.go, HostPortInfo): regular containers and
// sidecars count, other init containers do not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/api/pod.hpp"

namespace podctl::api {

struct HostPortUse {
  std::string protocol;  // "TCP"
  std::string address;   // hostIP; empty: every one of the machine
  std::int32_t port = 0;
  std::int32_t container_port = 0;
};

std::vector<HostPortUse> host_ports(const Pod& pod);

// The same port and protocol on the same address, or on every address for one of them.
bool collide(const HostPortUse& a, const HostPortUse& b);

}  // namespace podctl::api
