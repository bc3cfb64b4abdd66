// What podctld knows of the machine it runs on: for the spec builder, and as the one Node object.
// Read with short reads of procfs and /etc; used by node and server on podctld's loop.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "podctl/api/node.hpp"
#include "podctl/node/spec_builder.hpp"

namespace podctl::node {

// What somebody has set on the Node object.
struct NodeMarks {
  std::map<std::string, std::string> labels, annotations;
};

// What node selectors find. What the machine is cannot be set otherwise.
std::map<std::string, std::string> node_labels(const std::string& name, const NodeMarks& marks);

// A bridge takes no more ports.
inline constexpr std::uint64_t kMaxPods = 1023;

// Call it again to follow changes of addresses, /etc/resolv.conf and /etc/hosts. `state`: a path on
// the file system that ephemeral-storage is counted of; empty: none is.
Machine read_machine(const std::string& state = {}, std::uint64_t max_pods = kMaxPods);
// The addresses from which this machine reaches others, IPv4 first; a loopback address when there
// is none.
std::vector<std::string> host_addresses();
// The node's name, which Kubernetes wants as an RFC 1123 subdomain, from whatever the machine is
// called: lower case, every other character a dash; "localhost" when nothing is left.
std::string node_name(std::string_view hostname);
// The Node object: capacity, conditions, addresses, nodeInfo. `state`: as above, for DiskPressure.
api::Node node_object(const Machine& machine, const NodeMarks& marks, const std::string& state,
                      std::uint64_t resource_version);

std::string boot_id();
// A random UUID (RFC 9562, version 4).
std::string new_uuid();
// A short file's content; empty when it cannot be read.
std::string read_small_file(const std::string& path, std::size_t limit = 1U << 20);

inline constexpr const char* kKubernetesVersion = "v1.37.0";  // the API this build speaks

}  // namespace podctl::node
