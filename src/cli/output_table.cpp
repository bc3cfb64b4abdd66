// kubectl's columns of each type (kubernetes/kubernetes pkg/printers/internalversion).
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <initializer_list>

#include "podctl/api/decode.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

using Cells = std::vector<std::string>;

std::string or_none(std::string_view text) { return text.empty() ? "<none>" : std::string(text); }

std::string labels_text(View labels) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : labels.fields())
    pairs.push_back(std::string(key) + "=" + View(value).scalar());
  std::sort(pairs.begin(), pairs.end());
  return pairs.empty() ? "<none>" : text::join(pairs, ",");
}

std::string gates_text(const api::Pod& pod) {
  if (pod.spec.readinessGates.empty()) return "<none>";
  std::size_t ready = 0;
  for (const auto& gate : pod.spec.readinessGates) {
    for (const auto& c : pod.status.conditions) {
      if (c.type == gate.conditionType && c.status == "True") ++ready;
    }
  }
  return std::to_string(ready) + "/" + std::to_string(pod.spec.readinessGates.size());
}

// The members of `from` that are named.
boost::json::object only(View from, std::initializer_list<std::string_view> names) {
  boost::json::object out;
  for (std::string_view name : names) {
    if (View value = from[name]) out[name] = *value.get();
  }
  return out;
}

// As much of the pod as the columns need: decoding whole specs would be most of what `get pods`
// costs.
api::Pod pod_for_columns(View pod) {
  boost::json::object spec = only(pod["spec"], {"readinessGates"});
  for (std::string_view list : {"initContainers", "containers"}) {
    boost::json::array containers;
    for (const auto& c : pod["spec"][list].items()) {
      containers.push_back(only(c, {"name", "restartPolicy"}));
    }
    spec[list] = std::move(containers);
  }
  return to_pod(boost::json::object{
      {"metadata", only(pod["metadata"], {"name", "creationTimestamp", "deletionTimestamp"})},
      {"spec", std::move(spec)},
      {"status", only(pod["status"], {"phase", "reason", "conditions", "initContainerStatuses",
                                      "containerStatuses"})}});
}

void pod_cells(const boost::json::value& object, const TableOptions& options, std::int64_t now,
               Cells& cells) {
  const api::Pod pod = pod_for_columns(object);
  const api::Time time(now / 1'000'000'000, static_cast<std::int32_t>(now % 1'000'000'000));
  cells.push_back(api::ready_count(pod).str());
  cells.push_back(api::status_text(pod));
  cells.push_back(api::restarts_text(pod, time));
  cells.push_back(api::age_text(pod.metadata.creationTimestamp, time));
  if (!options.wide) return;
  View status = View(object)["status"];
  cells.push_back(or_none(status["podIP"].str()));
  cells.push_back(or_none(View(object)["spec"]["nodeName"].str()));
  cells.push_back(or_none(status["nominatedNodeName"].str()));
  cells.push_back(gates_text(pod));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

void event_cells(View e, const TableOptions& options, std::int64_t now, Cells& cells) {
  View object = e["involvedObject"];
  cells.clear();
  if (options.with_namespace) cells.emplace_back(e["metadata"]["namespace"].str());
  View last = e["lastTimestamp"]    ? e["lastTimestamp"]
              : e["firstTimestamp"] ? e["firstTimestamp"]
                                    : e["eventTime"];
  cells.push_back(age(last.str(), now));
  cells.emplace_back(e["type"].str());
  cells.emplace_back(e["reason"].str());
  cells.push_back(lower(object["kind"].str()) + "/" + std::string(object["name"].str()));
  if (options.wide) {
    cells.emplace_back(object["fieldPath"].str());
    std::string source(e["source"]["component"].str(e["reportingComponent"].str()));
    if (auto host = e["source"]["host"].str(); !host.empty()) source += ", " + std::string(host);
    cells.push_back(std::move(source));
  }
  cells.push_back(cell_text(e["message"].str()));
  if (!options.wide) return;
  View first = e["firstTimestamp"] ? e["firstTimestamp"] : e["eventTime"];
  cells.push_back(age(first.str(), now));
  cells.push_back(std::to_string(std::max<std::int64_t>(e["count"].num(), 1)));
  cells.emplace_back(e["metadata"]["name"].str());
}

std::string node_status(View node) {
  for (const auto& c : node["status"]["conditions"].items()) {
    if (View(c)["type"].str() == "Ready")
      return View(c)["status"].str() == "True" ? "Ready" : "NotReady";
  }
  return "Unknown";
}

std::string node_address(View node, std::string_view type) {
  for (const auto& a : node["status"]["addresses"].items()) {
    if (View(a)["type"].str() == type) return std::string(View(a)["address"].str());
  }
  return "<none>";
}

std::string node_roles(View node) {
  std::vector<std::string> roles;
  constexpr std::string_view kLead = "node-role.kubernetes.io/";
  for (const auto& [key, value] : node["metadata"]["labels"].fields()) {
    if (std::string_view(key).starts_with(kLead))
      roles.emplace_back(std::string_view(key).substr(kLead.size()));
  }
  return roles.empty() ? "<none>" : text::join(roles, ",");
}

void node_cells(View node, const TableOptions& options, std::int64_t now, Cells& cells) {
  View info = node["status"]["nodeInfo"];
  cells.push_back(node_status(node));
  cells.push_back(node_roles(node));
  cells.push_back(age(node["metadata"]["creationTimestamp"].str(), now));
  cells.push_back(or_none(info["kubeletVersion"].str()));
  if (!options.wide) return;
  cells.push_back(node_address(node, "InternalIP"));
  cells.push_back(node_address(node, "ExternalIP"));
  for (std::string_view field : {"osImage", "kernelVersion", "containerRuntimeVersion"}) {
    cells.push_back(info[field].str().empty() ? "<unknown>" : std::string(info[field].str()));
  }
}

Cells base_headings(const Resource& resource, bool wide) {
  Cells head;
  if (resource.kind == "Pod") {
    head = {"NAME", "READY", "STATUS", "RESTARTS", "AGE"};
    if (wide) head.insert(head.end(), {"IP", "NODE", "NOMINATED NODE", "READINESS GATES"});
  } else if (resource.kind == "Event") {
    head = {"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};
    if (wide)
      head = {"LAST SEEN", "TYPE",    "REASON",     "OBJECT", "SUBOBJECT",
              "SOURCE",    "MESSAGE", "FIRST SEEN", "COUNT",  "NAME"};
  } else if (resource.kind == "Node") {
    head = {"NAME", "STATUS", "ROLES", "AGE", "VERSION"};
    if (wide)
      head.insert(head.end(), {"INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION",
                               "CONTAINER-RUNTIME"});
  } else {
    head = {"NAME", "STATUS", "AGE"};
  }
  return head;
}

}  // namespace

api::Pod to_pod(const boost::json::value& object) {
  api::Pod pod;
  api::decode(api::to_tree(object), pod, api::Unknown::kIgnore);
  return pod;
}

std::string cell_text(std::string_view text) {
  text = text::trim(text);
  const std::size_t end = text.find_first_of("\n\r\f");
  std::string cell = utf8::printable(text.substr(0, end));
  std::replace(cell.begin(), cell.end(), '\t', ' ');
  return end == std::string_view::npos ? cell : cell + "...";
}

Cells headings(const Resource& resource, const TableOptions& options) {
  Cells head = base_headings(resource, options.wide);
  if (options.with_namespace && resource.namespaced) head.insert(head.begin(), "NAMESPACE");
  for (const std::string& key : options.label_columns) {
    std::string heading(key.substr(key.rfind('/') == std::string::npos ? 0 : key.rfind('/') + 1));
    for (char& c : heading) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    head.push_back(std::move(heading));
  }
  if (options.show_labels) head.emplace_back("LABELS");
  return head;
}

Cells row(const Resource& resource, const boost::json::value& object, const TableOptions& options,
          std::int64_t now) {
  View o(object);
  View meta = o["metadata"];
  Cells cells;
  if (options.with_namespace && resource.namespaced) cells.emplace_back(meta["namespace"].str());
  std::string name(meta["name"].str());
  cells.push_back(options.with_kind ? std::string(resource.singular) + "/" + name : name);
  if (resource.kind == "Pod") {
    pod_cells(object, options, now, cells);
  } else if (resource.kind == "Event") {
    event_cells(o, options, now, cells);
  } else if (resource.kind == "Node") {
    node_cells(o, options, now, cells);
  } else {
    cells.emplace_back(o["status"]["phase"].str("Active"));
    cells.push_back(age(meta["creationTimestamp"].str(), now));
  }
  for (const std::string& key : options.label_columns)
    cells.push_back(meta["labels"][key].scalar());
  if (options.show_labels) cells.push_back(labels_text(meta["labels"]));
  return cells;
}

void StreamTable::widen(const Cells& cells) {
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = display_width(cells[i]) + kTableStops.padding;
    widths_[i] = std::max({widths_[i], width, kTableStops.min_width});
  }
}

std::string StreamTable::line(const Cells& cells) {
  widen(cells);
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += cells[i];
    if (i + 1 < cells.size()) text.append(widths_[i] - display_width(cells[i]), ' ');
  }
  return text + "\n";
}

}  // namespace podctl::cli
