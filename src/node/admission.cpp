#include "podctl/node/admission.hpp"

#include <algorithm>
#include <array>

#include "node/static_pods.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/diff.hpp"
#include "podctl/api/served.hpp"
#include "podctl/api/support.hpp"
#include "podctl/api/sysctls.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"
#include "podctl/lifecycle/conditions.hpp"
#include "podctl/node/clock.hpp"

namespace podctl::node {
namespace {

// What says of a pod that it came from a file is podctld's own to say.
constexpr std::array<const char*, 4> kFileMarks{kConfigSource, kConfigHash, kConfigMirror,
                                                kConfigSeen};

constexpr std::string_view kMayChange =
    "pod updates may not change fields other than "
    "`spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

std::string sentence(const api::Fault& fault) {
  return fault.field.empty() ? fault.text : fault.field + ": " + fault.text;
}

bool is_unknown(const api::Fault& fault) { return fault.text.starts_with("unknown field"); }

Refusal malformed(const api::KindInfo& kind, const api::Faults& faults) {
  std::string list;
  for (const auto& fault : faults) list += (list.empty() ? "" : ", ") + sentence(fault);
  const std::string name(kind.kind);
  Refusal refusal = bad_request(name + " in version \"v1\" cannot be handled as a " + name +
                                ": strict decoding error: " + list);
  refusal.causes = to_causes(faults);
  return refusal;
}

// Whatever makes a pod impossible here: Kubernetes' rules, what podctl cannot do, this machine.
std::vector<Cause> check(const api::Pod& pod, std::string_view node_name,
                         const std::vector<std::string>& unsafe_sysctls) {
  auto causes = to_causes(api::validate(pod));
  for (auto& cause : to_causes(api::not_served(pod))) causes.push_back(std::move(cause));
  for (auto& cause : to_causes(api::sysctls_not_allowed(pod, unsafe_sysctls)))
    causes.push_back(std::move(cause));
  if (!pod.spec.nodeName.empty() && pod.spec.nodeName != node_name) {
    causes.push_back({"FieldValueForbidden",
                      "Forbidden: the one node here is \"" + std::string(node_name) + "\"",
                      "spec.nodeName"});
  }
  return causes;
}

// `known`: what was warned of before, when the pod was made.
void warn_unsupported(Admitted& admitted, const std::vector<std::string>& known) {
  for (const auto& path : api::unsupported_fields(admitted.pod)) {
    if (std::find(known.begin(), known.end(), path) != known.end()) continue;
    admitted.warnings.push_back(path + ": podctl does not act on this field yet");
  }
}

// That `wanted` was made of another version, or of another pod of the name.
std::optional<Refusal> another(const api::Pod& live, const api::Pod& wanted) {
  const auto &name = live.metadata.name, &version = wanted.metadata.resourceVersion;
  if (!version.empty() && version != live.metadata.resourceVersion) return conflict("pods", name);
  const auto &uid = wanted.metadata.uid, &known = live.metadata.uid;
  if (uid.empty() || uid == known) return std::nullopt;
  return conflict(
      "pods", name,
      "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + known);
}

// A spec that is another one has another generation.
void raise_generation(const api::Pod& live, api::Pod& pod) {
  if (!api::diff(api::type_of<api::PodSpec>(), &live.spec, &pod.spec).empty())
    pod.metadata.generation = live.metadata.generation.value_or(1) + 1;
}

}  // namespace

std::vector<Cause> to_causes(const api::Faults& faults) {
  std::vector<Cause> causes;
  for (const auto& fault : faults) causes.push_back({fault.code, fault.text, fault.field});
  return causes;
}

Answer<std::vector<std::string>> decode_object(const api::KindInfo& kind, void* object,
                                               std::string_view body, bool yaml,
                                               std::string_view ns, FieldValidation validation) {
  const std::string wanted(kind.kind);
  api::Parsed parsed = yaml ? api::parse_documents(body) : api::parse_json(body);
  if (!parsed.faults.empty()) return Refused(malformed(kind, parsed.faults));
  if (parsed.documents.size() != 1) return Refused(bad_request("the body must hold one " + wanted));
  const api::Tree& tree = parsed.documents[0];
  if (!tree.is_map()) return Refused(bad_request("the body must be an object"));
  const std::string given(tree.string_at("kind"));
  const std::string version(tree.string_at("apiVersion"));
  if ((!given.empty() && given != wanted) || (!version.empty() && version != "v1")) {
    return Refused(bad_request("the object provided is unrecognized (must be of type " + wanted +
                               "): got " + version + ", Kind=" + given));
  }
  std::vector<std::string> warnings;
  api::Faults faults, fatal;
  api::decode(tree, kind.type(), object, faults);
  for (auto& fault : faults) {
    if (!is_unknown(fault) || validation == FieldValidation::kStrict) {
      fatal.push_back(std::move(fault));
    } else if (validation == FieldValidation::kWarn) {
      warnings.push_back(sentence(fault));
    }
  }
  if (!fatal.empty()) return Refused(malformed(kind, fatal));
  auto& meta = kind.metadata(object);
  if (!meta.namespace_.empty() && meta.namespace_ != ns) {
    return Refused(bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  meta.namespace_ = ns;
  return warnings;
}

void generate_name(api::ObjectMeta& meta, std::string_view uid) {
  if (!meta.name.empty() || meta.generateName.empty()) return;
  // Five characters after at most 58 of the prefix.
  meta.name = meta.generateName.substr(0, 58) + text::hex(text::hash64(uid), 5);
}

Answer<Admitted> decode_pod(std::string_view body, bool yaml, std::string_view ns,
                            FieldValidation validation) {
  Admitted admitted;
  auto warnings =
      decode_object(api::kind_of<api::Pod>(), &admitted.pod, body, yaml, ns, validation);
  if (!warnings) return Refused(warnings.error());
  admitted.warnings = std::move(*warnings);
  for (const char* mark : kFileMarks) admitted.pod.metadata.annotations.erase(mark);
  return admitted;
}

Answer<Admitted> admit_new(Admitted admitted, std::string_view node_name, std::string_view uid,
                           std::uint64_t wall_ns, const std::vector<std::string>& unsafe_sysctls) {
  warn_unsupported(admitted, {});
  auto& pod = admitted.pod;
  auto& meta = pod.metadata;
  generate_name(meta, uid);
  api::set_defaults(pod, meta.namespace_);
  auto causes = check(pod, node_name, unsafe_sysctls);
  if (!causes.empty()) return Refused(invalid("Pod", meta.name, std::move(causes)));
  if (const auto priority = api::class_priority(pod.spec.priorityClassName))
    pod.spec.priority = priority;
  meta.uid = uid;
  meta.creationTimestamp = to_time(wall_ns);
  meta.deletionTimestamp.reset();
  meta.deletionGracePeriodSeconds.reset();
  meta.generation = 1;
  meta.resourceVersion.clear();
  meta.selfLink.clear();
  pod.spec.nodeName = node_name;
  if (pod.spec.serviceAccountName.empty()) {
    pod.spec.serviceAccountName = pod.spec.serviceAccount = "default";
  }
  pod.status = {};
  pod.status.phase = "Pending";
  return admitted;
}

Answer<Admitted> admit_update(const api::Pod& live, Admitted wanted) {
  for (const char* mark : kFileMarks) {
    const auto kept = live.metadata.annotations.find(mark);
    wanted.pod.metadata.annotations.erase(mark);
    if (kept != live.metadata.annotations.end()) wanted.pod.metadata.annotations.emplace(*kept);
  }
  const auto& name = live.metadata.name;
  if (auto other = another(live, wanted.pod)) return Refused(std::move(*other));
  warn_unsupported(wanted, api::unsupported_fields(live));
  api::set_defaults(wanted.pod, live.metadata.namespace_);
  // They are a subresource's, and may not change here.
  auto ephemeral = std::exchange(wanted.pod.spec.ephemeralContainers, {});
  auto causes = to_causes(api::validate(wanted.pod));
  wanted.pod.spec.ephemeralContainers = std::move(ephemeral);
  if (!causes.empty()) return Refused(invalid("Pod", name, std::move(causes)));
  const auto change = api::pod_change(live, wanted.pod);
  if (!change.immutable.empty()) {
    causes.push_back({"FieldValueForbidden", "Forbidden: " + std::string(kMayChange), "spec"});
    Refusal refusal = invalid("Pod", name, causes);
    refusal.causes.clear();
    for (const auto& path : change.immutable) {
      refusal.causes.push_back(
          {"FieldValueForbidden", "Forbidden: may not change in an update", path});
    }
    return Refused(std::move(refusal));
  }
  Admitted result;
  result.warnings = std::move(wanted.warnings);
  result.pod = live;
  result.pod.metadata.labels = std::move(wanted.pod.metadata.labels);
  result.pod.metadata.annotations = std::move(wanted.pod.metadata.annotations);
  bool spec_changed = false;
  for (const auto& path : change.changed) spec_changed = spec_changed || path.starts_with("spec");
  if (spec_changed && is_static(live)) {
    return Refused(
        invalid("Pod", name,
                {{"FieldValueForbidden",
                  "Forbidden: a static pod is what its file says: change that", "spec"}}));
  }
  if (spec_changed) {
    const std::string node = live.spec.nodeName;
    const std::string account = live.spec.serviceAccountName, old_name = live.spec.serviceAccount;
    result.pod.spec = std::move(wanted.pod.spec);
    result.pod.spec.nodeName = node;
    if (result.pod.spec.serviceAccountName.empty()) {
      result.pod.spec.serviceAccountName = account;
      result.pod.spec.serviceAccount = old_name;
    }
    result.pod.metadata.generation = live.metadata.generation.value_or(1) + 1;
  }
  return result;
}

Answer<Admitted> admit_ephemeral(const api::Pod& live, Admitted wanted) {
  const auto& name = live.metadata.name;
  if (auto other = another(live, wanted.pod)) return Refused(std::move(*other));
  api::set_defaults(wanted.pod, live.metadata.namespace_);
  auto causes = to_causes(api::validate_ephemeral(live, wanted.pod.spec.ephemeralContainers));
  if (!causes.empty()) return Refused(invalid("Pod", name, std::move(causes)));
  Admitted result;
  result.warnings = std::move(wanted.warnings);
  result.pod = live;
  result.pod.spec.ephemeralContainers = std::move(wanted.pod.spec.ephemeralContainers);
  warn_unsupported(result, api::unsupported_fields(live));
  raise_generation(live, result.pod);
  return result;
}

Answer<Admitted> admit_status(const api::Pod& live, Admitted wanted) {
  if (auto other = another(live, wanted.pod)) return Refused(std::move(*other));
  Admitted result;
  result.warnings = std::move(wanted.warnings);
  result.pod = live;
  auto& conditions = result.pod.status.conditions;
  std::erase_if(conditions, [](const auto& c) { return !lifecycle::is_own_condition(c.type); });
  std::vector<Cause> causes;
  for (std::size_t i = 0; i < wanted.pod.status.conditions.size(); ++i) {
    auto& condition = wanted.pod.status.conditions[i];
    if (lifecycle::is_own_condition(condition.type)) continue;
    if (const auto why = api::check_qualified_name(condition.type); !why.empty()) {
      causes.push_back({"FieldValueInvalid", "Invalid value: \"" + condition.type + "\": " + why,
                        "status.conditions[" + std::to_string(i) + "].type"});
    }
    conditions.push_back(std::move(condition));
  }
  if (!causes.empty()) return Refused(invalid("Pod", live.metadata.name, std::move(causes)));
  return result;
}

Answer<Admitted> admit_resize(const api::Pod& live, Admitted wanted) {
  const auto& name = live.metadata.name;
  if (auto other = another(live, wanted.pod)) return Refused(std::move(*other));
  api::set_defaults(wanted.pod, live.metadata.namespace_);
  auto& spec = wanted.pod.spec;
  spec.nodeName = live.spec.nodeName;
  // They are a subresource's of their own.
  spec.ephemeralContainers.clear();
  api::Pod before = live;
  before.spec.ephemeralContainers.clear();
  auto causes = to_causes(api::validate(wanted.pod));
  for (auto& cause : to_causes(api::validate_resize(before, wanted.pod)))
    causes.push_back(std::move(cause));
  if (is_static(live))
    causes.push_back({"FieldValueForbidden", "Forbidden: static pods cannot be resized", "spec"});
  if (!causes.empty()) return Refused(invalid("Pod", name, std::move(causes)));
  Admitted result;
  result.warnings = std::move(wanted.warnings);
  result.pod = live;
  result.pod.spec.resources = std::move(spec.resources);
  for (std::size_t i = 0; i < spec.containers.size(); ++i)
    result.pod.spec.containers[i].resources = std::move(spec.containers[i].resources);
  for (std::size_t i = 0; i < spec.initContainers.size(); ++i)
    result.pod.spec.initContainers[i].resources = std::move(spec.initContainers[i].resources);
  raise_generation(live, result.pod);
  return result;
}

}  // namespace podctl::node
