// The parts of pod validation, a file each.
#pragma once

#include <set>
#include <string>

#include "api/faults.hpp"
#include "podctl/api/claim.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/table.hpp"

namespace podctl::api {

// Required fields and closed sets of every struct below an object, straight from the field tables.
void validate_tables(const Type& type, const void* object, const Path& at, FaultList& faults);

void validate_metadata(const ObjectMeta& meta, const Path& at, FaultList& faults);
// `at`: the pod's spec.
void validate_volumes(const Pod& pod, const Path& at, FaultList& faults);
void validate_placement(const PodSpec& spec, const Path& at, FaultList& faults);
void validate_resource_ref(const ResourceFieldSelector& ref, const Path& at, FaultList& faults);
void validate_environment(const Container& c, const Path& at, FaultList& faults);
void validate_containers(const PodSpec& spec, const Path& at, FaultList& faults);
// `grace_s`: the pod's terminationGracePeriodSeconds.
void validate_probes(const Container& c, bool sidecar_or_main, std::int64_t grace_s, const Path& at,
                     FaultList& faults);
// Of a container of `spec`.
void validate_resources(const ResourceRequirements& r, const PodSpec& spec, const Path& at,
                        FaultList& faults);
void validate_pod_resources(const PodSpec& spec, const Path& at, FaultList& faults);
void validate_security(const SecurityContext& sc, const Path& at, FaultList& faults);
void validate_seccomp(const SeccompProfile& p, const Path& at, FaultList& faults);
void validate_apparmor(const AppArmorProfile& p, const Path& at, FaultList& faults);
void validate_labels(const std::map<std::string, std::string>& labels, const Path& at,
                     FaultList& faults);

// Objects that are only kept; of a Secret as it is written. kinds.hpp hands them out.
Faults validate_config_map(const ConfigMap& map);
Faults validate_config_map_update(const ConfigMap& live, const ConfigMap& wanted);
Faults validate_secret(const Secret& secret);
Faults validate_secret_update(const Secret& live, const Secret& wanted);
// Of pods that say they are linux's (K validateLinux).
inline constexpr std::string_view kNoWindows = "windows options cannot be set for a linux pod";

Faults validate_claim(const PersistentVolumeClaim& claim);
// What a claim's own tables do not say of its spec; also of a template's.
void validate_claim_spec(const PersistentVolumeClaimSpec& claim, const Path& at, FaultList& faults);
Faults validate_claim_update(const PersistentVolumeClaim& live,
                             const PersistentVolumeClaim& wanted);

// Whether an ephemeral container may not have that field, and the words for it.
bool ephemeral_forbids(std::string_view field);
inline constexpr std::string_view kNotEphemeral = "cannot be set for an Ephemeral Container";

}  // namespace podctl::api
