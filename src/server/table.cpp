// Tables for clients that print columns:
// https://kubernetes.io/docs/reference/using-api/api-concepts/
#include <boost/json.hpp>

#include "podctl/api/encode.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/node/clock.hpp"
#include "selection.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

struct Column {
  const char* name;
  int priority;  // above 0: only with -o wide
};

json::array columns(std::initializer_list<Column> list) {
  json::array out;
  for (const auto& c : list) {
    out.push_back({{"name", c.name},
                   {"type", "string"},
                   {"format", std::string_view(c.name) == "Name" ? "name" : ""},
                   {"description", ""},
                   {"priority", c.priority}});
  }
  return out;
}

std::string gates(const api::Pod& pod) {
  if (pod.spec.readinessGates.empty()) return "<none>";
  std::size_t met = 0;
  for (const auto& gate : pod.spec.readinessGates) {
    for (const auto& c : pod.status.conditions)
      met += c.type == gate.conditionType && c.status == "True" ? 1 : 0;
  }
  return std::to_string(met) + "/" + std::to_string(pod.spec.readinessGates.size());
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

template <class T>
json::value row_object(const T& object, const std::string& include) {
  if (include == "None") return nullptr;
  if (include == "Object") return api::to_value(api::type_of<T>(), &object);
  return json::object{
      {"kind", "PartialObjectMetadata"},
      {"apiVersion", "meta.k8s.io/v1"},
      {"metadata", api::to_value(api::type_of<api::ObjectMeta>(), &object.metadata)}};
}

std::string table(json::array definitions, json::array rows, std::uint64_t version) {
  return json::serialize(
      json::object{{"kind", "Table"},
                   {"apiVersion", "meta.k8s.io/v1"},
                   {"metadata", json::object{{"resourceVersion", std::to_string(version)}}},
                   {"columnDefinitions", std::move(definitions)},
                   {"rows", std::move(rows)}});
}

}  // namespace

std::string table_json(const std::vector<const api::Pod*>& pods, std::uint64_t version,
                       const std::string& include) {
  const auto now = node::to_time(node::wall_now_ns());
  json::array rows;
  for (const auto* pod : pods) {
    rows.push_back({{"cells", json::array{pod->metadata.name, api::ready_count(*pod).str(),
                                          api::status_text(*pod), api::restarts_text(*pod, now),
                                          api::age_text(pod->metadata.creationTimestamp, now),
                                          or_none(pod->status.podIP), or_none(pod->spec.nodeName),
                                          or_none(pod->status.nominatedNodeName), gates(*pod)}},
                    {"object", row_object(*pod, include)}});
  }
  return table(columns({{"Name", 0},
                        {"Ready", 0},
                        {"Status", 0},
                        {"Restarts", 0},
                        {"Age", 0},
                        {"IP", 1},
                        {"Node", 1},
                        {"Nominated Node", 1},
                        {"Readiness Gates", 1}}),
               std::move(rows), version);
}

std::string table_json(const std::vector<const api::Event*>& events, std::uint64_t version,
                       const std::string& include) {
  const auto now = node::to_time(node::wall_now_ns());
  json::array rows;
  for (const auto* event : events) {
    const auto& about = event->involvedObject;
    rows.push_back({{"cells", json::array{api::age_text(event->lastTimestamp, now), event->type,
                                          event->reason, "pod/" + about.name, about.fieldPath,
                                          event->source ? event->source->component : std::string(),
                                          event->message, api::age_text(event->firstTimestamp, now),
                                          event->count.value_or(1), event->metadata.name}},
                    {"object", row_object(*event, include)}});
  }
  return table(columns({{"Last Seen", 0},
                        {"Type", 0},
                        {"Reason", 0},
                        {"Object", 0},
                        {"Subobject", 1},
                        {"Source", 1},
                        {"Message", 0},
                        {"First Seen", 1},
                        {"Count", 1},
                        {"Name", 1}}),
               std::move(rows), version);
}

std::string table_json(const std::vector<const api::Node*>& nodes, std::uint64_t version,
                       const std::string& include) {
  const auto now = node::to_time(node::wall_now_ns());
  json::array rows;
  for (const auto* node : nodes) {
    const auto& status = node->status;
    const auto info = status.nodeInfo ? *status.nodeInfo : api::NodeSystemInfo{};
    std::string internal = "<none>";
    for (const auto& address : status.addresses) {
      if (address.type == "InternalIP" && internal == "<none>") internal = address.address;
    }
    rows.push_back({{"cells", json::array{node->metadata.name, "Ready", "<none>",
                                          api::age_text(node->metadata.creationTimestamp, now),
                                          info.kubeletVersion, internal, "<none>", info.osImage,
                                          info.kernelVersion, info.containerRuntimeVersion}},
                    {"object", row_object(*node, include)}});
  }
  return table(columns({{"Name", 0},
                        {"Status", 0},
                        {"Roles", 0},
                        {"Age", 0},
                        {"Version", 0},
                        {"Internal-IP", 1},
                        {"External-IP", 1},
                        {"OS-Image", 1},
                        {"Kernel-Version", 1},
                        {"Container-Runtime", 1}}),
               std::move(rows), version);
}

std::string table_json(const std::vector<const api::Namespace*>& namespaces, std::uint64_t version,
                       const std::string& include) {
  const auto now = node::to_time(node::wall_now_ns());
  json::array rows;
  for (const auto* ns : namespaces) {
    rows.push_back({{"cells", json::array{ns->metadata.name, ns->status.phase,
                                          api::age_text(ns->metadata.creationTimestamp, now)}},
                    {"object", row_object(*ns, include)}});
  }
  return table(columns({{"Name", 0}, {"Status", 0}, {"Age", 0}}), std::move(rows), version);
}

}  // namespace podctl::server
