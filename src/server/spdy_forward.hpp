// port-forward as kubectl speaks it: for each connection two SPDY streams, one of its bytes and one
// of its error's text, paired by their header requestID (kubernetes/kubelet
// pkg/cri/streaming/portforward/httpstream.go).
//
// Used by port_forward, on podctld's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "podctl/node/node.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

inline constexpr std::string_view kForwardProtocol = "portforward.k8s.io";
// A WebSocket whose messages are SPDY's bytes.
inline constexpr std::string_view kForwardTunnel = "SPDY/3.1+portforward.k8s.io";

// Serves the connection to its end: into the pod of this uid.
void begin_spdy_forward(node::Node& node, const std::string& uid,
                        const std::shared_ptr<Socket>& socket);

}  // namespace podctl::server
