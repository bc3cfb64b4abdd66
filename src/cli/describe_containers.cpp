// The containers' part of describe: kubectl's describeContainers and what it calls.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include "cli/describe_parts.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

std::string ports(View list, std::string_view field) {
  std::string text;
  for (const auto& item : list.items()) {
    View p(item);
    if (!text.empty()) text += ", ";
    text += std::to_string(p[field].num()) + "/" + std::string(p["protocol"].str("TCP"));
  }
  return text;
}

void ports_line(DescribeText& out, std::string_view one, std::string_view many,
                const std::string& text) {
  if (text.find(',') != std::string::npos) {
    out.pair(2, many, text);
  } else {
    out.pair(2, one, text.empty() ? "<none>" : text);
  }
}

void basics(DescribeText& out, View container, View status) {
  out.title(1, container["name"].str());
  if (status) out.pair(2, "Container ID", status["containerID"].str());
  out.pair(2, "Image", container["image"].str());
  if (status) out.pair(2, "Image ID", status["imageID"].str());
  ports_line(out, "Port", "Ports", ports(container["ports"], "containerPort"));
  ports_line(out, "Host Port", "Host Ports", ports(container["ports"], "hostPort"));
  View profile = container["securityContext"]["seccompProfile"];
  if (profile) {
    out.pair(2, "SeccompProfile", profile["type"].str());
    if (profile["type"].str() == "Localhost") {
      out.pair(3, "LocalhostProfile", profile["localhostProfile"].str());
    }
  }
}

void words(DescribeText& out, std::string_view title, View list) {
  if (list.items().empty()) return;
  out.title(2, title);
  for (const auto& item : list.items()) {
    for (std::string_view line : text::split(View(item).str(), '\n')) out.line(3, line);
  }
}

void state(DescribeText& out, std::string_view name, View state) {
  if (View running = state["running"]) {
    out.pair(2, name, "Running");
    out.pair(3, "Started", rfc1123(running["startedAt"].str()));
  } else if (View ended = state["terminated"]) {
    out.pair(2, name, "Terminated");
    if (auto reason = ended["reason"].str(); !reason.empty()) out.pair(3, "Reason", reason);
    if (auto message = ended["message"].str(); !message.empty()) out.pair(3, "Message", message);
    out.pair(3, "Exit Code", std::to_string(ended["exitCode"].num()));
    if (ended["signal"].num() > 0) out.pair(3, "Signal", std::to_string(ended["signal"].num()));
    out.pair(3, "Started", rfc1123(ended["startedAt"].str()));
    out.pair(3, "Finished", rfc1123(ended["finishedAt"].str()));
  } else {
    out.pair(2, name, "Waiting");
    if (auto reason = state["waiting"]["reason"].str(); !reason.empty())
      out.pair(3, "Reason", reason);
  }
}

// metadata.name, .namespace, .uid, .labels['k'], .annotations['k']: what kubectl resolves; else
// empty.
std::string field_value(View pod, std::string_view path) {
  View meta = pod["metadata"];
  for (std::string_view field : {"name", "namespace", "uid"}) {
    if (path == "metadata." + std::string(field)) return meta[field].scalar();
  }
  for (std::string_view field : {"labels", "annotations"}) {
    const std::string lead = "metadata." + std::string(field) + "['";
    if (path.starts_with(lead) && path.ends_with("']")) {
      return meta[field][path.substr(lead.size(), path.size() - lead.size() - 2)].scalar();
    }
  }
  return {};
}

// kubectl's ExtractContainerResourceValue: in units of the divisor, rounded up; "0" for a limit not
// set.
std::string resource_value(View container, View ref) {
  const auto parts = text::split(ref["resource"].str(), '.');
  if (parts.size() != 2) return {};
  const std::string amount = container["resources"][parts[0]][parts[1]].scalar();
  if (amount.empty()) return "0";
  auto value = api::Quantity::parse(amount);
  std::string unit = ref["divisor"].scalar();
  auto divisor = api::Quantity::parse(unit.empty() || unit == "0" ? "1" : unit);
  if (!value || !divisor || divisor->is_zero()) return {};
  // Bytes in whole units, so that no amount of memory overflows; cpu in thousandths.
  const bool whole = divisor->value() * 1000 == divisor->milli_value() && parts[1] != "cpu";
  const std::int64_t amount_units = whole ? value->value() : value->milli_value();
  const std::int64_t unit_size = whole ? divisor->value() : divisor->milli_value();
  return std::to_string(amount_units / unit_size + (amount_units % unit_size > 0 ? 1 : 0));
}

std::string key_source(View ref, std::string_view of) {
  return "<set to the key '" + std::string(ref["key"].str()) + "' " + std::string(of) + " '" +
         std::string(ref["name"].str()) +
         "'>\tOptional: " + (ref["optional"].flag() ? "true" : "false");
}

void env_from(DescribeText& out, View list) {
  if (list.items().empty()) return;
  out.title(2, "Environment Variables from");
  for (const auto& item : list.items()) {
    View e(item);
    View ref = e["configMapRef"] ? e["configMapRef"] : e["secretRef"];
    std::string from = e["configMapRef"] ? "ConfigMap" : "Secret";
    if (auto prefix = e["prefix"].str(); !prefix.empty())
      from += " with prefix '" + std::string(prefix) + "'";
    out.line(3, std::string(ref["name"].str()) + "\t" + from +
                    "\tOptional: " + (ref["optional"].flag() ? "true" : "false"));
  }
}

void env(DescribeText& out, View container, View pod) {
  const auto& list = container["env"].items();
  out.line(2, list.empty() ? "Environment:\t<none>" : "Environment:");
  for (const auto& item : list) {
    View e(item);
    View from = e["valueFrom"];
    const std::string name(e["name"].str());
    if (!from) {
      std::string lead = name + ":";
      for (std::string_view line : text::split(e["value"].str(), '\n')) {
        out.line(3, lead + "\t" + std::string(line));
        lead.clear();
      }
    } else if (View ref = from["fieldRef"]) {
      out.pair(3, name,
               field_value(pod, ref["fieldPath"].str()) + " (" +
                   std::string(ref["apiVersion"].str("v1")) + ":" +
                   std::string(ref["fieldPath"].str()) + ")");
    } else if (View ref = from["resourceFieldRef"]) {
      std::string value = resource_value(container, ref);
      const std::string_view resource = ref["resource"].str();
      if (value == "0" && (resource == "limits.cpu" || resource == "limits.memory"))
        value = "node allocatable";
      out.pair(3, name, value + " (" + std::string(resource) + ")");
    } else if (View ref = from["secretKeyRef"]) {
      out.pair(3, name, key_source(ref, "in secret"));
    } else if (View ref = from["configMapKeyRef"]) {
      out.pair(3, name, key_source(ref, "of config map"));
    }
  }
}

void mounts(DescribeText& out, View container) {
  std::vector<View> list;
  for (const auto& m : container["volumeMounts"].items()) list.emplace_back(m);
  std::sort(list.begin(), list.end(),
            [](View a, View b) { return a["mountPath"].str() < b["mountPath"].str(); });
  out.line(2, list.empty() ? "Mounts:\t<none>" : "Mounts:");
  for (View m : list) {
    std::string flags = m["readOnly"].flag() ? "ro" : "rw";
    if (auto path = m["subPath"].str(); !path.empty())
      flags += ",path=\"" + std::string(path) + "\"";
    out.line(3, std::string(m["mountPath"].str()) + " from " + std::string(m["name"].str()) + " (" +
                    flags + ")");
  }
  if (container["volumeDevices"].items().empty()) return;
  out.line(2, list.empty() ? "Devices:\t<none>" : "Devices:");
  for (const auto& item : container["volumeDevices"].items()) {
    View d(item);
    out.line(3, std::string(d["devicePath"].str()) + " from " + std::string(d["name"].str()));
  }
}

void amounts(DescribeText& out, int level, std::string_view title, View map) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [name, value] : map.fields())
    list.emplace_back(std::string(name), View(value).scalar());
  if (list.empty()) return;
  std::sort(list.begin(), list.end());
  out.title(level, title);
  for (const auto& [name, value] : list) out.pair(level + 1, name, value);
}

View status_of(View statuses, std::string_view name) {
  for (const auto& s : statuses.items()) {
    if (View(s)["name"].str() == name) return s;
  }
  return {};
}

}  // namespace

void describe_resources(DescribeText& out, int level, View resources) {
  amounts(out, level, "Limits", resources["limits"]);
  amounts(out, level, "Requests", resources["requests"]);
}

std::string describe_probe(View probe) {
  const std::string attributes =
      "delay=" + std::to_string(probe["initialDelaySeconds"].num()) +
      "s timeout=" + std::to_string(probe["timeoutSeconds"].num()) +
      "s period=" + std::to_string(probe["periodSeconds"].num()) +
      "s successThreshold=" + std::to_string(probe["successThreshold"].num()) +
      " failureThreshold=" + std::to_string(probe["failureThreshold"].num());
  if (View exec = probe["exec"]) {
    std::string command;
    for (const auto& word : exec["command"].items())
      command += (command.empty() ? "" : " ") + std::string(View(word).str());
    return "exec [" + command + "] " + attributes;
  }
  if (View get = probe["httpGet"]) {
    std::string url(get["scheme"].str("HTTP"));
    for (char& c : url) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    std::string host(get["host"].str());
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    url += "://" + host + ":" + get["port"].scalar();
    const std::string_view path = get["path"].str();
    if (!path.empty() && path[0] != '/') url += "/";
    return "http-get " + url + std::string(path) + " " + attributes;
  }
  if (View tcp = probe["tcpSocket"]) {
    return "tcp-socket " + std::string(tcp["host"].str()) + ":" + tcp["port"].scalar() + " " +
           attributes;
  }
  if (View grpc = probe["grpc"]) {
    return "grpc <pod>:" + grpc["port"].scalar() + " " + std::string(grpc["service"].str()) + " " +
           attributes;
  }
  return "unknown " + attributes;
}

void describe_containers(DescribeText& out, std::string_view label, View containers, View statuses,
                         View pod) {
  out.line(0, std::string(label) + (containers.items().empty() ? ": <none>" : ":"));
  for (const auto& item : containers.items()) {
    View container(item);
    View status = status_of(statuses, container["name"].str());
    basics(out, container, status);
    words(out, "Command", container["command"]);
    words(out, "Args", container["args"]);
    if (status) {
      state(out, "State", status["state"]);
      if (status["lastState"]["terminated"]) state(out, "Last State", status["lastState"]);
      out.pair(2, "Ready", status["ready"].flag() ? "True" : "False");
      out.pair(2, "Restart Count", std::to_string(status["restartCount"].num()));
    }
    describe_resources(out, 2, container["resources"]);
    for (auto [title, field] : {std::pair{"Liveness", "livenessProbe"},
                                {"Readiness", "readinessProbe"},
                                {"Startup", "startupProbe"}}) {
      if (container[field]) out.pair(2, title, describe_probe(container[field]));
    }
    env_from(out, container["envFrom"]);
    env(out, container, pod);
    mounts(out, container);
  }
}

}  // namespace podctl::cli
