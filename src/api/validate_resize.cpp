// In-place resize: cpu and memory of containers that run on, and of the pod (K
// pkg/apis/core/validation, ValidatePodResize).
#include <algorithm>

#include "api/faults.hpp"
#include "podctl/api/diff.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/api/table.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

bool may_change(const std::string& name) { return name == "cpu" || name == "memory"; }

void not_removed(const ResourceMap& before, const ResourceMap& now, const Path& at,
                 std::string_view what, FaultList& faults) {
  for (const auto& [name, quantity] : before) {
    if (may_change(name) && !now.contains(name))
      faults.forbidden(at, "resource " + std::string(what) + " cannot be removed");
  }
}

bool same(const Box<ResourceRequirements>& a, const Box<ResourceRequirements>& b) {
  const ResourceRequirements none;
  return diff(type_of<ResourceRequirements>(), a ? &*a : &none, b ? &*b : &none).empty();
}

// `before` with the cpu and memory of `now`; what else differs stays and is found.
void take(const ResourceMap& now, ResourceMap& before) {
  for (const auto& [name, quantity] : now) {
    if (may_change(name)) before[name] = quantity;
  }
}

void take(const Box<ResourceRequirements>& now, Box<ResourceRequirements>& before, const Path& at,
          FaultList& faults) {
  const ResourceRequirements none;
  const ResourceRequirements &wanted = now ? *now : none, &had = before ? *before : none;
  not_removed(had.limits, wanted.limits, Path::of(at, "limits"), "limits", faults);
  not_removed(had.requests, wanted.requests, Path::of(at, "requests"), "requests", faults);
  if (!now) return;
  if (!before) before.emplace();
  take(now->limits, before->limits);
  take(now->requests, before->requests);
}

void take_list(const std::vector<Container>& now, std::vector<Container>& before, const Path& list,
               FaultList& faults) {
  for (std::size_t i = 0; i < now.size() && i < before.size(); ++i) {
    const Path here = Path::of(list, i), resources = Path::of(here, "resources");
    if (now[i].name != before[i].name) {
      faults.forbidden(Path::of(here, "name"),
                       "containers may not be renamed or reordered on resize");
      continue;
    }
    take(now[i].resources, before[i].resources, resources, faults);
  }
}

void unchanged_init(const Pod& live, const Pod& wanted, const Path& list, FaultList& faults) {
  const auto &old = live.spec.initContainers, &now = wanted.spec.initContainers;
  for (std::size_t i = 0; i < now.size() && i < old.size(); ++i) {
    if (is_sidecar(old[i]) || same(now[i].resources, old[i].resources)) continue;
    const Path here = Path::of(list, i);
    faults.forbidden(Path::of(here, "resources"),
                     "resources for non-sidecar init containers are immutable");
  }
}

}  // namespace

Faults validate_resize(const Pod& live, const Pod& wanted) {
  Faults out;
  FaultList faults(out);
  const Path root, spec = Path::of(root, "spec"), list = Path::of(spec, "containers"),
                   init = Path::of(spec, "initContainers"), level = Path::of(spec, "resources");
  unchanged_init(live, wanted, init, faults);
  PodSpec allowed = live.spec;
  take_list(wanted.spec.containers, allowed.containers, list, faults);
  take_list(wanted.spec.initContainers, allowed.initContainers, init, faults);
  if (!same(wanted.spec.resources, live.spec.resources))
    faults.forbidden(level, "pod-level resources cannot be resized");
  if (!out.empty()) return out;
  if (!diff(type_of<PodSpec>(), &allowed, &wanted.spec).empty())
    faults.forbidden(spec, "only cpu and memory resources are mutable");
  const auto before = qos_class(live), now = qos_class(wanted);
  if (before != now)
    faults.invalid(spec, qos_name(now), "Pod QOS Class may not change as a result of resizing");
  return out;
}

}  // namespace podctl::api
