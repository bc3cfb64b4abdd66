// Objects that are only kept (ConfigMaps, Secrets), one at a time and by the collection: the same
// for every kind.
#include <boost/json.hpp>

#include "handlers.hpp"
#include "patch.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/protobuf.hpp"
#include "podctl/node/claim_path.hpp"
#include "request_options.hpp"
#include "selection.hpp"
#include "table.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using node::KeptObjects;

const node::KeptRecord* require_kept(node::Node& node, const ExchangePtr& exchange,
                                     const Route& route) {
  const auto* record = node.objects().find_kept(*route.resource, route.ns, route.name);
  if (record == nullptr) exchange->refuse(node::not_found(route.resource->plural, route.name));
  return record;
}

node::Answer<node::AdmittedKept> decode_body(const Request& request, const Route& route,
                                             const std::string& body, bool yaml) {
  const auto validation = field_validation(request);
  if (!validation) return node::Refused(validation.error());
  const api::Type& type = route.resource->type();
  if (is_protobuf(request) && api::has_protobuf(type)) {
    const auto read = api::protobuf_to_json(type, body);
    if (!read) return node::Refused(node::bad_request(read.error().message()));
    return node::decode_kept(*route.resource, *read, false, route.ns, *validation);
  }
  if (auto refusal = unknown_form(request)) return node::Refused(std::move(*refusal));
  return node::decode_kept(*route.resource, body, yaml, route.ns, *validation);
}

KeptObjects::Reply answer_with(const ExchangePtr& exchange, int status) {
  return [exchange, status](node::Answer<KeptObjects::Written> written) {
    if (!written) return exchange->refuse(written.error());
    exchange->reply(
        {status, *written->json + "\n", "application/json", std::move(written->warnings)});
  };
}

void get(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_kept(node, exchange, route);
  if (record == nullptr) return;
  const auto& request = exchange->request();
  if (!wants_table(request)) return exchange->reply({200, *record->json + "\n"});
  api::with_kept_type(*route.resource, [&]<class T>() {
    exchange->reply({200, table_of(*static_cast<const T*>(record->object.get()), record->version,
                                   include_object(request)) +
                              "\n"});
  });
}

void create(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& request = exchange->request();
  auto decoded = decode_body(request, route, request.body, is_yaml(request));
  if (!decoded) return exchange->refuse(decoded.error());
  const auto dry = dry_run(request);
  if (!dry) return exchange->refuse(dry.error());
  node.kept().create(std::move(*decoded), *dry, answer_with(exchange, 201));
}

void store(node::Node& node, const ExchangePtr& exchange, const Route& route,
           node::AdmittedKept wanted) {
  const auto dry = dry_run(exchange->request());
  if (!dry) return exchange->refuse(dry.error());
  node.kept().update(route.ns, route.name, std::move(wanted), *dry, answer_with(exchange, 200));
}

// k8s apiserver pkg/endpoints/handlers/rest.go, checkName: of a PUT and of what a PATCH makes.
std::optional<node::Refusal> misnamed(const node::AdmittedKept& wanted, const Route& route) {
  const auto& name = route.resource->metadata(wanted.object.get()).name;
  if (name == route.name) return std::nullopt;
  return node::bad_request("the name of the object (" + name +
                           ") does not match the name on the URL (" + route.name + ")");
}

void replace(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& request = exchange->request();
  auto decoded = decode_body(request, route, request.body, is_yaml(request));
  if (!decoded) return exchange->refuse(decoded.error());
  if (auto other = misnamed(*decoded, route)) return exchange->refuse(*other);
  store(node, exchange, route, std::move(*decoded));
}

void patch(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_kept(node, exchange, route);
  if (record == nullptr) return;
  const auto& request = exchange->request();
  const auto patched = apply_patch(request.content_type, request.body,
                                   api::to_value(route.resource->type(), record->object.get()));
  if (!patched) return exchange->refuse(patched.error());
  auto decoded = decode_body(request, route, json::serialize(*patched), false);
  if (!decoded) return exchange->refuse(decoded.error());
  if (auto other = misnamed(*decoded, route)) return exchange->refuse(*other);
  store(node, exchange, route, std::move(*decoded));
}

node::Answer<KeptObjects::Removal> removal(const Request& request) {
  auto wanted = delete_request(request);
  if (!wanted) return node::Refused(wanted.error());
  return KeptObjects::Removal{std::move(wanted->uid), std::move(wanted->resource_version),
                              wanted->dry_run};
}

// What is lost with an object that is removed.
std::vector<std::string> losses(node::Node& node, const Route& route) {
  if (route.resource != &api::kind_of<api::PersistentVolumeClaim>()) return {};
  return {"the volume of the claim goes with it, and all that is in " +
          node::claim_path(node.context().layout, route.ns, route.name)};
}

// What is gone is told by a Status, what its finalizers hold back by the object.
void remove(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto wanted = removal(exchange->request());
  if (!wanted) return exchange->refuse(wanted.error());
  node.kept().remove(*route.resource, route.ns, route.name, *wanted,
                     [exchange, route,
                      warnings = losses(node, route)](node::Answer<KeptObjects::Written> written) {
                       if (!written) return exchange->refuse(written.error());
                       const auto body = written->gone ? success_json(route.resource->plural,
                                                                      route.name, written->uid)
                                                       : *written->json + "\n";
                       exchange->reply({200, body, "application/json", warnings});
                     });
}

void remove_all(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto wanted = removal(exchange->request());
  if (!wanted) return exchange->refuse(wanted.error());
  delete_collection(node, exchange, route, [&](const std::string& name) {
    node.kept().remove(*route.resource, route.ns, name, *wanted,
                       [](const node::Answer<KeptObjects::Written>&) {});
  });
}

}  // namespace

void handle_kept_list(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& method = exchange->request().method;
  if (method == "GET") return list_kept(node, exchange, route);
  if (method == "POST" && !route.ns.empty()) return create(node, exchange, route);
  if (method == "DELETE" && !route.ns.empty()) return remove_all(node, exchange, route);
  refuse_method(exchange);
}

void handle_kept(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& method = exchange->request().method;
  if (method == "GET") return get(node, exchange, route);
  if (method == "PUT") return replace(node, exchange, route);
  if (method == "PATCH") return patch(node, exchange, route);
  if (method == "DELETE") return remove(node, exchange, route);
  refuse_method(exchange);
}

}  // namespace podctl::server
