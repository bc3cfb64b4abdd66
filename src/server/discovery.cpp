// What the server is and has: versions, groups, resources, the namespaces and the node.
#include <array>
#include <boost/json.hpp>

#include "handlers.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"
#include "selection.hpp"
#include "table.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using Kind = Route::Kind;

json::array words(std::string_view list) {
  json::array out;
  for (const auto word : text::split(list, ',')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

json::object resource(std::string_view name, std::string_view singular, bool namespaced,
                      std::string_view kind, std::string_view verbs) {
  return {{"name", name},
          {"singularName", singular},
          {"namespaced", namespaced},
          {"kind", kind},
          {"verbs", words(verbs)}};
}

json::object resource(const api::KindInfo& kind) {
  auto r = resource(kind.plural, kind.singular, kind.namespaced, kind.kind, kind.verbs);
  if (!kind.short_name.empty()) r["shortNames"] = words(kind.short_name);
  if (&kind == &api::kind_of<api::Pod>()) r["categories"] = json::array{"all"};  // `get all`
  return r;
}

// Bodies of podctl's own, no Kubernetes objects: without a verb generic clients leave them out. An
// empty list they would take for a broken group.
json::object own_resources() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", "podctl.dev/v1"},
          {"resources", json::array{resource("images", "image", false, "Image", ""),
                                    resource("sandboxes", "sandbox", false, "Sandbox", "")}}};
}

// What kubectl looks for before it lets this server check fields and dry runs (fieldValidation and
// dryRun of a PATCH); schemas are not published.
json::object openapi() {
  json::array parameters;
  for (const char* name : {"dryRun", "fieldValidation"}) {
    parameters.push_back(
        {{"name", name}, {"in", "query"}, {"schema", json::object{{"type", "string"}}}});
  }
  json::object paths;
  for (const auto& kind : api::kinds()) {
    if (kind.verbs.find("patch") == std::string_view::npos) continue;
    const json::object patch{{"x-kubernetes-group-version-kind",
                              json::object{{"group", ""}, {"version", "v1"}, {"kind", kind.kind}}},
                             {"x-kubernetes-action", "patch"},
                             {"parameters", parameters},
                             {"responses", json::object()}};
    paths["/api/v1/namespaces/{namespace}/" + std::string(kind.plural) + "/{name}"] =
        json::object{{"patch", patch}};
  }
  return {{"openapi", "3.0.0"},
          {"info", json::object{{"title", "podctl"}, {"version", node::kKubernetesVersion}}},
          {"paths", std::move(paths)},
          {"components", json::object{{"schemas", json::object()}}}};
}

json::object core_resources() {
  json::array all;
  for (const auto& kind : api::kinds()) all.push_back(resource(kind));
  for (const auto& [name, kind, verbs] : std::initializer_list<std::array<const char*, 3>>{
           {"pods/attach", "PodAttachOptions", "create,get"},
           {"pods/ephemeralcontainers", "Pod", "get,patch,update"},
           {"pods/exec", "PodExecOptions", "create,get"},
           {"pods/log", "Pod", "get"},
           {"pods/portforward", "PodPortForwardOptions", "create,get"},
           {"pods/resize", "Pod", "get,patch,update"},
           {"pods/status", "Pod", "get,patch,update"}}) {
    all.push_back(resource(name, "", true, kind, verbs));
  }
  return {{"kind", "APIResourceList"}, {"groupVersion", "v1"}, {"resources", std::move(all)}};
}

json::object metrics_resources() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", "metrics.k8s.io/v1beta1"},
          {"resources", json::array{resource("nodes", "", false, "NodeMetrics", "get,list"),
                                    resource("pods", "", true, "PodMetrics", "get,list")}}};
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
                 std::vector<T> objects) {
  const auto& request = exchange->request();
  const auto selection = parse_selection<T>(request.target.query, {});
  if (!selection) return exchange->refuse(selection.error());
  std::erase_if(objects, [&](const T& object) { return !selection->matches(object); });
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

// A namespace is there since its first object; "default" at the latest since the machine started.
api::Time since(node::Node& node, const std::string& name) {
  api::Time first;
  if (name == "default") first = node.object().metadata.creationTimestamp;
  auto look = [&](const auto& objects, const auto& time_of) {
    for (auto at = objects.lower_bound({name, ""}); at != objects.end() && at->first.first == name;
         ++at) {
      const api::Time when = time_of(at->second);
      if (!first || when < first) first = when;
    }
  };
  look(node.objects().pods(),
       [](const node::PodRecord& record) { return record.object->metadata.creationTimestamp; });
  look(node.objects().events(),
       [](const node::EventRecord& record) { return api::Time(record.made_seconds, 0); });
  for (const auto& kind : api::kinds()) {
    look(node.objects().kept(kind), [&kind](const node::KeptRecord& record) {
      return kind.metadata(record.object.get()).creationTimestamp;
    });
  }
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
  answer_list(exchange, "NamespaceList", version, std::move(list));
}

void answer_nodes(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto version = node.objects().version();
  const auto object = node.object();
  if (route.kind == Kind::kNodes)
    return answer_list(exchange, "NodeList", version, std::vector<api::Node>{object});
  if (route.name != object.metadata.name)
    return exchange->refuse(node::not_found("nodes", route.name));
  answer_one(exchange, version, object);
}

}  // namespace podctl::server
