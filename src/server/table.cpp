#include "table.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "podctl/api/claim.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/event.hpp"
#include "podctl/api/node.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/base/text.hpp"
#include "podctl/node/clock.hpp"

namespace podctl::server {
namespace {

struct Column {
  const char* name;
  int priority;  // above 0: only with -o wide
  const char* type = "string";
};

// A row's cells as JSON.
class Cells {
 public:
  explicit Cells(std::string& out) : out_(out) {}
  Cells& operator<<(std::string_view text) {
    separate();
    api::append_json_string(out_, text);
    return *this;
  }
  Cells& operator<<(std::int32_t number) {
    separate();
    out_ += std::to_string(number);
    return *this;
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

std::string_view or_none(std::string_view text) { return text.empty() ? "<none>" : text; }

constexpr Column kPodColumns[] = {
    {"Name", 0}, {"Ready", 0}, {"Status", 0},         {"Restarts", 0},       {"Age", 0},
    {"IP", 1},   {"Node", 1},  {"Nominated Node", 1}, {"Readiness Gates", 1}};

std::string gates(const api::Pod& pod) {
  if (pod.spec.readinessGates.empty()) return "<none>";
  std::size_t met = 0;
  for (const auto& gate : pod.spec.readinessGates) {
    for (const auto& c : pod.status.conditions)
      met += c.type == gate.conditionType && c.status == "True" ? 1 : 0;
  }
  return std::to_string(met) + "/" + std::to_string(pod.spec.readinessGates.size());
}

std::span<const Column> columns(const api::Pod*) { return kPodColumns; }
void write(Cells& cells, const api::Pod& pod, const api::Time& now) {
  cells << pod.metadata.name << api::ready_count(pod).str() << api::status_text(pod)
        << api::restarts_text(pod, now) << api::age_text(pod.metadata.creationTimestamp, now)
        << or_none(pod.status.podIP) << or_none(pod.spec.nodeName)
        << or_none(pod.status.nominatedNodeName) << gates(pod);
}

constexpr Column kEventColumns[] = {
    {"Last Seen", 0}, {"Type", 0},    {"Reason", 0},     {"Object", 0},           {"Subobject", 1},
    {"Source", 1},    {"Message", 0}, {"First Seen", 1}, {"Count", 1, "integer"}, {"Name", 1}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string source_of(const api::Event& event) {
  const std::string host = event.source ? event.source->host : std::string();
  std::string source = event.source ? event.source->component : std::string();
  if (source.empty()) source = event.reportingComponent;
  return host.empty() ? source : source + ", " + host;
}

std::span<const Column> columns(const api::Event*) { return kEventColumns; }
void write(Cells& cells, const api::Event& event, const api::Time& now) {
  const auto& about = event.involvedObject;
  const auto& first = event.firstTimestamp ? event.firstTimestamp : event.eventTime;
  const auto& last = event.lastTimestamp ? event.lastTimestamp : first;
  cells << api::age_text(last, now) << event.type << event.reason
        << lower(about.kind) + "/" + about.name << about.fieldPath << source_of(event)
        << text::trim(event.message) << api::age_text(first, now)
        << std::max(event.count.value_or(1), 1) << event.metadata.name;
}

constexpr Column kNodeColumns[] = {
    {"Name", 0},           {"Status", 0},           {"Roles", 0},       {"Age", 0},
    {"Version", 0},        {"Internal-IP", 1},      {"External-IP", 1}, {"OS-Image", 1},
    {"Kernel-Version", 1}, {"Container-Runtime", 1}};

std::string_view node_status(const api::Node& node) {
  for (const auto& c : node.status.conditions) {
    if (c.type == "Ready") return c.status == "True" ? "Ready" : "NotReady";
  }
  return "Unknown";
}

std::string_view node_address(const api::Node& node, std::string_view type) {
  for (const auto& a : node.status.addresses) {
    if (a.type == type) return a.address;
  }
  return "<none>";
}

std::string node_roles(const api::Node& node) {
  constexpr std::string_view kLead = "node-role.kubernetes.io/";
  std::string roles;
  for (const auto& [key, value] : node.metadata.labels) {
    if (key.starts_with(kLead)) roles += (roles.empty() ? "" : ",") + key.substr(kLead.size());
  }
  return roles.empty() ? "<none>" : roles;
}

std::span<const Column> columns(const api::Node*) { return kNodeColumns; }
void write(Cells& cells, const api::Node& node, const api::Time& now) {
  const auto or_unknown = [](std::string_view text) { return text.empty() ? "<unknown>" : text; };
  const auto info = node.status.nodeInfo ? *node.status.nodeInfo : api::NodeSystemInfo{};
  cells << node.metadata.name << node_status(node) << node_roles(node)
        << api::age_text(node.metadata.creationTimestamp, now) << or_none(info.kubeletVersion)
        << node_address(node, "InternalIP") << node_address(node, "ExternalIP")
        << or_unknown(info.osImage) << or_unknown(info.kernelVersion)
        << or_unknown(info.containerRuntimeVersion);
}

constexpr Column kNamespaceColumns[] = {{"Name", 0}, {"Status", 0}, {"Age", 0}};

std::span<const Column> columns(const api::Namespace*) { return kNamespaceColumns; }
void write(Cells& cells, const api::Namespace& ns, const api::Time& now) {
  cells << ns.metadata.name << ns.status.phase << api::age_text(ns.metadata.creationTimestamp, now);
}

constexpr Column kConfigMapColumns[] = {{"Name", 0}, {"Data", 0}, {"Age", 0}};

std::span<const Column> columns(const api::ConfigMap*) { return kConfigMapColumns; }
void write(Cells& cells, const api::ConfigMap& map, const api::Time& now) {
  cells << map.metadata.name << static_cast<std::int32_t>(map.data.size() + map.binaryData.size())
        << api::age_text(map.metadata.creationTimestamp, now);
}

constexpr Column kSecretColumns[] = {{"Name", 0}, {"Type", 0}, {"Data", 0}, {"Age", 0}};

std::span<const Column> columns(const api::Secret*) { return kSecretColumns; }
void write(Cells& cells, const api::Secret& secret, const api::Time& now) {
  cells << secret.metadata.name << secret.type << static_cast<std::int32_t>(secret.data.size())
        << api::age_text(secret.metadata.creationTimestamp, now);
}

constexpr Column kClaimColumns[] = {{"Name", 0},
                                    {"Status", 0},
                                    {"Volume", 0},
                                    {"Capacity", 0},
                                    {"Access Modes", 0},
                                    {"StorageClass", 0},
                                    {"VolumeAttributesClass", 0},
                                    {"Age", 0},
                                    {"VolumeMode", 1}};

std::string short_modes(const std::vector<std::string>& modes) {
  std::string out;
  for (const auto& [mode, word] : {std::pair{"ReadWriteOnce", "RWO"},
                                   {"ReadOnlyMany", "ROX"},
                                   {"ReadWriteMany", "RWX"},
                                   {"ReadWriteOncePod", "RWOP"}}) {
    if (std::find(modes.begin(), modes.end(), mode) != modes.end())
      out += (out.empty() ? "" : ",") + std::string(word);
  }
  return out;
}

std::span<const Column> columns(const api::PersistentVolumeClaim*) { return kClaimColumns; }
void write(Cells& cells, const api::PersistentVolumeClaim& claim, const api::Time& now) {
  const auto size = claim.status.capacity.find("storage");
  cells << claim.metadata.name
        << (claim.metadata.deletionTimestamp ? std::string_view("Terminating")
                                             : std::string_view(claim.status.phase))
        << claim.spec.volumeName
        << (size == claim.status.capacity.end() ? std::string() : size->second.str())
        << short_modes(claim.status.accessModes) << claim.spec.storageClassName << "<unset>"
        << api::age_text(claim.metadata.creationTimestamp, now) << claim.spec.volumeMode;
}

void append_columns(std::string& text, std::span<const Column> columns) {
  const char* separator = "";
  for (const Column& c : columns) {
    text += separator;
    text += std::string("{\"name\":\"") + c.name + "\",\"type\":\"" + c.type + "\",\"format\":\"" +
            (std::string_view(c.name) == "Name" ? "name" : "") +
            "\",\"description\":\"\",\"priority\":" + std::to_string(c.priority) + "}";
    separator = ",";
  }
}

}  // namespace

template <class T>
TableText<T>::TableText(std::uint64_t version, std::string include)
    : TableText(version, std::move(include), node::to_time(node::wall_now_ns())) {}

template <class T>
TableText<T>::TableText(std::uint64_t version, std::string include, api::Time now)
    : include_(std::move(include)), now_(now) {
  text_ = R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":")" +
          std::to_string(version) + "\"";
  metadata_end_ = text_.size();
  text_ += R"(},"columnDefinitions":[)";
  append_columns(text_, columns(static_cast<const T*>(nullptr)));
  text_ += "],\"rows\":[";
}

template <class T>
void TableText<T>::add(const T& object) {
  text_ += empty_ ? "{\"cells\":[" : ",{\"cells\":[";
  empty_ = false;
  Cells cells(text_);
  write(cells, object, now_);
  text_ += "],\"object\":";
  if (include_ == "None") {
    text_ += "null";
  } else if (include_ == "Object") {
    api::encode_json(api::type_of<T>(), &object, text_);
  } else {
    text_ += R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":)";
    api::encode_json(api::type_of<api::ObjectMeta>(), &object.metadata, text_);
    text_ += '}';
  }
  text_ += '}';
}

template <class T>
std::string TableText<T>::str(const std::string& next) && {
  if (!next.empty()) text_.insert(metadata_end_, R"(,"continue":")" + next + "\"");
  text_ += "]}";
  return std::move(text_);
}

template class TableText<api::Pod>;
template class TableText<api::Event>;
template class TableText<api::Node>;
template class TableText<api::Namespace>;
template class TableText<api::ConfigMap>;
template class TableText<api::Secret>;
template class TableText<api::PersistentVolumeClaim>;

}  // namespace podctl::server
