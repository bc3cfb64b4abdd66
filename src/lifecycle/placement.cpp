#include "podctl/lifecycle/placement.hpp"

#include <algorithm>
#include <optional>

#include "podctl/api/host_ports.hpp"
#include "podctl/base/text.hpp"

namespace podctl::lifecycle {
namespace {

using Labels = std::map<std::string, std::string>;

// ---- selectors ----

// Of node and label selectors alike; Gt and Lt only node selectors have.
template <class Requirement>
bool holds(const Requirement& r, const Labels& labels) {
  const auto label = labels.find(r.key);
  const bool there = label != labels.end();
  const auto listed = [&] {
    return std::find(r.values.begin(), r.values.end(), label->second) != r.values.end();
  };
  if (r.operator_ == "In") return there && listed();
  if (r.operator_ == "NotIn") return !there || !listed();
  if (r.operator_ == "Exists") return there;
  if (r.operator_ == "DoesNotExist") return !there;
  if (!there || r.values.empty()) return false;
  const auto is = text::parse_i64(label->second), bound = text::parse_i64(r.values[0]);
  if (!is || !bound) return false;
  return r.operator_ == "Gt" ? *is > *bound : *is < *bound;
}

template <class List>
bool all_hold(const List& requirements, const Labels& labels) {
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const auto& r) { return holds(r, labels); });
}

bool has_all(const Labels& wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto label = labels.find(pair.first);
    return label != labels.end() && label->second == pair.second;
  });
}

// None selects nothing, an empty one everything (apimachinery, LabelSelectorAsSelector).
bool selects(const api::Box<api::LabelSelector>& selector, const Labels& labels) {
  return selector && has_all(selector->matchLabels, labels) &&
         all_hold(selector->matchExpressions, labels);
}

bool term_matches(const api::NodeSelectorTerm& term, const NodeView& node) {
  if (term.matchExpressions.empty() && term.matchFields.empty()) return false;
  return all_hold(term.matchExpressions, node.labels) &&
         all_hold(term.matchFields, {{"metadata.name", node.name}});
}

// ---- other pods ----

// A key of matchLabelKeys binds only a pod that has such a label.
bool same_at(const std::vector<std::string>& keys, const Labels& mine, const Labels& theirs) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    const auto own = mine.find(key);
    if (own == mine.end()) return true;
    const auto other = theirs.find(key);
    return other != theirs.end() && other->second == own->second;
  });
}

bool differs_at(const std::vector<std::string>& keys, const Labels& mine, const Labels& theirs) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    const auto own = mine.find(key), other = theirs.find(key);
    return own == mine.end() || other == theirs.end() || other->second != own->second;
  });
}

// Which namespaces a term speaks of; without a word of it the pod's own.
bool in_namespaces(const api::PodAffinityTerm& term, const std::string& own,
                   const std::string& theirs) {
  const auto& names = term.namespaces;
  if (std::find(names.begin(), names.end(), theirs) != names.end()) return true;
  if (term.namespaceSelector)
    return selects(term.namespaceSelector, {{"kubernetes.io/metadata.name", theirs}});
  return names.empty() && own == theirs;
}

// Whether `owner`'s term speaks of the other pod.
bool means(const api::PodAffinityTerm& term, const api::Pod& owner, const api::Pod& other) {
  const auto &mine = owner.metadata.labels, &theirs = other.metadata.labels;
  return in_namespaces(term, owner.metadata.namespace_, other.metadata.namespace_) &&
         selects(term.labelSelector, theirs) && same_at(term.matchLabelKeys, mine, theirs) &&
         differs_at(term.mismatchLabelKeys, mine, theirs);
}

struct Round {
  const api::Pod& pod;
  const NodeView& node;
  const std::vector<const api::Pod*>& others;

  bool itself(const api::Pod* other) const {
    return other->metadata.uid == pod.metadata.uid && !pod.metadata.uid.empty();
  }
  template <class F>
  std::ptrdiff_t count(F which) const {
    return std::count_if(others.begin(), others.end(),
                         [&](const api::Pod* other) { return !itself(other) && which(*other); });
  }
};

// The first of a group that keeps together is let in, though there is nobody yet that it could be
// beside.
bool affinity_holds(const Round& r) {
  const auto& affinity = r.pod.spec.affinity;
  if (!affinity || !affinity->podAffinity) return true;
  const auto& terms = affinity->podAffinity->requiredDuringSchedulingIgnoredDuringExecution;
  const auto met = [&](const api::PodAffinityTerm& term) {
    return r.count([&](const api::Pod& other) { return means(term, r.pod, other); }) > 0;
  };
  for (const auto& term : terms) {
    if (!r.node.labels.contains(term.topologyKey)) return false;
  }
  if (std::all_of(terms.begin(), terms.end(), met)) return true;
  return std::none_of(terms.begin(), terms.end(), met) &&
         std::all_of(terms.begin(), terms.end(),
                     [&](const auto& term) { return means(term, r.pod, r.pod); });
}

bool keeps_away(const api::Pod& owner, const api::Pod& other, const NodeView& node) {
  const auto& affinity = owner.spec.affinity;
  if (!affinity || !affinity->podAntiAffinity) return false;
  const auto& terms = affinity->podAntiAffinity->requiredDuringSchedulingIgnoredDuringExecution;
  return std::any_of(terms.begin(), terms.end(), [&](const api::PodAffinityTerm& term) {
    return node.labels.contains(term.topologyKey) && means(term, owner, other);
  });
}

// One node is one domain: it holds the fewest itself, unless more domains are asked for.
bool too_many(const Round& r, const api::TopologySpreadConstraint& c) {
  const auto& labels = r.pod.metadata.labels;
  const auto counted = [&](const api::Pod& other) {
    return other.metadata.namespace_ == r.pod.metadata.namespace_ &&
           !other.metadata.deletionTimestamp && selects(c.labelSelector, other.metadata.labels) &&
           same_at(c.matchLabelKeys, labels, other.metadata.labels);
  };
  const auto there = r.count(counted);
  const std::ptrdiff_t fewest = c.minDomains.value_or(1) > 1 ? 0 : there;
  return there + (selects(c.labelSelector, labels) ? 1 : 0) - fewest > c.maxSkew;
}

// ---- volumes ----

const api::PersistentVolumeClaim* find_claim(const Round& r, const api::Volume& volume) {
  const auto name = api::claim_name(r.pod.metadata, volume);
  if (name.empty() || !r.node.claim) return nullptr;
  return r.node.claim(r.pod.metadata.namespace_, name);
}

// What no node could help (the scheduler's PreFilter of volumebinding).
std::string claim_missing(const Round& r) {
  for (const auto& volume : r.pod.spec.volumes) {
    const auto name = api::claim_name(r.pod.metadata, volume);
    if (name.empty()) continue;
    const auto* claim = find_claim(r, volume);
    const std::string named = "persistentvolumeclaim \"" + name + "\"";
    if (claim == nullptr && volume.ephemeral)
      return "waiting for ephemeral volume controller to create the " + named;
    if (claim == nullptr) return named + " not found";
    if (auto why = api::not_made_for(r.pod.metadata, volume, *claim); !why.empty()) return why;
    if (claim->metadata.deletionTimestamp) return named + " is being deleted";
    if (claim->status.phase != "Bound") return "pod has unbound immediate PersistentVolumeClaims";
  }
  return {};
}

bool names_claim(const api::Pod& pod, const api::PersistentVolumeClaim& claim) {
  return pod.metadata.namespace_ == claim.metadata.namespace_ &&
         std::ranges::any_of(pod.spec.volumes, [&](const api::Volume& volume) {
           return api::claim_name(pod.metadata, volume) == claim.metadata.name;
         });
}

// Whether another pod has a claim of this one's that is for one pod alone.
bool claim_taken(const Round& r) {
  return std::ranges::any_of(r.pod.spec.volumes, [&](const api::Volume& volume) {
    const auto* claim = find_claim(r, volume);
    return claim != nullptr && of_one_pod(*claim) &&
           r.count([&](const api::Pod& other) { return names_claim(other, *claim); }) > 0;
  });
}

// ---- host ports ----

bool ports_taken(const Round& r) {
  const auto wanted = api::host_ports(r.pod);
  if (wanted.empty()) return false;
  return r.count([&](const api::Pod& other) {
    return std::ranges::any_of(api::host_ports(other), [&](const auto& theirs) {
      return std::ranges::any_of(wanted, [&](const auto& ours) { return collide(ours, theirs); });
    });
  }) > 0;
}

// ---- resources ----

// What the node has not enough of: cpu in thousandths, all else in whole units.
struct Shortage {
  std::string resource;
  std::int64_t requested = 0, used = 0, capacity = 0;
};

std::int64_t amount(const api::ResourceMap& map, const std::string& name) {
  const auto found = map.find(name);
  if (found == map.end()) return 0;
  return name == "cpu" ? found->second.milli_value() : found->second.value();
}

// In the scheduler's order; a pod that asks for nothing needs room for a pod alone (k8s
// pkg/scheduler/framework/plugins/noderesources/fit.go).
std::vector<std::string> asked_for(const api::ResourceMap& requests) {
  std::vector<std::string> names{"cpu", "memory", "ephemeral-storage"};
  for (const auto& [name, quantity] : requests) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::erase_if(names, [&requests](const auto& name) { return amount(requests, name) <= 0; });
  return names;
}

std::vector<Shortage> shortages(const Round& r) {
  std::vector<Shortage> found;
  const auto& has = r.node.allocatable;
  if (has.empty()) return found;
  const auto pods = r.count([](const api::Pod&) { return true; });
  if (pods + 1 > amount(has, "pods")) found.push_back({"pods", 1, pods, amount(has, "pods")});
  const auto requests = api::effective_requests(r.pod);
  const auto names = asked_for(requests);
  if (names.empty()) return found;
  std::map<std::string, std::int64_t> used;
  for (const api::Pod* other : r.others) {
    if (r.itself(other)) continue;
    const auto theirs = api::effective_requests(*other);
    for (const auto& name : names) used[name] += amount(theirs, name);
  }
  for (const auto& name : names) {
    const Shortage s{name, amount(requests, name), used[name], amount(has, name)};
    if (s.requested > s.capacity - s.used) found.push_back(s);
  }
  return found;
}

// The one that a kubelet names. Devices that a node does not have at all are none of its business.
std::optional<Shortage> first_shortage(const Round& r) {
  for (auto& s : shortages(r)) {
    if (s.capacity != 0 || s.resource.find('/') == std::string::npos) return s;
  }
  return std::nullopt;
}

std::string text_of(const Shortage& s) {
  return "Node didn't have enough resource: " + s.resource +
         ", requested: " + std::to_string(s.requested) + ", used: " + std::to_string(s.used) +
         ", capacity: " + std::to_string(s.capacity);
}

// ---- the answer, in the scheduler's words ----

constexpr const char* kNotHelpful = "Preemption is not helpful for scheduling.";
constexpr const char* kNoVictims = "No preemption victims found for incoming pod.";

struct Obstacle {
  std::string what;
  bool for_good = true;  // nobody's going would help
};

std::optional<Obstacle> spread_obstacle(const Round& r) {
  for (const auto& c : r.pod.spec.topologySpreadConstraints) {
    if (c.whenUnsatisfiable != "DoNotSchedule") continue;
    if (!r.node.labels.contains(c.topologyKey)) {
      return Obstacle{
          "node(s) didn't match pod topology spread constraints (missing required label)"};
    }
    if (too_many(r, c))
      return Obstacle{"node(s) didn't match pod topology spread constraints", false};
  }
  return std::nullopt;
}

// All that there is too little of, sorted as the scheduler lists its reasons.
std::optional<Obstacle> too_little(const Round& r) {
  const auto found = shortages(r);
  if (found.empty()) return std::nullopt;
  std::vector<std::string> reasons;
  for (const auto& s : found)
    reasons.push_back(s.resource == "pods" ? "Too many pods" : "Insufficient " + s.resource);
  std::ranges::sort(reasons);
  const bool never =
      std::ranges::any_of(found, [](const auto& s) { return s.requested > s.capacity; });
  return Obstacle{text::join(reasons, ", 1 "), never};
}

bool node_matches(const api::Pod& pod, const NodeView& node) {
  if (!has_all(pod.spec.nodeSelector, node.labels)) return false;
  const auto& affinity = pod.spec.affinity;
  if (!affinity || !affinity->nodeAffinity) return true;
  const auto& required = affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  const auto& terms = required->nodeSelectorTerms;
  return std::any_of(terms.begin(), terms.end(),
                     [&](const auto& term) { return term_matches(term, node); });
}

// In the order of the scheduler's filters.
std::optional<Obstacle> obstacle(const Round& r) {
  if (!node_matches(r.pod, r.node))
    return Obstacle{"node(s) didn't match Pod's node affinity/selector"};
  if (ports_taken(r))
    return Obstacle{"node(s) didn't have free ports for the requested pod ports", false};
  if (auto found = too_little(r)) return found;
  if (claim_taken(r)) {
    return Obstacle{
        "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access "
        "mode",
        false};
  }
  if (auto found = spread_obstacle(r)) return found;
  if (!affinity_holds(r)) return Obstacle{"node(s) didn't match pod affinity rules"};
  if (r.count([&](const auto& other) { return keeps_away(r.pod, other, r.node); }) > 0)
    return Obstacle{"node(s) didn't match pod anti-affinity rules", false};
  if (r.count([&](const auto& other) { return keeps_away(other, r.pod, r.node); }) > 0)
    return Obstacle{"node(s) didn't satisfy existing pods anti-affinity rules", false};
  return std::nullopt;
}

}  // namespace

Placement place(const api::Pod& pod, const NodeView& node,
                const std::vector<const api::Pod*>& others) {
  if (!pod.spec.schedulingGates.empty()) {
    return {Placed::kGated, "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates"};
  }
  const Round round{pod, node, others};
  const std::string none = "0/1 nodes are available: ";
  const auto nowhere = [&none](const std::string& what, const char* preemption) -> Placement {
    return {Placed::kNowhere, "Unschedulable",
            none + what + ". preemption: " + none + "1 " + preemption};
  };
  if (const auto missing = claim_missing(round); !missing.empty())
    return nowhere(missing, kNotHelpful);
  const auto found = obstacle(round);
  if (!found) return {};
  return nowhere("1 " + found->what, found->for_good ? kNotHelpful : kNoVictims);
}

std::string shortage_text(const api::Pod& pod, const NodeView& node,
                          const std::vector<const api::Pod*>& others) {
  const auto found = first_shortage({pod, node, others});
  return found ? text_of(*found) : "";
}

// K pkg/kubelet/lifecycle/predicate.go: generalFilter, whose first reason counts.
std::optional<Rejection> refuse(const api::Pod& pod, const NodeView& node,
                                const std::vector<const api::Pod*>& others) {
  const Round round{pod, node, others};
  if (const auto short_of = first_shortage(round))
    return Rejection{"OutOf" + short_of->resource, text_of(*short_of)};
  if (!node_matches(pod, node)) {
    return Rejection{
        "NodeAffinity",
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"};
  }
  if (!ports_taken(round)) return std::nullopt;
  return Rejection{
      "NodePorts",
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"};
}

}  // namespace podctl::lifecycle
