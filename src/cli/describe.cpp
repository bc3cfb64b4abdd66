// The order is that of kubectl's describePod (kubernetes/kubectl pkg/describe/describe.go).
#include "podctl/cli/describe.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

#include "cli/apply_parts.hpp"
#include "cli/describe_parts.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxAnnotation = 140;  // with its key; of a line below the key two less

std::map<std::string, std::string> sorted(View map) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : map.fields()) out.emplace(std::string(key), View(value).scalar());
  return out;
}

void seccomp(DescribeText& out, int level, View context) {
  View profile = context["seccompProfile"];
  if (!profile) return;
  out.pair(level, "SeccompProfile", profile["type"].str());
  if (profile["type"].str() == "Localhost") {
    out.pair(level, "LocalhostProfile", profile["localhostProfile"].str());
  }
}

void head(DescribeText& out, View pod) {
  View spec = pod["spec"], status = pod["status"], meta = pod["metadata"];
  out.pair(0, "Name", meta["name"].str());
  out.pair(0, "Namespace", meta["namespace"].str());
  if (spec["priority"]) out.pair(0, "Priority", spec["priority"].scalar());
  for (auto [key, field] : {std::pair{"Priority Class Name", "priorityClassName"},
                            {"Runtime Class Name", "runtimeClassName"},
                            {"Service Account", "serviceAccountName"}}) {
    if (auto value = spec[field].str(); !value.empty()) out.pair(0, key, value);
  }
  const std::string node(spec["nodeName"].str());
  out.pair(0, "Node", node.empty() ? "<none>" : node + "/" + std::string(status["hostIP"].str()));
  if (status["startTime"]) out.pair(0, "Start Time", rfc1123(status["startTime"].str()));
}

void state(DescribeText& out, View pod, std::int64_t now) {
  View status = pod["status"], meta = pod["metadata"];
  const std::string_view phase = status["phase"].str();
  if (meta["deletionTimestamp"] && phase != "Failed" && phase != "Succeeded") {
    out.pair(0, "Status", "Terminating (lasts " + age(meta["deletionTimestamp"].str(), now) + ")");
    out.pair(0, "Termination Grace Period", meta["deletionGracePeriodSeconds"].scalar() + "s");
  } else {
    out.pair(0, "Status", phase);
  }
  if (auto reason = status["reason"].str(); !reason.empty()) out.pair(0, "Reason", reason);
  if (auto message = status["message"].str(); !message.empty()) out.pair(0, "Message", message);
  seccomp(out, 0, pod["spec"]["securityContext"]);
}

void addresses(DescribeText& out, View pod) {
  View status = pod["status"];
  out.pair(0, "IP", status["podIP"].str());
  if (status["podIPs"].items().empty()) {
    out.pair(0, "IPs", "<none>");
  } else {
    out.title(0, "IPs");
    for (const auto& ip : status["podIPs"].items()) out.pair(1, "IP", View(ip)["ip"].str());
  }
  for (const auto& owner : pod["metadata"]["ownerReferences"].items()) {
    View o(owner);
    if (o["controller"].flag()) {
      out.pair(0, "Controlled By",
               std::string(o["kind"].str()) + "/" + std::string(o["name"].str()));
    }
  }
  if (auto node = status["nominatedNodeName"].str(); !node.empty())
    out.pair(0, "NominatedNodeName", node);
}

void conditions(DescribeText& out, View pod) {
  const auto& all = pod["status"]["conditions"].items();
  const auto& gates = pod["spec"]["readinessGates"].items();
  if (!gates.empty()) {
    out.title(0, "Readiness Gates");
    out.line(1, "Type\tStatus");
    for (const auto& gate : gates) {
      const std::string_view type = View(gate)["conditionType"].str();
      std::string_view value = "<none>";
      for (const auto& c : all) {
        if (View(c)["type"].str() == type) value = View(c)["status"].str();
      }
      out.line(1, std::string(type) + " \t" + std::string(value) + " ");
    }
  }
  if (all.empty()) return;
  out.title(0, "Conditions");
  out.line(1, "Type\tStatus");
  for (const auto& c : all) {
    out.line(
        1, std::string(View(c)["type"].str()) + " \t" + std::string(View(c)["status"].str()) + " ");
  }
}

std::string toleration_text(View t) {
  std::string text(t["key"].str());
  if (auto value = t["value"].str(); !value.empty()) text += "=" + std::string(value);
  if (auto effect = t["effect"].str(); !effect.empty()) text += ":" + std::string(effect);
  if (t["operator"].str() == "Exists" && t["value"].str().empty()) {
    text += text.empty() ? "op=Exists" : " op=Exists";
  }
  if (t["tolerationSeconds"]) text += " for " + t["tolerationSeconds"].scalar() + "s";
  return text;
}

// A label selector as kubectl writes it: "app=web,tier in (a,b),!old", in order of keys.
std::string selector_text(View selector) {
  std::multimap<std::string, std::string> terms;
  for (const auto& [key, value] : selector["matchLabels"].fields())
    terms.emplace(key, std::string(key) + "=" + View(value).scalar());
  for (const auto& item : selector["matchExpressions"].items()) {
    View e(item);
    const std::string key(e["key"].str());
    const std::string_view op = e["operator"].str();
    std::vector<std::string> values;
    for (const auto& v : e["values"].items()) values.emplace_back(View(v).str());
    std::sort(values.begin(), values.end());
    const std::string set = " (" + text::join(values, ",") + ")";
    terms.emplace(key, op == "In"             ? key + " in" + set
                       : op == "NotIn"        ? key + " notin" + set
                       : op == "DoesNotExist" ? "!" + key
                                              : key);
  }
  std::string text;
  for (const auto& [key, term] : terms) text += (text.empty() ? "" : ",") + term;
  return text.empty() ? "<none>" : text;
}

void placement(DescribeText& out, View spec) {
  describe_map(out, "Node-Selectors", spec["nodeSelector"], "=");
  std::string lead = "Tolerations:\t";
  std::vector<View> tolerations;
  for (const auto& t : spec["tolerations"].items()) tolerations.emplace_back(t);
  std::stable_sort(tolerations.begin(), tolerations.end(),
                   [](View a, View b) { return a["key"].str() < b["key"].str(); });
  for (View t : tolerations) {
    out.line(0, lead + toleration_text(t));
    lead = "\t";
  }
  if (lead != "\t") out.line(0, lead + "<none>");
  lead = "Topology Spread Constraints:\t";
  for (const auto& item : spec["topologySpreadConstraints"].items()) {
    View c(item);
    out.line(0,
             lead + std::string(c["topologyKey"].str()) + ":" +
                 std::string(c["whenUnsatisfiable"].str()) + " when max skew " +
                 c["maxSkew"].scalar() + " is exceeded" +
                 (c["labelSelector"] ? " for selector " + selector_text(c["labelSelector"]) : ""));
    lead = "\t";
  }
}

}  // namespace

void describe_map(DescribeText& out, std::string_view key, View map, std::string_view between,
                  int level) {
  std::string lead = std::string(key) + ":\t";
  for (const auto& [name, value] : sorted(map)) {
    out.line(level, lead + name + std::string(between) + value);
    lead = "\t";
  }
  if (lead != "\t") out.line(level, lead + "<none>");
}

void describe_annotations(DescribeText& out, View map, int level) {
  std::string lead = "Annotations:\t";
  for (const auto& [key, raw] : sorted(map)) {
    if (key == kLastApplied) continue;
    const std::string value(text::trim(raw));
    if (value.size() + key.size() + 2 > kMaxAnnotation || value.find('\n') != std::string::npos) {
      out.line(level, lead + key + ":");
      lead = "\t";
      for (std::string_view part : text::split(value, '\n')) {
        std::string shown(part.substr(0, kMaxAnnotation - 2));
        if (part.size() > kMaxAnnotation - 2) shown += "...";
        out.line(level, "\t  " + shown);
      }
    } else {
      out.line(level, lead + key + ": " + value);
    }
    lead = "\t";
  }
  if (lead != "\t") out.line(level, lead + "<none>");
}

std::string describe_pod(View pod, View events, std::int64_t now) {
  DescribeText out;
  View spec = pod["spec"], status = pod["status"];
  head(out, pod);
  describe_map(out, "Labels", pod["metadata"]["labels"], "=");
  describe_annotations(out, pod["metadata"]["annotations"]);
  state(out, pod, now);
  addresses(out, pod);
  if (spec["resources"]) {
    out.title(0, "Resources");
    describe_resources(out, 1, spec["resources"]);
  }
  if (!spec["initContainers"].items().empty()) {
    describe_containers(out, "Init Containers", spec["initContainers"],
                        status["initContainerStatuses"], pod);
  }
  describe_containers(out, "Containers", spec["containers"], status["containerStatuses"], pod);
  if (!spec["ephemeralContainers"].items().empty()) {
    describe_containers(out, "Ephemeral Containers", spec["ephemeralContainers"],
                        status["ephemeralContainerStatuses"], pod);
  }
  conditions(out, pod);
  describe_volumes(out, spec["volumes"]);
  out.pair(0, "QoS Class", status["qosClass"].str());
  placement(out, spec);
  if (events.get() != nullptr) describe_events(out, events, now);
  return out.str(true);
}

}  // namespace podctl::cli
