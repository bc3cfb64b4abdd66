#include "selection.hpp"

namespace podctl::server {

std::map<std::string, std::string> fields_of(const api::Pod& pod) {
  return {{"metadata.name", pod.metadata.name},
          {"metadata.namespace", pod.metadata.namespace_},
          {"spec.nodeName", pod.spec.nodeName},
          {"spec.restartPolicy", pod.spec.restartPolicy},
          {"spec.schedulerName", pod.spec.schedulerName},
          {"spec.serviceAccountName", pod.spec.serviceAccountName},
          {"spec.hostNetwork", pod.spec.hostNetwork.value_or(false) ? "true" : "false"},
          {"status.phase", pod.status.phase},
          {"status.podIP", pod.status.podIP},
          {"status.nominatedNodeName", pod.status.nominatedNodeName}};
}

std::map<std::string, std::string> fields_of(const api::Event& event) {
  const auto& about = event.involvedObject;
  return {{"metadata.name", event.metadata.name},
          {"metadata.namespace", event.metadata.namespace_},
          {"involvedObject.kind", about.kind},
          {"involvedObject.namespace", about.namespace_},
          {"involvedObject.name", about.name},
          {"involvedObject.uid", about.uid},
          {"involvedObject.apiVersion", about.apiVersion},
          {"involvedObject.resourceVersion", about.resourceVersion},
          {"involvedObject.fieldPath", about.fieldPath},
          {"reason", event.reason},
          {"reportingComponent", event.reportingComponent},
          {"source", event.source ? event.source->component : std::string()},
          {"type", event.type}};
}

std::map<std::string, std::string> fields_of(const api::ConfigMap& map) {
  return {{"metadata.name", map.metadata.name}, {"metadata.namespace", map.metadata.namespace_}};
}

std::map<std::string, std::string> fields_of(const api::Secret& secret) {
  return {{"metadata.name", secret.metadata.name},
          {"metadata.namespace", secret.metadata.namespace_},
          {"type", secret.type}};
}

std::map<std::string, std::string> fields_of(const api::PersistentVolumeClaim& claim) {
  return {{"metadata.name", claim.metadata.name},
          {"metadata.namespace", claim.metadata.namespace_}};
}

std::map<std::string, std::string> fields_of(const api::Namespace& ns) {
  return {{"metadata.name", ns.metadata.name}, {"status.phase", ns.status.phase}};
}

std::map<std::string, std::string> fields_of(const api::Node& node) {
  return {{"metadata.name", node.metadata.name}, {"spec.unschedulable", "false"}};
}

template <class T>
node::Answer<Selection> parse_selection(const Query& query, const std::string& ns) {
  Selection selection;
  selection.ns = ns;
  auto labels = api::LabelSelectorExpr::parse(query.get_or("labelSelector", ""));
  if (!labels) return node::Refused(node::refusal_from(labels.error()));
  selection.labels = std::move(*labels);
  static const auto kFields = fields_of(T{});
  std::vector<std::string_view> known;
  for (const auto& [name, value] : kFields) known.emplace_back(name);
  auto fields = api::FieldSelectorExpr::parse(query.get_or("fieldSelector", ""), known);
  if (!fields) return node::Refused(node::refusal_from(fields.error()));
  selection.fields = std::move(*fields);
  return selection;
}

template node::Answer<Selection> parse_selection<api::Pod>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::Namespace>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::Node>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::Event>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::ConfigMap>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::Secret>(const Query&, const std::string&);
template node::Answer<Selection> parse_selection<api::PersistentVolumeClaim>(const Query&,
                                                                             const std::string&);

bool wants_table(const Request& request) {
  return request.accept.find("as=Table") != std::string::npos &&
         request.accept.find("g=meta.k8s.io") != std::string::npos;
}

}  // namespace podctl::server
