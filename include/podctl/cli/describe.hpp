// `describe` as text: kubectl's part of a pod, in kubectl's order and wording, then podctl's own
// part from the sandbox report. Pure functions from what the server sent; the clock is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/cli/view.hpp"

namespace podctl::cli {

// kubectl's describePod. `events` is a list of v1 Events in the order to print; absent: no Events
// part. `now` is wall time in ns.
std::string describe_pod(View pod, View events, std::int64_t now);

// kubectl's describeConfigMap, and describeSecret, which has no events and shows no data.
std::string describe_config_map(View map, View events, std::int64_t now);
std::string describe_secret(View secret);
// kubectl's describePersistentVolumeClaim; `users` are the names of the pods that use it.
std::string describe_claim(View claim, const std::vector<std::string>& users, View events,
                           std::int64_t now);

// kubectl's describeNode, with the pods of all namespaces; those that are over are left out.
std::string describe_node(View node, View pods, View events, std::int64_t now);

// "http-get http://:8080/x delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3"
std::string describe_probe(View probe);

// The age column of an event: "5m" or "5m (x7 over 12m)".
std::string event_age(View event, std::int64_t now);

// Oldest first by when they were last seen; within one second in the order they were stored.
bool seen_before(View a, View b);

}  // namespace podctl::cli
