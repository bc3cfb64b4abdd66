// What places a pod on a node: affinity, tolerations, spread constraints, gates
// (lifecycle/placement.hpp acts on them), as Kubernetes refuses them.
#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

bool one_of_two(std::string_view word, std::string_view a, std::string_view b) {
  return word == a || word == b;
}

// In and NotIn need values, Exists and DoesNotExist must have none; node selectors have Gt and Lt
// too. Serves NodeSelectorRequirement and LabelSelectorRequirement.
template <class Requirement>
void requirement(const Requirement& r, const Path& at, FaultList& faults) {
  const Path values = Path::of(at, "values");
  if (!r.key.empty()) faults.check(Path::of(at, "key"), r.key, check_qualified_name(r.key));
  if (one_of_two(r.operator_, "In", "NotIn")) {
    if (r.values.empty())
      faults.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
    for (std::size_t i = 0; i < r.values.size(); ++i) {
      faults.check(Path::of(values, i), r.values[i], check_label_value(r.values[i]));
    }
  } else if (one_of_two(r.operator_, "Exists", "DoesNotExist")) {
    if (!r.values.empty())
      faults.forbidden(values,
                       "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (one_of_two(r.operator_, "Gt", "Lt") && r.values.size() != 1) {
    faults.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  }
}

template <class List>
void requirements(const List& list, const Path& at, FaultList& faults) {
  for (std::size_t i = 0; i < list.size(); ++i) requirement(list[i], Path::of(at, i), faults);
}

void label_selector(const Box<LabelSelector>& selector, const Path& at, FaultList& faults) {
  if (!selector) return;
  validate_labels(selector->matchLabels, Path::of(at, "matchLabels"), faults);
  requirements(selector->matchExpressions, Path::of(at, "matchExpressions"), faults);
}

void weight(std::int32_t value, const Path& at, FaultList& faults) {
  if (value < 1 || value > 100)
    faults.invalid(Path::of(at, "weight"), value, "must be in the range 1-100");
}

void node_term(const NodeSelectorTerm& term, const Path& at, FaultList& faults) {
  requirements(term.matchExpressions, Path::of(at, "matchExpressions"), faults);
}

void node_affinity(const NodeAffinity& affinity, const Path& at, FaultList& faults) {
  const Path required = Path::of(at, "requiredDuringSchedulingIgnoredDuringExecution"),
             preferred = Path::of(at, "preferredDuringSchedulingIgnoredDuringExecution");
  if (const auto& selector = affinity.requiredDuringSchedulingIgnoredDuringExecution) {
    const Path terms = Path::of(required, "nodeSelectorTerms");
    if (selector->nodeSelectorTerms.empty())
      faults.required(terms, "must have at least one node selector term");
    for (std::size_t i = 0; i < selector->nodeSelectorTerms.size(); ++i) {
      node_term(selector->nodeSelectorTerms[i], Path::of(terms, i), faults);
    }
  }
  const auto& list = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Path here = Path::of(preferred, i);
    weight(list[i].weight, here, faults);
    node_term(list[i].preference, Path::of(here, "preference"), faults);
  }
}

void pod_term(const PodAffinityTerm& term, const Path& at, FaultList& faults) {
  label_selector(term.labelSelector, Path::of(at, "labelSelector"), faults);
  label_selector(term.namespaceSelector, Path::of(at, "namespaceSelector"), faults);
  const Path namespaces = Path::of(at, "namespaces");
  for (std::size_t i = 0; i < term.namespaces.size(); ++i) {
    faults.check(Path::of(namespaces, i), term.namespaces[i], check_dns_label(term.namespaces[i]));
  }
  if (!term.topologyKey.empty()) {
    faults.check(Path::of(at, "topologyKey"), term.topologyKey,
                 check_qualified_name(term.topologyKey));
  }
}

// PodAffinity and PodAntiAffinity have the same fields.
template <class PodRules>
void pod_affinity(const Box<PodRules>& rules, const Path& at, FaultList& faults) {
  if (!rules) return;
  const Path required = Path::of(at, "requiredDuringSchedulingIgnoredDuringExecution"),
             preferred = Path::of(at, "preferredDuringSchedulingIgnoredDuringExecution");
  const auto& must = rules->requiredDuringSchedulingIgnoredDuringExecution;
  for (std::size_t i = 0; i < must.size(); ++i) pod_term(must[i], Path::of(required, i), faults);
  const auto& should = rules->preferredDuringSchedulingIgnoredDuringExecution;
  for (std::size_t i = 0; i < should.size(); ++i) {
    const Path here = Path::of(preferred, i);
    weight(should[i].weight, here, faults);
    pod_term(should[i].podAffinityTerm, Path::of(here, "podAffinityTerm"), faults);
  }
}

void toleration(const Toleration& t, const Path& at, FaultList& faults) {
  const Path op = Path::of(at, "operator");
  if (!t.key.empty()) faults.check(Path::of(at, "key"), t.key, check_qualified_name(t.key));
  if (t.key.empty() && t.operator_ != "Exists") {
    faults.invalid(op, t.operator_,
                   "operator must be Exists when `key` is empty, which means \"match all values "
                   "and all keys\"");
  }
  if (t.tolerationSeconds && t.effect != "NoExecute") {
    faults.invalid(Path::of(at, "effect"), t.effect,
                   "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  if (t.operator_ == "Exists" && !t.value.empty())
    faults.invalid(op, t.value, "value must be empty when `operator` is 'Exists'");
  if (t.operator_.empty() || t.operator_ == "Equal")
    faults.check(op, t.value, check_label_value(t.value));
}

void spread(const TopologySpreadConstraint& c, const Path& at, FaultList& faults) {
  constexpr std::string_view kPositive = "must be greater than zero";
  const Path domains = Path::of(at, "minDomains");
  if (c.maxSkew <= 0) faults.invalid(Path::of(at, "maxSkew"), c.maxSkew, kPositive);
  if (!c.topologyKey.empty()) {
    faults.check(Path::of(at, "topologyKey"), c.topologyKey, check_qualified_name(c.topologyKey));
  }
  if (c.minDomains && *c.minDomains <= 0) faults.invalid(domains, *c.minDomains, kPositive);
  if (c.minDomains && c.whenUnsatisfiable != "DoNotSchedule") {
    faults.invalid(
        domains, *c.minDomains,
        "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + c.whenUnsatisfiable);
  }
  label_selector(c.labelSelector, Path::of(at, "labelSelector"), faults);
}

void spreads(const PodSpec& spec, const Path& at, FaultList& faults) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.topologySpreadConstraints.size(); ++i) {
    const auto& c = spec.topologySpreadConstraints[i];
    const Path here = Path::of(at, i);
    spread(c, here, faults);
    const std::string pair = "{" + c.topologyKey + ", " + c.whenUnsatisfiable + "}";
    if (!seen.insert(pair).second) faults.duplicate(here, pair);
  }
}

void gates(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path readiness = Path::of(at, "readinessGates"),
             scheduling = Path::of(at, "schedulingGates");
  for (std::size_t i = 0; i < spec.readinessGates.size(); ++i) {
    const std::string& type = spec.readinessGates[i].conditionType;
    const Path here = Path::of(readiness, i);
    if (!type.empty())
      faults.check(Path::of(here, "conditionType"), type, check_qualified_name(type));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < spec.schedulingGates.size(); ++i) {
    const std::string& name = spec.schedulingGates[i].name;
    const Path here = Path::of(scheduling, i);
    if (!name.empty()) faults.check(here, name, check_qualified_name(name));
    if (!seen.insert(name).second) faults.duplicate(here, name);
  }
}

}  // namespace

void validate_placement(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path affinity = Path::of(at, "affinity"), tolerations = Path::of(at, "tolerations");
  if (spec.affinity) {
    const Affinity& a = *spec.affinity;
    if (a.nodeAffinity) node_affinity(*a.nodeAffinity, Path::of(affinity, "nodeAffinity"), faults);
    pod_affinity(a.podAffinity, Path::of(affinity, "podAffinity"), faults);
    pod_affinity(a.podAntiAffinity, Path::of(affinity, "podAntiAffinity"), faults);
  }
  for (std::size_t i = 0; i < spec.tolerations.size(); ++i) {
    toleration(spec.tolerations[i], Path::of(tolerations, i), faults);
  }
  spreads(spec, Path::of(at, "topologySpreadConstraints"), faults);
  gates(spec, at, faults);
}

}  // namespace podctl::api
