// Which objects a list or watch wants, and in which form it wants them.
#pragma once

#include <map>
#include <string>

#include "podctl/api/claim.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/event.hpp"
#include "podctl/api/kinds.hpp"
#include "podctl/api/node.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/selector.hpp"
#include "podctl/node/refusal.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

// The fields that fieldSelector may name, as in Kubernetes.
std::map<std::string, std::string> fields_of(const api::Pod& pod);
std::map<std::string, std::string> fields_of(const api::Event& event);
std::map<std::string, std::string> fields_of(const api::ConfigMap& map);
std::map<std::string, std::string> fields_of(const api::Secret& secret);
std::map<std::string, std::string> fields_of(const api::PersistentVolumeClaim& claim);
std::map<std::string, std::string> fields_of(const api::Namespace& ns);
std::map<std::string, std::string> fields_of(const api::Node& node);

struct Selection {
  std::string ns;  // empty: all
  api::LabelSelectorExpr labels;
  api::FieldSelectorExpr fields;

  template <class T>
  bool matches(const T& object) const {
    if (!ns.empty() && object.metadata.namespace_ != ns) return false;
    if (!labels.empty() && !labels.matches(object.metadata.labels)) return false;
    return fields.empty() || fields.matches(fields_of(object));
  }
};

// From labelSelector and fieldSelector; `T` decides which fields exist. 400 for a malformed one.
template <class T>
node::Answer<Selection> parse_selection(const Query& query, const std::string& ns);

// Whether Accept asks for meta.k8s.io Tables.
bool wants_table(const Request& request);
// What a table's rows are to hold of their objects.
inline std::string include_object(const Request& request) {
  return request.target.query.get_or("includeObject", "");
}

}  // namespace podctl::server
