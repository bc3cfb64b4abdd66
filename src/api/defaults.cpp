#include "podctl/api/defaults.hpp"

#include "podctl/api/resources_math.hpp"
#include "podctl/api/table.hpp"

namespace podctl::api {
namespace {

void set(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}
template <class T, class V>
void set(std::optional<T>& field, V value) {
  if (!field) field = static_cast<T>(value);
}

void http_get(Box<HTTPGetAction>& get) {
  if (!get) return;
  set(get->path, "/");
  set(get->scheme, "HTTP");
}

void probe(Box<Probe>& p) {
  if (!p) return;
  set(p->timeoutSeconds, 1);
  set(p->periodSeconds, 10);
  set(p->successThreshold, 1);
  set(p->failureThreshold, 3);
  http_get(p->httpGet);
}

void hook(Box<LifecycleHandler>& h) {
  if (h) http_get(h->httpGet);
}

// A limit without a request is the request too. What is finer than a thousandth is rounded up.
void requests(Box<ResourceRequirements>& resources) {
  if (!resources) return;
  for (auto* list : {&resources->limits, &resources->requests}) {
    for (auto& [name, quantity] : *list) quantity.round_up_milli();
  }
  for (const auto& [name, limit] : resources->limits) resources->requests.try_emplace(name, limit);
}

void pod_requests(PodSpec& spec) {
  if (!spec.resources) return;
  spec.resources->requests = pod_level_requests(spec);
  requests(spec.resources);
}

// The old and the new name of one field.
void account(PodSpec& spec) {
  set(spec.serviceAccountName, spec.serviceAccount);
  set(spec.serviceAccount, spec.serviceAccountName);
}

// Container and EphemeralContainer have the same fields.
template <class C>
void container(C& c) {
  if (!c.image.empty()) set(c.imagePullPolicy, default_pull_policy(c.image));
  set(c.terminationMessagePath, "/dev/termination-log");
  set(c.terminationMessagePolicy, "File");
  for (ContainerPort& port : c.ports) set(port.protocol, "TCP");
  for (EnvVar& env : c.env) {
    if (env.valueFrom && env.valueFrom->fieldRef) set(env.valueFrom->fieldRef->apiVersion, "v1");
  }
  probe(c.livenessProbe);
  probe(c.readinessProbe);
  probe(c.startupProbe);
  if (c.lifecycle) {
    hook(c.lifecycle->postStart);
    hook(c.lifecycle->preStop);
  }
  requests(c.resources);
}

bool has_source(const Volume& v) {
  const Type& type = type_of<Volume>();
  for (const Field& f : type.fields) {
    if (f.kind == Kind::kStruct && f.type().box_get(f.at(&v))) return true;
  }
  return false;
}

void items(std::vector<DownwardAPIVolumeFile>& files) {
  for (auto& file : files) {
    if (file.fieldRef) set(file.fieldRef->apiVersion, "v1");
  }
}

void projected(ProjectedVolumeSource& source) {
  set(source.defaultMode, 0644);
  for (VolumeProjection& p : source.sources) {
    if (p.serviceAccountToken) set(p.serviceAccountToken->expirationSeconds, 3600);
    if (p.downwardAPI) items(p.downwardAPI->items);
  }
}

void volume(Volume& v) {
  if (!has_source(v)) v.emptyDir.emplace();
  if (v.secret) set(v.secret->defaultMode, 0644);
  if (v.configMap) set(v.configMap->defaultMode, 0644);
  if (v.downwardAPI) {
    set(v.downwardAPI->defaultMode, 0644);
    items(v.downwardAPI->items);
  }
  if (v.projected) projected(*v.projected);
  if (v.image && !v.image->reference.empty()) {
    set(v.image->pullPolicy, default_pull_policy(v.image->reference));
  }
  if (v.ephemeral && v.ephemeral->volumeClaimTemplate) {
    set(v.ephemeral->volumeClaimTemplate->spec.volumeMode, "Filesystem");
  }
  if (v.iscsi) set(v.iscsi->iscsiInterface, "default");
  if (v.azureDisk) {
    set(v.azureDisk->cachingMode, "ReadWrite");
    set(v.azureDisk->kind, "Shared");
    set(v.azureDisk->fsType, "ext4");
    set(v.azureDisk->readOnly, false);
  }
}

// On the host's network a port is the host's port.
template <class C>
void host_ports(std::vector<C>& containers) {
  for (auto& c : containers) {
    for (ContainerPort& port : c.ports) set(port.hostPort, port.containerPort);
  }
}

std::string_view basename(std::string_view image) {
  auto slash = image.rfind('/');
  return slash == std::string_view::npos ? image : image.substr(slash + 1);
}

}  // namespace

std::string default_pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  std::string_view name = basename(image);
  auto colon = name.find(':');
  bool latest = colon == std::string_view::npos || name.substr(colon + 1) == "latest";
  return latest ? "Always" : "IfNotPresent";
}

void set_defaults(Pod& pod, std::string_view ns) {
  set(pod.apiVersion, "v1");
  set(pod.kind, "Pod");
  set(pod.metadata.namespace_, ns);
  PodSpec& spec = pod.spec;
  set(spec.dnsPolicy, "ClusterFirst");
  set(spec.restartPolicy, "Always");
  set(spec.terminationGracePeriodSeconds, 30);
  set(spec.schedulerName, "default-scheduler");
  set(spec.enableServiceLinks, true);
  set(spec.preemptionPolicy, "PreemptLowerPriority");
  set(spec.priority, 0);
  spec.securityContext.ensure();
  for (Volume& v : spec.volumes) volume(v);
  for (auto& c : spec.initContainers) container(c);
  for (auto& c : spec.containers) container(c);
  for (auto& c : spec.ephemeralContainers) container(c);
  if (spec.hostNetwork.value_or(false)) {
    host_ports(spec.initContainers);
    host_ports(spec.containers);
  }
  pod_requests(spec);
  account(spec);
}

}  // namespace podctl::api
