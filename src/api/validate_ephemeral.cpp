// Ephemeral containers: what they may ask for, and that they only become more.
#include <algorithm>
#include <array>

#include "api/faults.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

constexpr std::array<std::string_view, 8> kForbidden{
    "ports",     "livenessProbe", "readinessProbe", "startupProbe",
    "lifecycle", "restartPolicy", "resizePolicy",   "resources"};

// Those that are set, by Kubernetes' list (k8s pkg/apis/core/validation).
void forbidden_fields(const EphemeralContainer& c, const Path& at, FaultList& faults) {
  const bool resources =
      c.resources && (!c.resources->limits.empty() || !c.resources->requests.empty());
  const std::array<bool, kForbidden.size()> set{!c.ports.empty(),
                                                c.livenessProbe.has_value(),
                                                c.readinessProbe.has_value(),
                                                c.startupProbe.has_value(),
                                                c.lifecycle.has_value(),
                                                !c.restartPolicy.empty(),
                                                !c.resizePolicy.empty(),
                                                resources};
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i]) faults.forbidden(Path::of(at, kForbidden[i]), std::string(kNotEphemeral));
  }
  const Path mounts = Path::of(at, "volumeMounts");
  for (std::size_t i = 0; i < c.volumeMounts.size(); ++i) {
    if (!c.volumeMounts[i].subPath.empty() || !c.volumeMounts[i].subPathExpr.empty())
      faults.forbidden(Path::of(mounts, i), "cannot be set for an Ephemeral Container: subPath");
  }
}

void target(const Pod& live, const EphemeralContainer& c, const Path& at, FaultList& faults) {
  if (c.targetContainerName.empty()) return;
  const auto named = [&](const Container& x) { return x.name == c.targetContainerName; };
  const auto& spec = live.spec;
  if (std::none_of(spec.containers.begin(), spec.containers.end(), named) &&
      std::none_of(spec.initContainers.begin(), spec.initContainers.end(), named)) {
    faults.not_found(Path::of(at, "targetContainerName"), c.targetContainerName);
  }
}

}  // namespace

bool ephemeral_forbids(std::string_view field) {
  return std::ranges::find(kForbidden, field) != kForbidden.end();
}

// As containers they are checked beside the pod's own, under names that must not be taken twice.
Faults validate_ephemeral(const Pod& live, const std::vector<EphemeralContainer>& wanted) {
  Faults found;
  FaultList faults(found);
  const Path root, spec = Path::of(root, "spec"), list = Path::of(spec, "ephemeralContainers");
  const auto& old = live.spec.ephemeralContainers;
  for (const auto& before : old) {
    const auto same = std::find_if(wanted.begin(), wanted.end(),
                                   [&](const auto& c) { return c.name == before.name; });
    if (same == wanted.end()) {
      faults.forbidden(list,
                       "existing ephemeral containers \"" + before.name + "\" may not be removed");
    } else if (to_json(*same) != to_json(before)) {
      faults.forbidden(list,
                       "existing ephemeral containers \"" + before.name + "\" may not be changed");
    }
  }
  Pod all = live;
  all.spec.ephemeralContainers.clear();
  const std::size_t own = all.spec.containers.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Path at = Path::of(list, i);
    forbidden_fields(wanted[i], at, faults);
    target(live, wanted[i], at, faults);
    all.spec.containers.push_back(wanted[i]);
  }
  constexpr std::string_view kPlace = "spec.containers[";
  for (Fault& fault : validate(all)) {
    if (!fault.field.starts_with(kPlace)) continue;
    const auto end = fault.field.find(']');
    const auto index =
        text::parse_u64(std::string_view(fault.field).substr(kPlace.size(), end - kPlace.size()));
    if (!index || *index < own) continue;
    fault.field =
        "spec.ephemeralContainers[" + std::to_string(*index - own) + fault.field.substr(end);
    found.push_back(std::move(fault));
  }
  return found;
}

}  // namespace podctl::api
