#include "podctl/server/api.hpp"

#include "handlers.hpp"

namespace podctl::server {

using Kind = Route::Kind;

struct Api::Impl {
  node::Node& node;
  std::function<void(bool reset)> end;

  void pods(const ExchangePtr& exchange, const Route& route);
  void pod(const ExchangePtr& exchange, const Route& route);
  void read(const ExchangePtr& exchange, const Route& route);
};

Api::Api(node::Node& node, std::function<void(bool reset)> end)
    : impl_(new Impl{node, std::move(end)}) {}

Api::~Api() = default;

void refuse_method(const ExchangePtr& exchange) {
  exchange->refuse(node::Refusal{405,
                                 "MethodNotAllowed",
                                 "the server does not allow this method on the requested resource",
                                 {},
                                 {},
                                 {}});
}

const node::PodRecord* require_pod(node::Node& node, const ExchangePtr& exchange,
                                   const Route& route) {
  const auto* record = node.objects().find_pod(route.ns, route.name);
  if (record == nullptr) exchange->refuse(node::not_found("pods", route.name));
  return record;
}

void Api::Impl::pods(const ExchangePtr& exchange, const Route& route) {
  const auto& method = exchange->request().method;
  if (method == "GET") return list_pods(node, exchange, route);
  if (method == "POST" && !route.ns.empty()) return create_pod(node, exchange, route);
  if (method == "DELETE" && !route.ns.empty()) return delete_pods(node, exchange, route);
  refuse_method(exchange);
}

void Api::Impl::pod(const ExchangePtr& exchange, const Route& route) {
  const auto& method = exchange->request().method;
  if (method == "GET") return get_pod(node, exchange, route);
  if (method == "PUT") return replace_pod(node, exchange, route);
  if (method == "PATCH") return patch_pod(node, exchange, route);
  if (method == "DELETE") return delete_pod(node, exchange, route);
  refuse_method(exchange);
}

void Api::Impl::read(const ExchangePtr& exchange, const Route& route) {
  switch (route.kind) {
    case Kind::kNamespaces:
    case Kind::kNamespace:
      return answer_namespaces(node, exchange, route);
    case Kind::kNodes:
    case Kind::kNode:
      return answer_nodes(node, exchange, route);
    case Kind::kPodLog:
      return stream_log(node, exchange, route);
    case Kind::kEvents:
      return list_events(node, exchange, route);
    case Kind::kEvent:
      return get_event(node, exchange, route);
    case Kind::kImageInspect:
      return inspect_image(node, exchange);
    case Kind::kSandbox:
      return report_sandbox(node, exchange, route);
    case Kind::kSandboxes:
      return report_sandboxes(node, exchange);
    case Kind::kPodMetrics:
      return answer_pod_metrics(node, exchange, route);
    case Kind::kNodeMetrics:
      return answer_node_metrics(node, exchange, route);
    case Kind::kTrace:
      return report_trace(node, exchange, route);
    case Kind::kDoctor:
      return report_doctor(node, exchange);
    default:
      return answer_discovery(exchange, route);
  }
}

void Api::handle(ExchangePtr exchange) {
  const auto& request = exchange->request();
  const Route route = find_route(request.target.segments);
  switch (route.kind) {
    case Kind::kNone:
      return exchange->refuse(node::Refusal{
          404, "NotFound", "the server could not find the requested resource", {}, {}, {}});
    case Kind::kPods:
      return impl_->pods(exchange, route);
    case Kind::kPod:
      return impl_->pod(exchange, route);
    case Kind::kKeptList:
      return handle_kept_list(impl_->node, exchange, route);
    case Kind::kKept:
      return handle_kept(impl_->node, exchange, route);
    case Kind::kNode:
      if (request.method == "PATCH") return patch_node(impl_->node, exchange, route);
      if (request.method == "GET" || request.method == "HEAD") return impl_->read(exchange, route);
      return refuse_method(exchange);
    case Kind::kPodStatus:
    case Kind::kPodEphemeral:
    case Kind::kPodResize:
      if (request.method == "DELETE") return refuse_method(exchange);
      return impl_->pod(exchange, route);
    case Kind::kPodExec:
      return start_exec(impl_->node, exchange, route);
    case Kind::kPodAttach:
      return start_attach(impl_->node, exchange, route);
    case Kind::kPodPortForward:
      return start_port_forward(impl_->node, exchange, route);
    case Kind::kCopy:
      return start_copy(impl_->node, exchange, route);
    case Kind::kImages:
      return handle_images(impl_->node, exchange);
    case Kind::kReset:
      if (request.method == "POST") return reset_system(impl_->node, exchange, impl_->end);
      return refuse_method(exchange);
    default:
      if (request.method == "GET" || request.method == "HEAD") return impl_->read(exchange, route);
      refuse_method(exchange);
  }
}

}  // namespace podctl::server
