// How a pod worker follows a resize of its pod: what is allocated meanwhile, and the cgroups.
#include <algorithm>

#include "node/cpu_manager.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/lifecycle/resize.hpp"
#include "podctl/node/pod_worker.hpp"
#include "podctl/node/spec_builder.hpp"

namespace podctl::node {
namespace {

// The larger of two cgroups' bounds: what may hold before and after a change. An absent bound is
// not written, and so stays.
CgroupResources larger(CgroupResources a, const CgroupResources& b) {
  a.cpu_shares = std::max(a.cpu_shares, b.cpu_shares);
  const auto wider = [](auto& mine, const auto& other) {
    if (!mine || !other || *mine < 0 || *other < 0) {
      mine.reset();
    } else {
      mine = std::max(*mine, *other);
    }
  };
  wider(a.cpu_quota_us, b.cpu_quota_us);
  if (!a.cpu_quota_us) a.cpu_period_us.reset();
  wider(a.memory_limit, b.memory_limit);
  a.memory_min = std::max(a.memory_min, b.memory_min);
  a.memory_low = std::max(a.memory_low, b.memory_low);
  return a;
}

struct Change {
  std::string id;  // empty: the pod's own group
  std::string what;
  CgroupResources resources;
};

// A limit below what is used would be reclaimed to, or kill (k8s pkg/kubelet/kuberuntime,
// validateMemoryResizeAction).
std::string below_usage(const std::vector<Change>& changes, const wire::SandboxStats& stats) {
  for (const auto& change : changes) {
    const auto limit = change.resources.memory_limit.value_or(-1);
    const auto group = std::ranges::find(stats.groups, change.id, &wire::GroupReport::id);
    if (limit < 0 || group == stats.groups.end()) continue;
    if (group->stats.memory_current <= static_cast<std::uint64_t>(limit)) continue;
    return "attempting to set " + change.what + " memory limit (" + std::to_string(limit) +
           ") below current usage (" + std::to_string(group->stats.memory_current) + ")";
  }
  return {};
}

// One after the other; `done` is told what failed, empty when nothing did.
void apply(engine::Engine& engine, const std::string& uid, std::vector<Change> changes,
           std::function<void(const std::string&)> done) {
  if (changes.empty()) return done({});
  auto next = std::move(changes.front());
  changes.erase(changes.begin());
  engine.update_resources(uid, next.id, std::move(next.resources),
                          [&engine, uid, changes = std::move(changes), what = next.what,
                           done = std::move(done)](const Result<void>& set) {
                            if (!set) return done(what + ": " + set.error().message());
                            apply(engine, uid, changes, done);
                          });
}

}  // namespace

const api::Pod& PodWorker::allocated() const {
  const auto& text = memory_.resize.allocated;
  if (text.empty()) {
    allocated_.reset();
    return *pod_;
  }
  if (!allocated_ || allocated_text_ != text) {
    allocated_ = std::make_shared<const api::Pod>(lifecycle::with_resources(*pod_, text));
    allocated_text_ = text;
  }
  return *allocated_;
}

// Room that a pod waits for is kept from new pods; what it never gets is not.
const api::Pod& PodWorker::charged() const {
  return memory_.resize.reason == "Infeasible" ? allocated() : *pod_;
}

const api::Pod& PodWorker::granted() const {
  return seen_.resize.verdict == lifecycle::ResizeVerdict::kFits ? *pod_ : allocated();
}

void PodWorker::judge(lifecycle::ResizeObservation verdict) {
  if (seen_.resize.verdict == verdict.verdict && seen_.resize.message == verdict.message) return;
  seen_.resize.verdict = verdict.verdict;
  seen_.resize.message = std::move(verdict.message);
  kick();
}

// What it has stays allocated until the node has decided.
void PodWorker::note_resize(const api::Pod& wanted) {
  const auto before = lifecycle::resources_text(pod_->spec);
  if (!placed() || before == lifecycle::resources_text(wanted.spec)) return;
  if (memory_.resize.allocated.empty()) memory_.resize.allocated = before;
  seen_.resize = {};
  ++resize_round_;
  next_resize_.reset();
  allocated_.reset();
}

void PodWorker::move_to(const std::string& name, const std::string& id, const std::string& cpus) {
  CgroupResources resources;
  resources.cpuset_cpus = cpus;
  context_.engine.update_resources(
      uid_, id, std::move(resources),
      [self = shared_from_this(), name, id, cpus](const Result<void>& moved) {
        const auto running = self->running_.find(name);
        const bool there = running != self->running_.end() && running->second.info.id == id;
        if (moved && there) running->second.cpus = cpus;
        // One that has ended meanwhile runs nowhere.
        if (moved || moved.error().code == Code::kNotFound) return;
        self->context_.log("pod " + self->pod_->metadata.namespace_ + "/" +
                           self->pod_->metadata.name + ": container " + name +
                           " runs on other CPUs than " + cpus + ": " + moved.error().message());
      });
}

void PodWorker::follow_cpus() {
  if (context_.cpus == nullptr) return;
  for (auto& [name, running] : running_) {
    const auto cpus = context_.cpus->cpus_of(uid_, name);
    if (running.alive && running.cpus != cpus) move_to(name, running.info.id, cpus);
  }
}

void PodWorker::free_cpus(const std::string& all) {
  for (const auto& [name, running] : running_) {
    if (running.alive) move_to(name, running.info.id, all);
  }
  restore_quotas();
}

// A container's before the pod's, which may not be less than any of them.
void PodWorker::restore_quotas() {
  const auto restore = [this](const std::string& id, CgroupResources resources) {
    CgroupResources quota;
    quota.cpu_quota_us = resources.cpu_quota_us;
    quota.cpu_period_us = resources.cpu_period_us;
    if (!quota.cpu_quota_us) return;
    context_.engine.update_resources(
        uid_, id, std::move(quota), [self = shared_from_this()](const Result<void>& done) {
          if (done || done.error().code == Code::kNotFound) return;
          self->context_.log("pod " + self->pod_->metadata.namespace_ + "/" +
                             self->pod_->metadata.name +
                             ": its CPU limit is not restored: " + done.error().message());
        });
  };
  const auto& now = allocated();
  for (const auto& [name, running] : running_) {
    const auto* container = running.alive ? find_container(now, name) : nullptr;
    if (container != nullptr)
      restore(running.info.id, container_resources(now, *container, context_.machine));
  }
  restore("", pod_resources(now, context_.machine));
}

std::size_t PodWorker::unprotect_memory(const std::function<void(const Result<void>&)>& done) {
  const auto take = [this, &done](const std::string& id, CgroupResources resources) {
    resources.memory_min = resources.memory_low = 0;
    context_.engine.update_resources(
        uid_, id, std::move(resources), [done](const Result<void>& taken) {
          // One that has gone holds nothing, nor does one without the controller.
          const bool nothing = !taken && (taken.error().code == Code::kNotFound ||
                                          taken.error().code == Code::kFailedPrecondition);
          done(nothing ? Result<void>() : taken);
        });
  };
  std::size_t groups = 1;
  for (const auto& [name, running] : running_) {
    if (!running.alive) continue;
    take(running.info.id, {.memory_high = -1});
    ++groups;
  }
  take("", {});
  return groups;
}

// One after the other, so that the last one asked for has the last word.
void PodWorker::act(const lifecycle::ResizePod& action) {
  if (resizing_) {
    next_resize_ = action;
    return;
  }
  resizing_ = true;
  const auto& now = allocated();
  const auto before = lifecycle::with_resources(now, action.before);
  const auto whole = pod_resources(now, context_.machine);
  std::vector<Change> changes;
  changes.push_back({"", "pod", larger(pod_resources(before, context_.machine), whole)});
  for (const auto& name : action.names) {
    const auto running = running_.find(name);
    const auto* container = find_container(now, name);
    if (running == running_.end() || !running->second.alive || container == nullptr) continue;
    changes.push_back({running->second.info.id, "container \"" + name + "\"",
                       container_resources(now, *container, context_.machine)});
  }
  changes.push_back({"", "pod", whole});
  context_.engine.stats(uid_, [self = shared_from_this(), changes,
                               round = resize_round_](const Result<wire::SandboxStats>& stats) {
    if (!stats) return self->resize_answered(round, stats.error().message());
    if (auto below = below_usage(changes, *stats); !below.empty())
      return self->resize_answered(round, below);
    apply(self->context_.engine, self->uid_, changes,
          [self, round](const std::string& failed) { self->resize_answered(round, failed); });
  });
}

// Of a round that is over: the pod was resized again meanwhile.
void PodWorker::resize_answered(std::uint64_t round, const std::string& failed) {
  resizing_ = false;
  if (next_resize_) return act(*std::exchange(next_resize_, std::nullopt));
  if (round != resize_round_) return;
  seen_.resize.answer = failed;
  kick();
}

}  // namespace podctl::node
