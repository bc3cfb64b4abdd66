// What podctld can tell about a pod's inside: namespaces, cgroups with live usage, network, layers,
// and the steps of its start. Used by server; asks the shim through engine, reads nothing of
// another process itself. The shape is docs/api.md's "sandbox report".
#pragma once

#include <functional>
#include <string>

#include "podctl/node/pod_worker.hpp"

namespace podctl::node {

// JSON text. `full` asks the shim for cgroups and network; else only names and namespaces, at once.
void report_sandbox(Context& context, const PodWorker& worker, bool full,
                    std::function<void(std::string)> done);
// {"steps": […]} in the order of their start.
std::string report_trace(const PodWorker& worker);

}  // namespace podctl::node
