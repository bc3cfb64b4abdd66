#include "podctl/api/support.hpp"

#include <algorithm>
#include <span>

#include "api/path.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/served.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

// The fields that podctl acts on, a row a type. A struct is entered only through a field that
// stands here.
struct Row {
  std::string_view type;
  std::string_view fields;  // parted by spaces
};
constexpr Row kSupported[] = {
    {"Pod", "kind apiVersion metadata spec status"},
    {"ObjectMeta",
     "name generateName namespace uid resourceVersion generation creationTimestamp "
     "deletionTimestamp deletionGracePeriodSeconds labels annotations"},
    {"ConfigMap", "kind apiVersion metadata immutable data binaryData"},
    {"Secret", "kind apiVersion metadata immutable data stringData type"},
    {"PersistentVolumeClaim", "kind apiVersion metadata spec status"},
    {"PersistentVolumeClaimSpec", "accessModes resources volumeName storageClassName volumeMode"},
    {"VolumeResourceRequirements", "requests"},
    {"PersistentVolumeClaimVolumeSource", "claimName readOnly"},
    {"PodSpec",
     "volumes initContainers containers ephemeralContainers restartPolicy "
     "terminationGracePeriodSeconds dnsPolicy "
     "serviceAccountName serviceAccount nodeName hostNetwork hostPID hostIPC shareProcessNamespace "
     "securityContext "
     "hostname subdomain schedulerName hostAliases priority priorityClassName nodeSelector "
     "affinity "
     "readinessGates "
     "tolerations topologySpreadConstraints schedulingGates dnsConfig enableServiceLinks "
     "preemptionPolicy overhead setHostnameAsFQDN os resources hostnameOverride "
     "activeDeadlineSeconds "
     "hostUsers automountServiceAccountToken imagePullSecrets"},
    {"LocalObjectReference", "name"},
    {"Container",
     "name image command args workingDir ports env envFrom resources restartPolicy "
     "restartPolicyRules "
     "resizePolicy volumeMounts lifecycle livenessProbe readinessProbe startupProbe "
     "terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin "
     "stdinOnce tty"},
    {"EphemeralContainer",
     "name image command args workingDir env envFrom volumeMounts terminationMessagePath "
     "terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty "
     "targetContainerName"},
    {"PodReadinessGate", "conditionType"},
    {"ContainerPort", "name hostPort containerPort protocol hostIP"},
    {"ContainerRestartRule", "action exitCodes"},
    {"ContainerRestartRuleOnExitCodes", "operator values"},
    {"EnvVar", "name value valueFrom"},
    {"EnvVarSource", "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef"},
    {"FileKeySelector", "volumeName path key optional"},
    {"ConfigMapKeySelector", "name key optional"},
    {"SecretKeySelector", "name key optional"},
    {"EnvFromSource", "prefix configMapRef secretRef"},
    {"ConfigMapEnvSource", "name optional"},
    {"SecretEnvSource", "name optional"},
    {"ObjectFieldSelector", "apiVersion fieldPath"},
    {"ResourceFieldSelector", "containerName resource divisor"},
    {"ResourceRequirements", "limits requests"},
    {"ContainerResizePolicy", "resourceName restartPolicy"},
    {"VolumeMount",
     "name readOnly recursiveReadOnly mountPath mountPropagation subPath subPathExpr"},
    {"Probe",
     "exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds "
     "successThreshold "
     "failureThreshold terminationGracePeriodSeconds"},
    {"ExecAction", "command"},
    {"HTTPGetAction", "path port host scheme httpHeaders protocol"},
    {"HTTPHeader", "name value"},
    {"TCPSocketAction", "port host"},
    {"GRPCAction", "port service mode"},
    {"Lifecycle", "postStart preStop stopSignal"},
    {"LifecycleHandler", "exec httpGet tcpSocket sleep"},
    {"SleepAction", "seconds"},
    {"SecurityContext",
     "capabilities privileged runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem "
     "allowPrivilegeEscalation procMount seccompProfile appArmorProfile seLinuxOptions"},
    {"Capabilities", "add drop"},
    {"SeccompProfile", "type localhostProfile"},
    {"PodSecurityContext",
     "runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy fsGroup "
     "fsGroupChangePolicy sysctls "
     "seccompProfile appArmorProfile seLinuxOptions"},
    {"AppArmorProfile", "type localhostProfile"},
    {"SELinuxOptions", "user role type level"},
    {"Sysctl", "name value"},
    {"Volume",
     "name emptyDir hostPath configMap secret downwardAPI projected persistentVolumeClaim image "
     "ephemeral"},
    {"EphemeralVolumeSource", "volumeClaimTemplate"},
    {"PersistentVolumeClaimTemplate", "metadata spec"},
    {"ImageVolumeSource", "reference pullPolicy"},
    {"ConfigMapVolumeSource", "name items defaultMode optional"},
    {"SecretVolumeSource", "secretName items defaultMode optional"},
    {"DownwardAPIVolumeSource", "items defaultMode"},
    {"DownwardAPIVolumeFile", "path fieldRef resourceFieldRef mode"},
    {"ProjectedVolumeSource", "sources defaultMode"},
    {"VolumeProjection", "configMap secret downwardAPI"},
    {"ConfigMapProjection", "name items optional"},
    {"SecretProjection", "name items optional"},
    {"DownwardAPIProjection", "items"},
    {"KeyToPath", "key path mode"},
    {"EmptyDirVolumeSource", "medium sizeLimit mode"},
    {"HostPathVolumeSource", "path type"},
    {"Affinity", "nodeAffinity podAffinity podAntiAffinity"},
    {"NodeAffinity",
     "requiredDuringSchedulingIgnoredDuringExecution "
     "preferredDuringSchedulingIgnoredDuringExecution"},
    {"NodeSelector", "nodeSelectorTerms"},
    {"NodeSelectorTerm", "matchExpressions matchFields"},
    {"NodeSelectorRequirement", "key operator values"},
    {"PreferredSchedulingTerm", "weight preference"},
    {"PodAffinity",
     "requiredDuringSchedulingIgnoredDuringExecution "
     "preferredDuringSchedulingIgnoredDuringExecution"},
    {"PodAntiAffinity",
     "requiredDuringSchedulingIgnoredDuringExecution "
     "preferredDuringSchedulingIgnoredDuringExecution"},
    {"PodAffinityTerm",
     "labelSelector namespaces topologyKey namespaceSelector matchLabelKeys mismatchLabelKeys"},
    {"WeightedPodAffinityTerm", "weight podAffinityTerm"},
    {"LabelSelector", "matchLabels matchExpressions"},
    {"LabelSelectorRequirement", "key operator values"},
    {"Toleration", "key operator value effect tolerationSeconds"},
    {"TopologySpreadConstraint",
     "maxSkew topologyKey whenUnsatisfiable labelSelector minDomains nodeAffinityPolicy "
     "nodeTaintsPolicy matchLabelKeys"},
    {"PodSchedulingGate", "name"},
    {"HostAlias", "ip hostnames"},
    {"PodDNSConfig", "nameservers searches options"},
    {"PodDNSConfigOption", "name value"},
    {"PodOS", "name"},
};

// Of these only some values are acted on; the others are reported with the value. The values that
// need no action are Kubernetes' defaults, so that an object read back is clean.
constexpr Row kOnlyValues[] = {
    {"PodSpec.serviceAccountName", "default"},
    {"PodSpec.serviceAccount", "default"},
    {"PodSpec.schedulerName", "default-scheduler"},
    {"PodSpec.priority", "0 2000000000 2000001000"},
    {"PodSpec.preemptionPolicy", "PreemptLowerPriority"},
    {"PodSpec.automountServiceAccountToken", "false"},
    {"PodOS.name", "linux"},
    {"Container.imagePullPolicy", "IfNotPresent Never"},
    {"ImageVolumeSource.pullPolicy", "IfNotPresent Never"},
    {"HTTPGetAction.protocol", "HTTP1"},
    {"GRPCAction.mode", "Plaintext"},
    {"EmptyDirVolumeSource.medium", "Memory"},
};

// Resources that a limit or request is carried out for; storage is a claim's.
constexpr std::string_view kResources = "cpu memory ephemeral-storage storage";

bool contains(std::string_view words, std::string_view word) {
  auto all = text::split(words, ' ');
  return std::find(all.begin(), all.end(), word) != all.end();
}

const Row* find(std::span<const Row> rows, std::string_view type) {
  for (const Row& row : rows) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

// A field as its JSON text without quotes; empty when it is not set.
std::string scalar_text(const Field& f, const void* object) {
  Field alone = f;
  alone.required = false;
  alone.shown_empty = false;
  Type wrapper{};
  wrapper.fields = std::span<const Field>(&alone, 1);
  std::string json;
  encode_json(wrapper, object, json);
  if (json.size() <= 2) return {};
  std::string value = json.substr(f.name.size() + 4, json.size() - f.name.size() - 5);
  if (value.size() >= 2 && value[0] == '"') value = value.substr(1, value.size() - 2);
  return value;
}

// "Always" is what Kubernetes fills in for a tag of latest: an object read back must be clean.
bool is_pull_policy_default(const Type& type, const Field& f, const void* object,
                            std::string_view text) {
  if (type.name == "ImageVolumeSource" && f.name == "pullPolicy")
    return text == default_pull_policy(static_cast<const ImageVolumeSource*>(object)->reference);
  if (type.name != "Container" || f.name != "imagePullPolicy") return false;
  return text == default_pull_policy(static_cast<const Container*>(object)->image);
}

class Walk {
 public:
  explicit Walk(std::vector<std::string>& out) : out_(out) {}

  void object(const Type& type, const void* object, const Path& path) {
    for (const Field& f : type.fields) field(type, f, object, Path::of(path, f.name));
  }

 private:
  void field(const Type& type, const Field& f, const void* object, const Path& path) {
    bool known = supported(type, f);
    if (!known || f.kind != Kind::kStruct) {
      std::string text = scalar_text(f, object);
      if (text.empty()) return;
      // kubectl writes it into every container that it makes.
      if (!known && text == "{}" && f.type && f.type().name == "ResourceRequirements") return;
      if (!known) return out_.push_back(path.str());
      if (f.kind == Kind::kQuantity && f.shape == Shape::kMap) return resources(f, object, path);
      if (is_pull_policy_default(type, f, object, text)) return;
      value(type, f, text, path);
      return;
    }
    const void* at = f.at(object);
    const Type& inner = f.type();
    if (f.shape == Shape::kPlain) return this->object(inner, at, path);
    if (f.shape == Shape::kOptional) {
      if (const void* p = inner.box_get(at)) this->object(inner, p, path);
      return;
    }
    for (std::size_t i = 0, n = inner.list_size(at); i < n; ++i) {
      this->object(inner, inner.list_at_const(at, i), Path::of(path, i));
    }
  }

  void value(const Type& type, const Field& f, const std::string& text, const Path& path) {
    const Row* row = find(kOnlyValues, std::string(type.name) + "." + std::string(f.name));
    if (row && !contains(row->fields, text)) out_.push_back(path.str() + "=" + text);
  }

  void resources(const Field& f, const void* object, const Path& path) {
    for (const auto& [name, _] :
         *static_cast<const std::map<std::string, Quantity>*>(f.at(object))) {
      if (!contains(kResources, name)) out_.push_back(Path::of(path, name).str());
    }
  }

  std::vector<std::string>& out_;
};

}  // namespace

bool supported(const Type& type, const Field& field) {
  const Row* row = find(kSupported, type.name);
  return row && contains(row->fields, field.name);
}

std::string support_word(const Type& type, const Field& field) {
  if (!supported(type, field)) {
    const auto why = refused(type, field);
    return why.empty() ? "not yet" : "refused: " + std::string(why);
  }
  const Row* row = find(kOnlyValues, std::string(type.name) + "." + std::string(field.name));
  if (!row) return "supported";
  std::string values;
  for (const auto value : text::split(row->fields, ' ')) {
    values += (values.empty() ? "" : ", ") + std::string(value);
  }
  return "supported: " + values;
}

std::vector<std::string> unsupported_fields(const Type& type, const void* object) {
  std::vector<std::string> out;
  Walk walk(out);
  const Path root;
  for (const Field& f : type.fields) {
    if (f.name != "metadata" && f.name != "spec") continue;
    walk.object(f.type(), f.at(object), Path::of(root, f.name));
  }
  // A deletion of what is only kept does wait for them.
  if (type.name != "Pod") std::erase(out, "metadata.finalizers");
  return out;
}

}  // namespace podctl::api
