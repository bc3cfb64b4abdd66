#include "podctl/api/served.hpp"

#include <algorithm>
#include <array>

#include "api/faults.hpp"
#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/sysctls.hpp"
#include "podctl/api/table.hpp"

namespace podctl::api {
namespace {

constexpr std::array<std::string_view, 9> kVolumes{"emptyDir",
                                                   "hostPath",
                                                   "configMap",
                                                   "secret",
                                                   "downwardAPI",
                                                   "projected",
                                                   "persistentVolumeClaim",
                                                   "image",
                                                   "ephemeral"};

// Fields that no pod may set here, and why.
struct Never {
  std::string_view type, field, why;
};
constexpr Never kNever[] = {
    {"PodSpec", "runtimeClassName",
     "there is no other runtime here that a RuntimeClass could name: podctl runs every pod itself"},
    {"PodSpec", "resourceClaims",
     "podctl has no device drivers, which could give anything to a claim"},
    {"VolumeProjection", "serviceAccountToken",
     "podctl issues no tokens: there is no API server that would take one"},
    {"VolumeProjection", "clusterTrustBundle",
     "there is no cluster here whose signers could be trusted"},
    {"VolumeProjection", "podCertificate", "there is no signer here"},
};
constexpr std::string_view kNoVolume =
    "no driver, server or cloud stands behind one machine that could provide such a volume";

// Empty where one may.
std::string_view never(std::string_view type, std::string_view field) {
  const auto row = std::ranges::find_if(
      kNever, [&](const Never& it) { return it.type == type && it.field == field; });
  return row == std::end(kNever) ? std::string_view() : row->why;
}

void forbid(std::string_view type, std::string_view field, const Path& at, FaultList& faults) {
  faults.forbidden(Path::of(at, field), std::string(never(type, field)));
}

// Sources of a projected volume that nobody here could issue.
void projected(const ProjectedVolumeSource& source, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "sources");
  for (std::size_t i = 0; i < source.sources.size(); ++i) {
    const VolumeProjection& part = source.sources[i];
    const Path here = Path::of(list, i);
    if (part.serviceAccountToken) {
      forbid("VolumeProjection", "serviceAccountToken", here, faults);
    }
    if (part.clusterTrustBundle) {
      forbid("VolumeProjection", "clusterTrustBundle", here, faults);
    }
    if (part.podCertificate) {
      forbid("VolumeProjection", "podCertificate", here, faults);
    }
  }
}

void volumes(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "volumes");
  for (std::size_t i = 0; i < spec.volumes.size(); ++i) {
    const Volume& volume = spec.volumes[i];
    const Path here = Path::of(list, i), within = Path::of(here, "projected");
    if (volume.projected) projected(*volume.projected, within, faults);
    for (const Field& source : type_of<Volume>().fields) {
      if (source.kind != Kind::kStruct || !source.type().box_get(source.at(&volume))) continue;
      if (std::ranges::find(kVolumes, source.name) != kVolumes.end()) continue;
      faults.forbidden(Path::of(here, source.name), std::string(kNoVolume));
    }
  }
}

// Those of the machine; which of a pod's own are allowed podctld knows (sysctls.hpp).
void sysctls(const PodSecurityContext& context, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "sysctls");
  for (std::size_t i = 0; i < context.sysctls.size(); ++i) {
    const std::string& name = context.sysctls[i].name;
    if (name.empty() || !check_sysctl_name(name).empty() || namespaced_sysctl(dotted_sysctl(name)))
      continue;
    const Path here = Path::of(list, i);
    faults.forbidden(Path::of(here, "name"), "sysctl \"" + name +
                                                 "\" not allowlisted: no pod has it of its own, so "
                                                 "it would be the whole machine's");
  }
}

// A user namespace of the pod's own has 65536 ids (ipam/id_ranges.hpp), and a process, or a file
// that it makes, can have no others.
constexpr std::int64_t kLastId = 65535;

void own_id(const std::optional<std::int64_t>& id, const Path& at, FaultList& faults) {
  if (!id || *id <= kLastId) return;
  faults.invalid(
      at, *id,
      "must be between 0 and 65535, inclusive, when `hostUsers` is false: the pod's user "
      "namespace has no other ids");
}

void own_users(const Container& c, const Path& at, FaultList& faults) {
  if (c.securityContext) {
    const Path context = Path::of(at, "securityContext");
    own_id(c.securityContext->runAsUser, Path::of(context, "runAsUser"), faults);
    own_id(c.securityContext->runAsGroup, Path::of(context, "runAsGroup"), faults);
  }
  const Path mounts = Path::of(at, "volumeMounts");
  for (std::size_t i = 0; i < c.volumeMounts.size(); ++i) {
    if (c.volumeMounts[i].mountPropagation != "Bidirectional") continue;
    const Path mount = Path::of(mounts, i);
    faults.forbidden(
        Path::of(mount, "mountPropagation"),
        "may not be Bidirectional when `hostUsers` is false: what the pod's root mounts "
        "must not reach the host");
  }
}

// What a pod with a user namespace of its own may not ask for, though others may.
void own_users(const PodSpec& spec, const Path& at, FaultList& faults) {
  if (spec.hostUsers.value_or(true)) return;
  if (spec.securityContext) {
    const PodSecurityContext& sc = *spec.securityContext;
    const Path context = Path::of(at, "securityContext");
    own_id(sc.runAsUser, Path::of(context, "runAsUser"), faults);
    own_id(sc.runAsGroup, Path::of(context, "runAsGroup"), faults);
    own_id(sc.fsGroup, Path::of(context, "fsGroup"), faults);
    const Path groups = Path::of(context, "supplementalGroups");
    for (std::size_t i = 0; i < sc.supplementalGroups.size(); ++i)
      own_id(sc.supplementalGroups[i], Path::of(groups, i), faults);
  }
  const auto each = [&](const auto& list, std::string_view name) {
    const Path here = Path::of(at, name);
    for (std::size_t i = 0; i < list.size(); ++i) own_users(list[i], Path::of(here, i), faults);
  };
  each(spec.initContainers, "initContainers");
  each(spec.containers, "containers");
  each(spec.ephemeralContainers, "ephemeralContainers");
}

void whole(const PodSpec& spec, const Path& at, FaultList& faults) {
  own_users(spec, at, faults);
  if (!spec.runtimeClassName.empty()) {
    forbid("PodSpec", "runtimeClassName", at, faults);
  }
  if (!spec.priorityClassName.empty() && !class_priority(spec.priorityClassName)) {
    faults.forbidden(Path::of(at, "priorityClassName"),
                     "no PriorityClass with name " + spec.priorityClassName +
                         " was found: there are system-cluster-critical and system-node-critical");
  }
  if (!spec.resourceClaims.empty()) {
    forbid("PodSpec", "resourceClaims", at, faults);
  }
  if (spec.os && spec.os->name == "windows") {
    const Path os = Path::of(at, "os");
    faults.forbidden(Path::of(os, "name"), "podctl runs pods of linux");
  }
  if (spec.securityContext) {
    sysctls(*spec.securityContext, Path::of(at, "securityContext"), faults);
  }
}

}  // namespace

std::string_view refused(const Type& type, const Field& field) {
  if (const auto why = never(type.name, field.name); !why.empty()) return why;
  if (type.name == "Volume" && field.kind == Kind::kStruct &&
      std::ranges::find(kVolumes, field.name) == kVolumes.end())
    return kNoVolume;
  if (type.name == "EphemeralContainer" && ephemeral_forbids(field.name)) return kNotEphemeral;
  return {};
}

// The two that every cluster has (k8s pkg/apis/scheduling/types.go).
std::optional<std::int32_t> class_priority(std::string_view name) {
  if (name == "system-cluster-critical") return 2000000000;
  if (name == "system-node-critical") return 2000001000;
  return std::nullopt;
}

Faults not_served(const Pod& pod) {
  Faults out;
  FaultList faults(out);
  const Path root, spec = Path::of(root, "spec");
  whole(pod.spec, spec, faults);
  volumes(pod.spec, spec, faults);
  return out;
}

}  // namespace podctl::api
