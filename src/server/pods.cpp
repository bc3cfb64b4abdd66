// Pods, one at a time: get, create, replace, patch, delete.
#include <boost/json.hpp>

#include "handlers.hpp"
#include "patch.hpp"
#include "podctl/api/encode.hpp"
#include "request_options.hpp"
#include "selection.hpp"
#include "table.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

node::Answer<node::Admitted> decode_body(const Request& request, const std::string& body,
                                         const std::string& ns) {
  if (auto refusal = unknown_form(request)) return node::Refused(std::move(*refusal));
  const auto validation = field_validation(request);
  if (!validation) return node::Refused(validation.error());
  return node::decode_pod(body, is_yaml(request), ns, *validation);
}

node::Reply<node::Written> answer_with(const ExchangePtr& exchange, int status) {
  return [exchange, status](node::Answer<node::Written> written) {
    if (!written) return exchange->refuse(written.error());
    exchange->reply(
        {status, *written->json + "\n", "application/json", std::move(written->warnings)});
  };
}

// What is changed of the pod, or of one of its subresources.
void store(node::Node& node, const ExchangePtr& exchange, const Route& route, node::Revision wanted,
           bool dry_run) {
  if (route.kind == Route::Kind::kPodEphemeral) {
    return node.update_ephemeral(route.ns, route.name, std::move(wanted), dry_run,
                                 answer_with(exchange, 200));
  }
  if (route.kind == Route::Kind::kPodStatus) {
    return node.update_status(route.ns, route.name, std::move(wanted), dry_run,
                              answer_with(exchange, 200));
  }
  if (route.kind == Route::Kind::kPodResize) {
    return node.resize(route.ns, route.name, std::move(wanted), dry_run,
                       answer_with(exchange, 200));
  }
  node.update(route.ns, route.name, std::move(wanted), dry_run, answer_with(exchange, 200));
}

node::Refusal misnamed(const api::Pod& pod, const std::string& name) {
  return node::bad_request("the name of the object (" + pod.metadata.name +
                           ") does not match the name on the URL (" + name + ")");
}

}  // namespace

void get_pod(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return;
  const auto& request = exchange->request();
  if (!wants_table(request)) return exchange->reply({200, *record->json + "\n"});
  exchange->reply(
      {200, table_of(*record->object, record->version, include_object(request)) + "\n"});
}

void create_pod(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& request = exchange->request();
  auto decoded = decode_body(request, request.body, route.ns);
  if (!decoded) return exchange->refuse(decoded.error());
  const auto dry = dry_run(request);
  if (!dry) return exchange->refuse(dry.error());
  node.create(std::move(*decoded), *dry, answer_with(exchange, 201));
}

void replace_pod(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& request = exchange->request();
  auto decoded = decode_body(request, request.body, route.ns);
  if (!decoded) return exchange->refuse(decoded.error());
  if (decoded->pod.metadata.name != route.name) {
    return exchange->refuse(misnamed(decoded->pod, route.name));
  }
  const auto dry = dry_run(request);
  if (!dry) return exchange->refuse(dry.error());
  const auto wanted = [pod = std::move(*decoded)](const api::Pod&) -> node::Answer<node::Admitted> {
    return pod;
  };
  store(node, exchange, route, wanted, *dry);
}

void patch_pod(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto validation = field_validation(exchange->request());
  if (!validation) return exchange->refuse(validation.error());
  const auto dry = dry_run(exchange->request());
  if (!dry) return exchange->refuse(dry.error());
  const auto patched = [exchange, ns = route.ns, name = route.name, validation = *validation](
                           const api::Pod& live) -> node::Answer<node::Admitted> {
    const auto& request = exchange->request();
    const auto object = apply_patch(request.content_type, request.body,
                                    api::to_value(api::type_of<api::Pod>(), &live));
    if (!object) return node::Refused(object.error());
    auto pod = node::decode_pod(json::serialize(*object), false, ns, validation);
    if (pod && pod->pod.metadata.name != name) return node::Refused(misnamed(pod->pod, name));
    return pod;
  };
  store(node, exchange, route, patched, *dry);
}

void delete_pod(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  auto wanted = delete_request(exchange->request());
  if (!wanted) return exchange->refuse(wanted.error());
  node.remove(route.ns, route.name, *wanted, answer_with(exchange, 200));
}

void delete_pods(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  auto wanted = delete_request(exchange->request());
  if (!wanted) return exchange->refuse(wanted.error());
  delete_collection(node, exchange, route, [&](const std::string& name) {
    node.remove(route.ns, name, *wanted, [](const node::Answer<node::Written>&) {});
  });
}

}  // namespace podctl::server
