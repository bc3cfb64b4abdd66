// The REST API of docs/api.md over one Node: finds the handler of a request, converts, calls,
// answers.
//
// Runs on podctld's loop; used by main and tests. Thin: what an object may be is node's business.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "podctl/node/node.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

// Where a target leads. Pure, so that the table of paths can be tested.
struct Route {
  enum class Kind : std::uint8_t {
    kNone,
    kVersion,
    kHealth,
    kApiVersions,
    kApiGroups,
    kApiGroup,
    kApiResources,
    kPodctlResources,
    kOpenApiIndex,
    kOpenApi,
    kNamespaces,
    kNamespace,
    kNodes,
    kNode,
    kPods,
    kPod,
    kPodStatus,
    kPodLog,
    kPodEphemeral,
    kPodResize,
    kPodExec,
    kPodAttach,
    kPodPortForward,
    kEvents,
    kEvent,
    kKeptList,
    kKept,
    kImages,
    kImageInspect,
    kCopy,
    kMetricsResources,
    kMetricsGroup,
    kPodMetrics,
    kNodeMetrics,
    kSandbox,
    kSandboxes,
    kTrace,
    kDoctor,
    kReset,
  };
  Kind kind = Kind::kNone;
  std::string ns, name;                     // ns is empty for all namespaces
  const api::KindInfo* resource = nullptr;  // of kKeptList and kKept
};
Route find_route(const std::vector<std::string>& segments);
// Whether a request's body is an archive that goes into a file.
bool is_upload(const Request& request);

class Api {
 public:
  // `end` ends podctld after a reset, or after one that failed half way.
  Api(node::Node& node, std::function<void(bool reset)> end);
  ~Api();
  void handle(std::shared_ptr<Exchange> exchange);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace podctl::server
