// What the server is and has: versions, groups, resources, the namespaces and the node.
#include <boost/json.hpp>

#include "handlers.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"
#include "selection.hpp"
#include "table.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using Kind = Route::Kind;

json::object resource(const char* name, const char* singular, bool namespaced, const char* kind,
                      const std::vector<const char*>& verbs,
                      const std::vector<const char*>& short_names = {}) {
  json::object r{
      {"name", name}, {"singularName", singular}, {"namespaced", namespaced}, {"kind", kind}};
  json::array list;
  for (const auto* verb : verbs) list.emplace_back(verb);
  r["verbs"] = std::move(list);
  json::array shorts;
  for (const auto* name_ : short_names) shorts.emplace_back(name_);
  if (!shorts.empty()) r["shortNames"] = std::move(shorts);
  return r;
}

json::object pods() {
  auto pods = resource(
      "pods", "pod", true, "Pod",
      {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}, {"po"});
  pods["categories"] = json::array{"all"};  // `kubectl get all`
  return pods;
}

// Bodies of podctl's own, no Kubernetes objects: without a verb generic clients leave them out. An
// empty list they would take for a broken group.
json::object own_resources() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", "podctl.dev/v1"},
          {"resources", json::array{resource("images", "image", false, "Image", {}),
                                    resource("sandboxes", "sandbox", false, "Sandbox", {})}}};
}

// What kubectl looks for before it lets this server check fields and dry runs (fieldValidation and
// dryRun of a PATCH); schemas are not published.
json::object openapi() {
  json::array parameters;
  for (const char* name : {"dryRun", "fieldValidation"}) {
    parameters.push_back(
        {{"name", name}, {"in", "query"}, {"schema", json::object{{"type", "string"}}}});
  }
  const json::object pod{{"group", ""}, {"version", "v1"}, {"kind", "Pod"}};
  const json::object patch{{"x-kubernetes-group-version-kind", pod},
                           {"x-kubernetes-action", "patch"},
                           {"parameters", std::move(parameters)},
                           {"responses", json::object()}};
  return {{"openapi", "3.0.0"},
          {"info", json::object{{"title", "podctl"}, {"version", node::kKubernetesVersion}}},
          {"paths", json::object{{"/api/v1/namespaces/{namespace}/pods/{name}",
                                  json::object{{"patch", patch}}}}},
          {"components", json::object{{"schemas", json::object()}}}};
}

json::object core_resources() {
  return {{"kind", "APIResourceList"},
          {"groupVersion", "v1"},
          {"resources",
           json::array{
               resource("events", "event", true, "Event", {"get", "list", "watch"}, {"ev"}),
               resource("namespaces", "namespace", false, "Namespace", {"get", "list"}, {"ns"}),
               resource("nodes", "node", false, "Node", {"get", "list"}, {"no"}), pods(),
               resource("pods/attach", "", true, "PodAttachOptions", {"create", "get"}),
               resource("pods/ephemeralcontainers", "", true, "Pod", {"get", "patch", "update"}),
               resource("pods/exec", "", true, "PodExecOptions", {"create", "get"}),
               resource("pods/log", "", true, "Pod", {"get"}),
               resource("pods/portforward", "", true, "PodPortForwardOptions", {"create", "get"}),
               resource("pods/status", "", true, "Pod", {"get"})}}};
}

json::object metrics_resources() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", "metrics.k8s.io/v1beta1"},
          {"resources", json::array{resource("pods", "", true, "PodMetrics", {"get", "list"})}}};
}

json::object group(const std::string& name, const std::string& version) {
  const json::object newest{{"groupVersion", name + "/" + version}, {"version", version}};
  return {{"name", name}, {"versions", json::array{newest}}, {"preferredVersion", newest}};
}
json::object own_group() { return group("podctl.dev", "v1"); }
json::object metrics_group() { return group("metrics.k8s.io", "v1beta1"); }

json::object as_document(json::object g) {
  g["kind"] = "APIGroup";
  g["apiVersion"] = "v1";
  return g;
}

json::object version() {
  return {{"major", "1"},    {"minor", "37"},           {"gitVersion", node::kKubernetesVersion},
          {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", ""},
          {"goVersion", ""}, {"compiler", "g++"},       {"platform", "linux/amd64"}};
}

json::object document(const Route& route) {
  switch (route.kind) {
    case Kind::kVersion:
      return version();
    case Kind::kApiVersions:
      return {{"kind", "APIVersions"},
              {"versions", json::array{"v1"}},
              {"serverAddressByClientCIDRs", json::array()}};
    case Kind::kApiGroups:
      return {{"kind", "APIGroupList"},
              {"apiVersion", "v1"},
              {"groups", json::array{own_group(), metrics_group()}}};
    case Kind::kApiGroup:
      return as_document(own_group());
    case Kind::kMetricsGroup:
      return as_document(metrics_group());
    case Kind::kMetricsResources:
      return metrics_resources();
    case Kind::kPodctlResources:
      return own_resources();
    case Kind::kOpenApiIndex:
      return {{"paths", json::object{{"api/v1",
                                      json::object{{"serverRelativeURL", "/openapi/v3/api/v1"}}}}}};
    case Kind::kOpenApi:
      return openapi();
    default:
      return core_resources();
  }
}

template <class T>
void answer_list(const ExchangePtr& exchange, const char* kind, std::uint64_t version,
                 const std::vector<T>& objects) {
  const auto& request = exchange->request();
  if (wants_table(request)) {
    TableText<T> rows(version, include_object(request));
    for (const T& object : objects) rows.add(object);
    return exchange->reply({200, std::move(rows).str() + "\n"});
  }
  std::string out = std::string("{\"kind\":\"") + kind +
                    "\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" +
                    std::to_string(version) + "\"},\"items\":[";
  for (std::size_t i = 0; i < objects.size(); ++i)
    out += (i == 0 ? "" : ",") + api::to_json(objects[i]);
  exchange->reply({200, out + "]}\n"});
}

template <class T>
void answer_one(const ExchangePtr& exchange, std::uint64_t version, const T& object) {
  const auto& request = exchange->request();
  if (!wants_table(request)) return exchange->reply({200, api::to_json(object) + "\n"});
  exchange->reply({200, table_of(object, version, include_object(request)) + "\n"});
}

api::Time made(const node::PodRecord& record) { return record.object->metadata.creationTimestamp; }
api::Time made(const node::EventRecord& record) { return api::Time(record.made_seconds, 0); }

// A namespace is there since its first object; "default" at the latest since the machine started.
api::Time since(node::Node& node, const std::string& name) {
  api::Time first;
  if (name == "default")
    first = node::node_object(node.context().machine, 0).metadata.creationTimestamp;
  auto look = [&](const auto& objects) {
    for (auto at = objects.lower_bound({name, ""}); at != objects.end() && at->first.first == name;
         ++at) {
      const api::Time when = made(at->second);
      if (!first || when < first) first = when;
    }
  };
  look(node.objects().pods());
  look(node.objects().events());
  return first;
}

api::Namespace namespace_object(node::Node& node, const std::string& name) {
  api::Namespace ns;
  ns.kind = "Namespace";
  ns.apiVersion = "v1";
  ns.metadata.name = name;
  ns.metadata.creationTimestamp = since(node, name);
  ns.metadata.labels["kubernetes.io/metadata.name"] = name;
  ns.spec.finalizers = {"kubernetes"};
  ns.status.phase = "Active";
  return ns;
}

}  // namespace

void answer_discovery(const ExchangePtr& exchange, const Route& route) {
  if (route.kind == Kind::kHealth)
    return exchange->reply({200, "ok", "text/plain; charset=utf-8", {}});
  exchange->reply({200, json::serialize(document(route)) + "\n"});
}

void answer_namespaces(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto names = node.objects().namespaces();
  const auto version = node.objects().version();
  if (route.kind == Kind::kNamespace) {
    if (!names.contains(route.name))
      return exchange->refuse(node::not_found("namespaces", route.name));
    return answer_one(exchange, version, namespace_object(node, route.name));
  }
  std::vector<api::Namespace> list;
  for (const auto& name : names) list.push_back(namespace_object(node, name));
  answer_list(exchange, "NamespaceList", version, list);
}

void answer_nodes(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto version = node.objects().version();
  const auto object = node::node_object(node.context().machine, version);
  if (route.kind == Kind::kNodes)
    return answer_list(exchange, "NodeList", version, std::vector<api::Node>{object});
  if (route.name != object.metadata.name)
    return exchange->refuse(node::not_found("nodes", route.name));
  answer_one(exchange, version, object);
}

}  // namespace podctl::server
