// Requests, limits and claims of a container and of the pod, and how those two fit (K
// pkg/apis/core/validation).
#include <algorithm>

#include "api/validate_parts.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

bool is_huge(std::string_view name) { return name.starts_with("hugepages-"); }
bool is_extended(std::string_view name) { return name.find('/') != std::string_view::npos; }

std::string resource_fault(std::string_view name, bool pod_level) {
  if (name == "cpu" || name == "memory" || is_huge(name)) return {};
  if (pod_level) return "must be a standard resource for pods";
  if (name == "ephemeral-storage") return {};
  if (auto why = check_qualified_name(name); !why.empty()) return why;
  if (!is_extended(name)) return "must be a standard resource type or fully qualified";
  return {};
}

void amounts(const ResourceMap& map, bool pod_level, const Path& at, FaultList& faults) {
  for (const auto& [name, amount] : map) {
    const Path here = Path::of(at, name);
    faults.check(here, name, resource_fault(name, pod_level));
    if (amount.sign() < 0) faults.invalid(here, amount.str(), "must be greater than or equal to 0");
    if (is_extended(name) && Quantity::of(amount.value()) != amount) {
      faults.invalid(here, amount.str(), "must be an integer");
    }
  }
}

void request_and_limit(const ResourceRequirements& r, const Path& at, FaultList& faults) {
  const Path requests = Path::of(at, "requests");
  for (const auto& [name, request] : r.requests) {
    const auto limit = r.limits.find(name);
    const bool fixed = is_extended(name) || is_huge(name);
    const Path here = Path::of(requests, name);
    if (limit == r.limits.end()) {
      if (fixed)
        faults.required(Path::of(at, "limits"),
                        "Limit must be set for non overcommitable resources");
    } else if (fixed && request != limit->second) {
      faults.invalid(here, request.str(),
                     "must be equal to " + name + " limit of " + limit->second.str());
    } else if (request > limit->second) {
      faults.invalid(here, request.str(),
                     "must be less than or equal to " + name + " limit of " + limit->second.str());
    }
  }
}

void huge_pages(const ResourceRequirements& r, const Path& at, FaultList& faults) {
  bool huge = false, other = false;
  for (const ResourceMap* map : {&r.limits, &r.requests}) {
    for (const auto& [name, amount] : *map) {
      huge = huge || is_huge(name);
      other = other || name == "cpu" || name == "memory";
    }
  }
  if (huge && !other) faults.forbidden(at, "HugePages require cpu or memory");
}

std::string known_claims(const PodSpec& spec) {
  if (spec.resourceClaims.empty()) return " which is empty";
  std::string names;
  for (const auto& claim : spec.resourceClaims) names += (names.empty() ? ": " : ", ") + claim.name;
  return names;
}

// Each is one of the pod's, and is named once.
void claims(const ResourceRequirements& r, const PodSpec& spec, const Path& at, FaultList& faults) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < r.claims.size(); ++i) {
    const ResourceClaim& claim = r.claims[i];
    if (claim.name.empty()) continue;  // the tables have said so
    const Path here = Path::of(at, i);
    const std::string key = claim.name + (claim.request.empty() ? "" : "/") + claim.request;
    if (!seen.insert(key).second) faults.duplicate(here, key);
    const auto is_it = [&claim](const PodResourceClaim& known) { return known.name == claim.name; };
    if (std::ranges::none_of(spec.resourceClaims, is_it)) {
      faults.not_found(here, claim.name,
                       "must be one of the names in pod.spec.resourceClaims" + known_claims(spec));
    }
  }
}

void requirements(const ResourceRequirements& r, bool pod_level, const Path& at,
                  FaultList& faults) {
  amounts(r.limits, pod_level, Path::of(at, "limits"), faults);
  amounts(r.requests, pod_level, Path::of(at, "requests"), faults);
  request_and_limit(r, at, faults);
  huge_pages(r, at, faults);
}

// The pod level holds all that its containers ask for together. A huge page's request is its limit.
void holds_containers(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path requests = Path::of(at, "requests"), limits = Path::of(at, "limits");
  const auto at_least = [&faults](const ResourceMap& have, const std::string& name,
                                  const Quantity& sum, const char* what, const Path& up) {
    const auto mine = have.find(name);
    if (mine == have.end() || !(sum > mine->second)) return;
    faults.invalid(Path::of(up, name), mine->second.str(),
                   std::string("must be greater than or equal to aggregate container ") + what +
                       " of " + sum.str());
  };
  for (const auto& [name, sum] : containers_requests(spec)) {
    at_least(spec.resources->requests, name, sum, "requests", requests);
    if (is_huge(name)) at_least(spec.resources->limits, name, sum, "limits", limits);
  }
}

// No container may use more than all of them.
void bounds_containers(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "containers");
  for (std::size_t i = 0; i < spec.containers.size(); ++i) {
    const Path here = Path::of(list, i), resources = Path::of(here, "resources"),
               limits = Path::of(resources, "limits");
    for (const auto& [name, limit] : container_limits(spec.containers[i])) {
      const auto most = spec.resources->limits.find(name);
      if (most == spec.resources->limits.end() || !(limit > most->second)) continue;
      faults.invalid(Path::of(limits, name), limit.str(),
                     "must be less than or equal to pod limits of " + most->second.str());
    }
  }
}

}  // namespace

void validate_resources(const ResourceRequirements& r, const PodSpec& spec, const Path& at,
                        FaultList& faults) {
  requirements(r, false, at, faults);
  claims(r, spec, Path::of(at, "claims"), faults);
}

void validate_pod_resources(const PodSpec& spec, const Path& at, FaultList& faults) {
  amounts(spec.overhead, false, Path::of(at, "overhead"), faults);
  if (!spec.resources) return;
  const Path here = Path::of(at, "resources");
  if (!spec.resources->claims.empty()) {
    faults.forbidden(Path::of(here, "claims"), "claims may not be set for Resources at pod-level");
  }
  requirements(*spec.resources, true, here, faults);
  holds_containers(spec, here, faults);
  bounds_containers(spec, at, faults);
}

}  // namespace podctl::api
