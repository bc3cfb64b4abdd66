#include "podctl/node/env.hpp"

#include <algorithm>

#include "node/env_file.hpp"
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

Failure not_there(std::string text) { return fail(Code::kNotFound, "", "", std::move(text)); }

const std::string& bytes_of(const std::string& text) { return text; }
const std::string& bytes_of(const api::Bytes& bytes) { return bytes.data; }

// A key's value in the kubelet's words (K pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables);
// nothing where it may be missing. `word` and `kind`: "configmap", "ConfigMap".
template <class Reference, class Object>
Result<std::optional<std::string>> key_value(const Reference& ref, const Object* object,
                                             const std::string& ns, const std::string& word,
                                             const std::string& kind) {
  const bool optional = ref.optional.value_or(false);
  if (object == nullptr) {
    if (optional) return std::nullopt;
    return not_there(word + " \"" + ref.name + "\" not found");
  }
  const auto found = object->data.find(ref.key);
  if (found != object->data.end()) return bytes_of(found->second);
  if (optional) return std::nullopt;
  return not_there("couldn't find key " + ref.key + " in " + kind + " " + ns + "/" + ref.name);
}

// What no environment can hold would end it early.
Result<void> check_value(const std::string& name, const std::string& value) {
  if (value.find('\0') == std::string::npos) return {};
  return fail(Code::kInvalidArgument, "", "",
              "the value of the variable " + name + " has a NUL byte in it");
}

class Resolver {
 public:
  Resolver(const api::Pod& pod, const api::Container& container,
           const std::vector<std::string>& pod_ips, const NodeFacts& node, const Configs* configs)
      : pod_(pod), container_(container), pod_ips_(pod_ips), node_(node), configs_(configs) {}

  Result<EnvList> run() {
    if (configs_ != nullptr) {
      for (const auto& from : container_.envFrom) TRY(take_all(from));
    }
    for (const auto& entry : container_.env) {
      if (!entry.valueFrom) {
        set(list_, entry.name, expanded(entry.value));
        continue;
      }
      auto value = TRY(source_value(entry));
      if (!value) continue;
      TRY(check_value(entry.name, *value));
      set(list_, entry.name, std::move(*value));
    }
    return std::move(list_);
  }

 private:
  template <class Object>
  Result<void> take_data(const std::string& prefix, const Object* object, bool optional,
                         const std::string& what) {
    if (object == nullptr) return optional ? Result<void>() : not_there(what + " not found");
    for (const auto& [key, value] : object->data) {
      TRY(check_value(prefix + key, bytes_of(value)));
      set(list_, prefix + key, bytes_of(value));
    }
    return {};
  }

  Result<void> take_all(const api::EnvFromSource& from) {
    if (from.configMapRef) {
      const auto& ref = *from.configMapRef;
      TRY(take_data(from.prefix, configs_->config_map(ref.name), ref.optional.value_or(false),
                    "configmap \"" + ref.name + "\""));
    }
    if (from.secretRef) {
      const auto& ref = *from.secretRef;
      TRY(take_data(from.prefix, configs_->secret(ref.name), ref.optional.value_or(false),
                    "secret \"" + ref.name + "\""));
    }
    return {};
  }

  // Nothing: the variable is left out.
  Result<std::optional<std::string>> source_value(const api::EnvVar& entry) const {
    const auto& from = *entry.valueFrom;
    const auto& ns = pod_.metadata.namespace_;
    if (from.fieldRef) return TRY(field_value(pod_, from.fieldRef->fieldPath, pod_ips_, node_));
    if (from.resourceFieldRef) return TRY(resource(entry.name, *from.resourceFieldRef));
    if (from.configMapKeyRef) {
      if (configs_ == nullptr) return std::nullopt;
      const auto& ref = *from.configMapKeyRef;
      return key_value(ref, configs_->config_map(ref.name), ns, "configmap", "ConfigMap");
    }
    if (from.secretKeyRef) {
      if (configs_ == nullptr) return std::nullopt;
      const auto& ref = *from.secretKeyRef;
      return key_value(ref, configs_->secret(ref.name), ns, "secret", "Secret");
    }
    if (configs_ == nullptr || !configs_->file) return std::nullopt;
    return file_value(*from.fileKeyRef);
  }

  Result<std::optional<std::string>> file_value(const api::FileKeySelector& ref) const {
    const bool optional = ref.optional.value_or(false);
    auto text = configs_->file(pod_, ref.volumeName, ref.path);
    if (!text && text.error().code == Code::kNotFound && optional) return std::nullopt;
    if (!text)
      return not_there("couldn't read env file " + ref.path + ": " + text.error().message());
    auto value = env_file_value(*text, ref.key);
    if (!value)
      return not_there("couldn't parse env file " + ref.path + ": " + value.error().message());
    if (*value || optional) return value;
    return not_there("environment variable key \"" + ref.key + "\" not found in file \"" +
                     ref.path + "\"");
  }

  Result<std::string> resource(const std::string& name,
                               const api::ResourceFieldSelector& field) const {
    const auto* named =
        field.containerName.empty() ? &container_ : find_container(pod_, field.containerName);
    if (named == nullptr) {
      return fail(Code::kInvalidArgument, "resolve env", name,
                  "container " + field.containerName + " not found");
    }
    return resource_value(*named, field, node_);
  }

  std::string expanded(const std::string& value) const {
    return expand(value, [this](std::string_view name) -> std::optional<std::string> {
      for (const auto& [key, known] : list_) {
        if (key == name) return known;
      }
      return std::nullopt;
    });
  }

  const api::Pod& pod_;
  const api::Container& container_;
  const std::vector<std::string>& pod_ips_;
  const NodeFacts& node_;
  const Configs* configs_;
  EnvList list_;
};

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

bool takes_configs(const api::Container& container) {
  if (!container.envFrom.empty()) return true;
  return std::any_of(container.env.begin(), container.env.end(), [](const api::EnvVar& entry) {
    return entry.valueFrom && (entry.valueFrom->configMapKeyRef || entry.valueFrom->secretKeyRef);
  });
}

Result<EnvList> resolve_env(const api::Pod& pod, const api::Container& container,
                            const std::vector<std::string>& pod_ips, const NodeFacts& node,
                            const Configs* configs) {
  return Resolver(pod, container, pod_ips, node, configs).run();
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
