// Which objects a list or watch wants, and in which form it wants them.
#pragma once

#include <map>
#include <string>

#include "podctl/api/event.hpp"
#include "podctl/api/node.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/selector.hpp"
#include "podctl/node/refusal.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

// The fields that fieldSelector may name, as in Kubernetes.
std::map<std::string, std::string> fields_of(const api::Pod& pod);
std::map<std::string, std::string> fields_of(const api::Event& event);

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
// A Table of these; `include` is includeObject (Metadata when empty).
std::string table_json(const std::vector<const api::Pod*>& pods, std::uint64_t version,
                       const std::string& include);
std::string table_json(const std::vector<const api::Event*>& events, std::uint64_t version,
                       const std::string& include);
std::string table_json(const std::vector<const api::Node*>& nodes, std::uint64_t version,
                       const std::string& include);
std::string table_json(const std::vector<const api::Namespace*>& namespaces, std::uint64_t version,
                       const std::string& include);

}  // namespace podctl::server
