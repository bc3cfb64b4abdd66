// What Node's options say of CPUs and of memory that is protected: the policies' beginning, what of
// another policy a former podctld has left, and what pods that come and go change.
#include <unistd.h>

#include <algorithm>

#include "node/cpu_manager.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/hierarchy.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/node/node.hpp"
#include "podctl/node/pod_worker.hpp"
#include "podctl/node/removal.hpp"
#include "podctl/node/spec_builder.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::node {
namespace {

Result<void> check_none_run(const std::vector<engine::RecoveredSandbox>& found,
                            const std::map<std::string, std::shared_ptr<PodWorker>>& workers) {
  std::vector<std::string> running;
  for (const auto& sandbox : found) {
    const auto known = workers.find(sandbox.uid);
    if (known == workers.end() || sandbox.shim_dead || sandbox.state.containers.empty()) continue;
    const auto& meta = known->second->pod().metadata;
    running.push_back(meta.namespace_ + "/" + meta.name);
  }
  if (running.empty()) return {};
  return fail(Code::kFailedPrecondition, "set CPU manager policy", "static",
              "containers run that were started under the policy none, on any CPUs: delete their "
              "pods first, under a podctld without this policy (" +
                  text::join(running, ", ") + ")");
}

// KEP-2570 has it behind a feature gate, and leaves it out on version 1 without a word.
Result<void> check_memory_qos() {
  const auto hierarchy = TRY(cgroup::Hierarchy::detect());
  const auto* mount = hierarchy.where(cgroup::Controller::kMemory);
  if (mount != nullptr && mount->v2) return {};
  return fail(Code::kUnsupported, "switch on memory QoS", "--memory-qos",
              "memory.high, memory.low and memory.min are cgroup v2's, and this machine controls "
              "memory by version 1: boot with systemd.unified_cgroup_hierarchy=1, or start podctld "
              "without it");
}

}  // namespace

Result<void> Node::open_memory_qos(const Layout& layout) {
  TRY(check_memory_qos());
  TRY(sys::make_directories(layout.run(), 0711));
  return sys::write_file(protection_mark(layout), "", 0600);
}

Result<void> Node::open_cpus(const Options& options) {
  const auto state = cpu_manager_state(options.layout);
  CpuSet reserved;
  if (!options.reserved_cpus.empty()) reserved = TRY(parse_cpu_list(options.reserved_cpus));
  static_cpus_ = options.static_cpus.value_or(false);
  // Whoever starts podctld again after it was killed does not know how it was started.
  if (!options.static_cpus) {
    const auto before = TRY(CpuManager::reserved_before(state));
    static_cpus_ = before.has_value();
    if (before && reserved.empty()) reserved = *before;
  }
  reserved_cpus_ = reserved.size();
  if (!static_cpus_ && reserved.empty()) return {};
  auto cpus = TRY(read_cpus());
  for (const unsigned cpu : reserved) {
    if (std::ranges::find(cpus, cpu, &Cpu::id) == cpus.end()) {
      return fail(Code::kInvalidArgument, "reserve CPUs", cpu_list(reserved),
                  "this machine has no CPU " + std::to_string(cpu));
    }
  }
  if (!static_cpus_) return {};
  // k8s pkg/kubelet/cm/cpumanager/cpu_manager.go: those that share must be left some.
  if (reserved.empty()) {
    return fail(Code::kInvalidArgument, "set CPU manager policy", "static",
                "the static policy requires that CPUs are reserved: --reserved-cpus");
  }
  cpus_ = TRY(CpuManager::open(std::move(cpus), std::move(reserved), state));
  cpus_->on_change = [this] {
    for (const auto& [uid, worker] : workers_) worker->follow_cpus();
  };
  return {};
}

// Of what runs, as a former podctld has left it, maybe with another policy. Under "none" containers
// run on any CPUs and most have no cpuset that could be changed, so nobody would have CPUs alone
// beside them: the policy is refused as long as they run, as a kubelet refuses it that has not been
// drained (k8s pkg/kubelet/cm/cpumanager/state/state_checkpoint.go).
Result<void> Node::take_up_cpus(const std::vector<engine::RecoveredSandbox>& found) {
  const auto state = cpu_manager_state(context_->layout);
  const bool before = ::access(state.c_str(), F_OK) == 0;
  if (cpus_ == nullptr) {
    if (!before) return {};
    const auto all = read_cpus();
    CpuSet ids;
    if (all) {
      for (const Cpu& cpu : *all) ids.insert(cpu.id);
    }
    for (const auto& [uid, worker] : workers_) worker->free_cpus(cpu_list(ids));
    (void)::unlink(state.c_str());
    return {};
  }
  if (!before) TRY(check_none_run(found, workers_));
  TRY(cpus_->save());
  release_cpus();
  for (const auto* pod : placed_pods(&PodWorker::allocated)) {
    if (auto given = cpus_->admit(*pod); !given)
      context_->log("pod " + pod->metadata.namespace_ + "/" + pod->metadata.name + ": " +
                    given.error().message());
  }
  for (const auto& [uid, worker] : workers_) worker->follow_cpus();
  return {};
}

// Those of pods that are over.
void Node::release_cpus() {
  if (cpus_ == nullptr || resetting_) return;
  std::set<std::string> uids;
  for (const auto* pod : placed_pods()) uids.insert(pod->metadata.uid);
  if (auto saved = cpus_->keep_only(uids); !saved)
    context_->log("remember the CPUs of pods: " + saved.error().message());
}

// Above the pods, what they ask for together.
void Node::protect_memory() {
  if (!memory_qos_ || resetting_ || protecting_) return;
  std::pair<std::int64_t, std::int64_t> sums{};
  for (const auto* pod : placed_pods(&PodWorker::granted)) {
    const auto resources = pod_resources(*pod, context_->machine);
    sums.first += resources.memory_min.value_or(0);
    sums.second += resources.memory_low.value_or(0);
  }
  if (sums == protected_) return;
  protected_ = sums;
  protecting_ = true;
  engine_->protect_memory(sums.first, sums.second,
                          [this, alive = std::weak_ptr<bool>(alive_)](const Result<void>& done) {
                            if (alive.expired()) return;
                            protecting_ = false;
                            if (done) return protect_memory();  // it may be other pods meanwhile
                            protected_.reset();  // the next change of pods tries again
                            context_->log("protect memory of pods: " + done.error().message());
                          });
}

// What a podctld with memory QoS has left in the groups, where this one is without. The mark stays
// until all of it is undone.
void Node::take_back_protection() {
  const auto mark = protection_mark(context_->layout);
  if (memory_qos_ || ::access(mark.c_str(), F_OK) != 0) return;
  auto left = std::make_shared<std::size_t>(1);
  const auto undone = [left, mark, log = context_->log](const Result<void>& done) {
    if (!done) return log("take back the protection of pods' memory: " + done.error().message());
    if (--*left == 0) (void)::unlink(mark.c_str());
  };
  engine_->protect_memory(0, 0, undone);
  for (const auto& [uid, worker] : workers_) *left += worker->unprotect_memory(undone);
}

}  // namespace podctl::node
