#include "podctl/api/kinds.hpp"

#include <algorithm>

#include "api/validate_parts.hpp"
#include "podctl/api/claim.hpp"
#include "podctl/api/event.hpp"
#include "podctl/api/node.hpp"
#include "podctl/api/pod.hpp"

namespace podctl::api {
namespace {

constexpr std::string_view kAllVerbs = "create,delete,deletecollection,get,list,patch,update,watch";

template <class T>
std::shared_ptr<void> made() {
  return std::make_shared<T>();
}

template <class T, Faults (*Validate)(const T&)>
Faults validated(const void* object) {
  return Validate(*static_cast<const T*>(object));
}

template <class T, Faults (*Validate)(const T&, const T&)>
Faults update_validated(const void* live, const void* wanted) {
  return Validate(*static_cast<const T*>(live), *static_cast<const T*>(wanted));
}

void name_config_map(void* object) {
  auto& map = *static_cast<ConfigMap*>(object);
  map.kind = "ConfigMap";
  map.apiVersion = "v1";
}

// What is written as text becomes data, over what is there (K pkg/apis/core/v1/conversion.go).
void settle_secret(void* object) {
  auto& secret = *static_cast<Secret*>(object);
  secret.kind = "Secret";
  secret.apiVersion = "v1";
  if (secret.type.empty()) secret.type = "Opaque";
  for (auto& [key, text] : secret.stringData) secret.data[key] = Bytes{std::move(text)};
  secret.stringData.clear();
}

void inherit_secret(const void* live, void* wanted) {
  auto& type = static_cast<Secret*>(wanted)->type;
  if (type.empty()) type = static_cast<const Secret*>(live)->type;
}

// A directory is made when a pod first uses it, so a claim is bound at once; but nobody makes
// volumes of another class.
void bind(PersistentVolumeClaim& claim) {
  auto& finalizers = claim.metadata.finalizers;
  if (!claim.metadata.deletionTimestamp &&
      std::ranges::find(finalizers, kClaimProtection) == finalizers.end()) {
    finalizers.emplace_back(kClaimProtection);
  }
  claim.status = {};
  claim.status.phase = "Pending";
  if (claim.spec.storageClassName != kStorageClass || !claim.spec.resources) return;
  claim.spec.volumeName = "pvc-" + claim.metadata.uid;
  claim.status.phase = "Bound";
  claim.status.accessModes = claim.spec.accessModes;
  claim.status.capacity = claim.spec.resources->requests;
}

// Once it has its uid, podctld's own part of it too.
void settle_claim(void* object) {
  auto& claim = *static_cast<PersistentVolumeClaim*>(object);
  claim.kind = "PersistentVolumeClaim";
  claim.apiVersion = "v1";
  if (claim.spec.volumeMode.empty()) claim.spec.volumeMode = "Filesystem";
  if (claim.spec.storageClassName.empty()) claim.spec.storageClassName = kStorageClass;
  if (!claim.metadata.uid.empty()) bind(claim);
}

void inherit_claim(const void* live, void* wanted) {
  const auto& before = static_cast<const PersistentVolumeClaim*>(live)->spec;
  auto& spec = static_cast<PersistentVolumeClaim*>(wanted)->spec;
  if (spec.volumeName.empty()) spec.volumeName = before.volumeName;
  if (spec.storageClassName.empty()) spec.storageClassName = before.storageClassName;
}

constexpr KindInfo kKinds[] = {
    {"Pod", "pods", "pod", "po", true, kAllVerbs, &type_of<Pod>},
    {"ConfigMap", "configmaps", "configmap", "cm", true, kAllVerbs, &type_of<ConfigMap>,
     &made<ConfigMap>, &validated<ConfigMap, validate_config_map>, &name_config_map, nullptr,
     &update_validated<ConfigMap, validate_config_map_update>},
    {"Secret", "secrets", "secret", "", true, kAllVerbs, &type_of<Secret>, &made<Secret>,
     &validated<Secret, validate_secret>, &settle_secret, &inherit_secret,
     &update_validated<Secret, validate_secret_update>},
    {"PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", "pvc", true,
     kAllVerbs, &type_of<PersistentVolumeClaim>, &made<PersistentVolumeClaim>,
     &validated<PersistentVolumeClaim, validate_claim>, &settle_claim, &inherit_claim,
     &update_validated<PersistentVolumeClaim, validate_claim_update>},
    {"Event", "events", "event", "ev", true, "get,list,watch", &type_of<Event>},
    {"Namespace", "namespaces", "namespace", "ns", false, "get,list", &type_of<Namespace>},
    {"Node", "nodes", "node", "no", false, "get,list,patch", &type_of<Node>},
};

}  // namespace

std::span<const KindInfo> kinds() { return kKinds; }

const KindInfo* find_kind(std::string_view kind) {
  for (const KindInfo& k : kKinds) {
    if (k.kind == kind) return &k;
  }
  return nullptr;
}

const KindInfo* find_plural(std::string_view plural) {
  for (const KindInfo& k : kKinds) {
    if (k.plural == plural) return &k;
  }
  return nullptr;
}

ObjectMeta& KindInfo::metadata(void* object) const {
  return *static_cast<ObjectMeta*>(type().find("metadata")->at(object));
}

const ObjectMeta& KindInfo::metadata(const void* object) const {
  return *static_cast<const ObjectMeta*>(type().find("metadata")->at(object));
}

}  // namespace podctl::api
