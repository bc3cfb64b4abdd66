#include "podctl/lifecycle/resize.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "context.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/resources_math.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::uint64_t kRetry = 10 * kSecond;  // as a failed sync of a pod

template <class List>
void keep_resources(const List& from, List& to) {
  for (const auto& container : from) {
    auto& kept = to.emplace_back();
    kept.name = container.name;
    kept.resources = container.resources;
  }
}

api::PodSpec resources_from(std::string_view text) {
  api::PodSpec spec;
  static_cast<void>(api::decode_json(text, spec));
  return spec;
}

template <class List>
const api::Container* find(const List& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &api::Container::name);
  return found == list.end() ? nullptr : &*found;
}

const api::Container* find(const api::PodSpec& spec, const std::string& name) {
  const auto* regular = find(spec.containers, name);
  return regular != nullptr ? regular : find(spec.initContainers, name);
}

std::string text_of(const api::Box<api::ResourceRequirements>& resources) {
  return api::to_json(resources ? *resources : api::ResourceRequirements());
}

api::ResourceRequirements requirements_from(std::string_view text) {
  api::ResourceRequirements resources;
  static_cast<void>(api::decode_json(text, resources));
  return resources;
}

// Those that may be resized: no init container that comes to an end.
bool resizable(const Item& item) { return !item.ephemeral && (!item.init || item.sidecar); }

api::Quantity of(const api::ResourceMap& map, const char* name) {
  const auto found = map.find(name);
  return found == map.end() ? api::Quantity() : found->second;
}

// One of the resources that differ asks for a restart of the container.
bool wants_restart(const Item& item) {
  const auto before = requirements_from(item.memory->applied);
  const auto now = item.spec->resources ? *item.spec->resources : api::ResourceRequirements();
  return std::ranges::any_of(item.spec->resizePolicy, [&](const auto& policy) {
    const char* name = policy.resourceName.c_str();
    return policy.restartPolicy == "RestartContainer" &&
           (of(before.limits, name) != of(now.limits, name) ||
            of(before.requests, name) != of(now.requests, name));
  });
}

std::string event_text(const Context& c, const std::string& what, const std::string& error = {}) {
  std::string list;
  for (const auto& item : c.items) {
    if (!resizable(item) || !item.spec->resources) continue;
    list += (list.empty() ? "" : ",") + std::string("{\"name\":\"") + item.spec->name +
            "\",\"resources\":" + text_of(item.spec->resources) + "}";
  }
  return "Pod resize " + what + ": {\"containers\":[" + list +
         "],\"generation\":" + std::to_string(c.pod.metadata.generation.value_or(1)) +
         (error.empty() ? "" : ",\"error\":" + boost::json::serialize(boost::json::value(error))) +
         "}";
}

void forget_pending(ResizeMemory& resize) {
  resize.allocated.clear();
  resize.reason.clear();
  resize.message.clear();
  resize.pending_wall_ns = 0;
}

// What runs goes on with what it had until that is changed.
void allocate(Context& c) {
  auto& resize = c.memory.resize;
  const auto before = resources_from(resize.allocated);
  for (const auto& item : c.items) {
    auto& m = *item.memory;
    const auto* had = find(before, item.spec->name);
    if (!resizable(item) || had == nullptr || !alive(item)) continue;
    if (m.applied.empty()) m.applied = text_of(had->resources);
    if (m.applied == text_of(item.spec->resources)) m.applied.clear();
  }
  if (resize.replaced.empty()) resize.replaced = resize.allocated;
  resize.progress_wall_ns = c.now.wall_ns;
  resize.error.clear();
  resize.retry_at_ns = 0;
  resize.pod_applied = false;
  forget_pending(resize);
  pod_event(c, false, "ResizeStarted", event_text(c, "started"));
}

void stay_pending(Context& c, const std::string& reason) {
  auto& resize = c.memory.resize;
  if (resize.reason == reason && resize.message == c.seen.resize.message) return;
  if (resize.pending_wall_ns == 0) resize.pending_wall_ns = c.now.wall_ns;
  resize.reason = reason;
  resize.message = c.seen.resize.message;
  pod_event(c, true, "Resize" + reason, event_text(c, reason, resize.message));
}

void decide(Context& c) {
  auto& resize = c.memory.resize;
  if (resize.allocated == resources_text(c.pod.spec)) return forget_pending(resize);
  switch (c.seen.resize.verdict) {
    case ResizeVerdict::kUnknown:
      return;
    case ResizeVerdict::kFits:
      return allocate(c);
    case ResizeVerdict::kDeferred:
      return stay_pending(c, "Deferred");
    case ResizeVerdict::kInfeasible:
      return stay_pending(c, "Infeasible");
  }
}

// Takes the answer of the cgroups.
void absorb_answer(Context& c) {
  auto& resize = c.memory.resize;
  if (resize.pod_applied || !c.seen.resize.issued || !c.seen.resize.answer) return;
  if (resize.retry_at_ns != 0) return;  // taken
  if (c.seen.resize.answer->empty()) {
    resize.pod_applied = true;
    resize.error.clear();
    for (const auto& item : c.items) {
      if (!item.memory->applied.empty() && !wants_restart(item)) item.memory->applied.clear();
    }
    return;
  }
  if (resize.error != *c.seen.resize.answer)
    pod_event(c, true, "ResizeError", event_text(c, "error", *c.seen.resize.answer));
  resize.error = *c.seen.resize.answer;
  resize.retry_at_ns = c.now.boot_ns + kRetry;
}

void ask_cgroups(Context& c) {
  auto& resize = c.memory.resize;
  if (resize.pod_applied || c.memory.sandbox != SandboxProgress::kReady) return;
  if (resize.retry_at_ns > c.now.boot_ns) return c.wake_at(resize.retry_at_ns);
  // One that is just being started was given what its pod had before: it is changed when it runs.
  if (std::ranges::any_of(c.items, [](const auto& item) {
        return item.memory->progress == Progress::kStarting && !item.memory->applied.empty();
      }))
    return;
  const bool again = resize.retry_at_ns != 0;
  resize.retry_at_ns = 0;
  if (c.seen.resize.issued && !again) return;
  ResizePod action{{}, resize.replaced};
  for (const auto& item : c.items) {
    if (alive(item) && !item.memory->applied.empty() && !wants_restart(item))
      action.names.push_back(item.spec->name);
  }
  c.actions.emplace_back(std::move(action));
}

void progress(Context& c) {
  auto& resize = c.memory.resize;
  bool waits = false;
  for (const auto& item : c.items) {
    auto& m = *item.memory;
    if (m.applied.empty()) continue;
    if (!alive(item)) {
      m.applied.clear();  // the next attempt starts with what is allocated
      continue;
    }
    waits = true;
    if (m.progress != Progress::kRunning || !wants_restart(item)) continue;
    m.rerun = true;
    condemn(c, item, KillCause::kResized);
  }
  if (!resize.pod_applied || waits) return;
  resize = {};
  pod_event(c, false, "ResizeCompleted", event_text(c, "completed"));
}

}  // namespace

std::string resources_text(const api::PodSpec& spec) {
  api::PodSpec kept;
  kept.resources = spec.resources;
  keep_resources(spec.initContainers, kept.initContainers);
  keep_resources(spec.containers, kept.containers);
  return api::to_json(kept);
}

api::Pod with_resources(api::Pod pod, std::string_view text) {
  const auto kept = resources_from(text);
  pod.spec.resources = kept.resources;
  for (auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (auto& container : *list) {
      if (const auto* had = find(kept, container.name)) container.resources = had->resources;
    }
  }
  return pod;
}

ResizeObservation judge_resize(const api::Pod& wanted, const NodeView& node,
                               const std::vector<const api::Pod*>& others) {
  const auto requests = api::effective_requests(wanted);
  for (const char* name : {"memory", "cpu"}) {
    const auto asked = of(requests, name), has = of(node.allocatable, name);
    if (!has.has_value() || asked <= has) continue;
    const bool cpu = std::string_view(name) == "cpu";
    return {ResizeVerdict::kInfeasible,
            std::string("Node didn't have enough capacity: ") + name +
                ", requested: " + std::to_string(cpu ? asked.milli_value() : asked.value()) +
                ", capacity: " + std::to_string(cpu ? has.milli_value() : has.value())};
  }
  const auto shortage = shortage_text(wanted, node, others);
  if (shortage.empty()) return {ResizeVerdict::kFits, {}};
  return {ResizeVerdict::kDeferred, shortage};
}

// Before containers are started or stopped, which it may ask for.
void plan_resize(Context& c) {
  auto& resize = c.memory.resize;
  if (!resize.allocated.empty()) decide(c);
  if (resize.replaced.empty() || !resize.allocated.empty()) return;
  absorb_answer(c);
  ask_cgroups(c);
  progress(c);
}

api::ResourceRequirements allocated_to(const Context& c, const Item& item) {
  if (!c.memory.resize.allocated.empty()) {
    const auto allocated = resources_from(c.memory.resize.allocated);
    if (const auto* found = find(allocated, item.spec->name))
      return found->resources ? *found->resources : api::ResourceRequirements();
  }
  return item.spec->resources ? *item.spec->resources : api::ResourceRequirements();
}

api::ResourceRequirements applied_to(const Context& c, const Item& item) {
  if (!item.memory->applied.empty()) return requirements_from(item.memory->applied);
  return allocated_to(c, item);
}

}  // namespace podctl::lifecycle
