#include "podctl/node/env.hpp"

#include <algorithm>

#include "podctl/base/text.hpp"
#include "podctl/node/context.hpp"

namespace podctl::node {
namespace {

constexpr std::string_view kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// "metadata.labels['key']" -> "key".
std::optional<std::string> subscript(std::string_view path, std::string_view field) {
  if (!path.starts_with(field)) return std::nullopt;
  path.remove_prefix(field.size());
  if (!path.starts_with("['") || !path.ends_with("']") || path.size() < 4) return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

std::string value_or_empty(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

Result<std::string> source_value(const api::Pod& pod, const api::Container& container,
                                 const api::EnvVar& entry, const std::vector<std::string>& pod_ips,
                                 const NodeFacts& node) {
  const auto& from = *entry.valueFrom;
  if (from.fieldRef) return field_value(pod, from.fieldRef->fieldPath, pod_ips, node);
  if (from.resourceFieldRef) {
    const auto& field = *from.resourceFieldRef;
    const auto* named =
        field.containerName.empty() ? &container : find_container(pod, field.containerName);
    if (named == nullptr) {
      return fail(Code::kInvalidArgument, "resolve env", entry.name,
                  "container " + field.containerName + " not found");
    }
    return resource_value(*named, field, node);
  }
  return fail(Code::kUnsupported, "resolve env", entry.name,
              "podctl has no ConfigMaps, Secrets or env files to take it from");
}

// Optional sources that do not exist leave the variable out, as in Kubernetes.
bool left_out(const api::EnvVar& entry) {
  if (!entry.valueFrom) return false;
  const auto& from = *entry.valueFrom;
  return (from.configMapKeyRef && from.configMapKeyRef->optional.value_or(false)) ||
         (from.secretKeyRef && from.secretKeyRef->optional.value_or(false));
}

void set(EnvList& list, const std::string& name, std::string value) {
  for (auto& [key, old] : list) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  list.emplace_back(name, std::move(value));
}

std::int64_t round_up(std::int64_t value, std::int64_t divisor) {
  if (divisor <= 0) divisor = 1;
  return value / divisor + (value % divisor > 0 ? 1 : 0);
}

}  // namespace

std::string expand(std::string_view text,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == '$') {
      out += '$';
      continue;
    }
    const auto end = next == '(' ? text.find(')', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += '$';
      out += next;
      continue;
    }
    const auto name = text.substr(i + 1, end - i - 1);
    if (auto value = lookup(name)) {
      out += *value;
    } else {
      out += "$(" + std::string(name) + ")";
    }
    i = end;
  }
  return out;
}

Result<std::string> field_value(const api::Pod& pod, std::string_view path,
                                const std::vector<std::string>& pod_ips, const NodeFacts& node) {
  const auto& meta = pod.metadata;
  if (auto key = subscript(path, "metadata.labels")) return value_or_empty(meta.labels, *key);
  if (auto key = subscript(path, "metadata.annotations"))
    return value_or_empty(meta.annotations, *key);
  if (path == "metadata.name") return meta.name;
  if (path == "metadata.namespace") return meta.namespace_;
  if (path == "metadata.uid") return meta.uid;
  if (path == "spec.nodeName") return pod.spec.nodeName.empty() ? node.name : pod.spec.nodeName;
  if (path == "spec.serviceAccountName") return pod.spec.serviceAccountName;
  if (path == "status.podIP") return pod_ips.empty() ? std::string() : pod_ips.front();
  if (path == "status.podIPs") return text::join(pod_ips, ",");
  if (path == "status.hostIP") return node.host_ips.empty() ? std::string() : node.host_ips.front();
  if (path == "status.hostIPs") return text::join(node.host_ips, ",");
  return fail(Code::kInvalidArgument, "resolve field", std::string(path), "unsupported fieldPath");
}

Result<std::string> resource_value(const api::Container& container,
                                   const api::ResourceFieldSelector& field, const NodeFacts& node) {
  const auto dot = field.resource.find('.');
  const std::string group = field.resource.substr(0, dot);
  const std::string name = dot == std::string::npos ? "" : field.resource.substr(dot + 1);
  if ((group != "limits" && group != "requests") || name.empty()) {
    return fail(Code::kInvalidArgument, "resolve resource", field.resource,
                "unsupported container resource");
  }
  api::Quantity value;
  if (container.resources) {
    const auto& map =
        group == "limits" ? container.resources->limits : container.resources->requests;
    if (const auto found = map.find(name); found != map.end()) value = found->second;
  }
  const api::Quantity divisor = field.divisor.is_zero() ? api::Quantity::of(1) : field.divisor;
  if (name == "cpu") {
    if (!value.has_value() && group == "limits")
      value = api::Quantity::of(static_cast<std::int64_t>(node.cpus));
    return std::to_string(round_up(value.milli_value(), divisor.milli_value()));
  }
  if (!value.has_value() && group == "limits" && name == "memory") {
    value = api::Quantity::of(static_cast<std::int64_t>(node.memory_bytes));
  }
  return std::to_string(round_up(value.value(), divisor.value()));
}

Result<EnvList> resolve_env(const api::Pod& pod, const api::Container& container,
                            const std::vector<std::string>& pod_ips, const NodeFacts& node) {
  EnvList list;
  for (const auto& from : container.envFrom) {
    const bool optional = (from.configMapRef && from.configMapRef->optional.value_or(false)) ||
                          (from.secretRef && from.secretRef->optional.value_or(false));
    if (!optional) {
      return fail(Code::kUnsupported, "resolve envFrom", container.name,
                  "podctl has no ConfigMaps or Secrets to take it from");
    }
  }
  for (const auto& entry : container.env) {
    if (left_out(entry)) continue;
    if (entry.valueFrom) {
      set(list, entry.name, TRY(source_value(pod, container, entry, pod_ips, node)));
      continue;
    }
    set(list, entry.name,
        expand(entry.value, [&list](std::string_view name) -> std::optional<std::string> {
          for (const auto& [key, value] : list) {
            if (key == name) return value;
          }
          return std::nullopt;
        }));
  }
  return list;
}

std::vector<std::string> merge_env(const std::vector<std::string>& image, const EnvList& container,
                                   bool tty) {
  std::vector<std::string> env{std::string(kDefaultPath)};
  if (tty) env.emplace_back("TERM=xterm");
  auto put = [&env](std::string entry) {
    const auto key = entry.substr(0, entry.find('=')) + "=";
    const auto same = std::find_if(env.begin(), env.end(),
                                   [&key](const std::string& e) { return e.starts_with(key); });
    if (same != env.end()) {
      *same = std::move(entry);
    } else {
      env.push_back(std::move(entry));
    }
  };
  for (const auto& entry : image) put(entry);
  for (const auto& [key, value] : container) put(key + "=" + value);
  return env;
}

}  // namespace podctl::node
