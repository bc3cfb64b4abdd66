#include "node/cpu_manager.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "node/state_file.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/api/status_text.hpp"
#include "podctl/base/text.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::node {
namespace {

namespace json = boost::json;

constexpr unsigned kMostCpus = 1U << 16U;  // far above what kernels are built for
constexpr const char* kAdvice =
    "remove it, and start podctld with the --cpu-manager-policy and --reserved-cpus that it had: "
    "the pods that run are then given CPUs anew";

Failure bad_list(std::string_view list) {
  return fail(Code::kInvalidArgument, "read list of CPUs", std::string(list),
              "wanted are numbers and ranges, as in 0-1,4");
}

Result<unsigned> read_number(const std::string& path) {
  const auto content = TRY(sys::read_file(path, 64));
  const auto number = text::parse_u64(text::trim(content));
  if (!number || *number > ~0U) return fail(Code::kInternal, "read", path, "no number");
  return static_cast<unsigned>(*number);
}

void remove(CpuSet& from, const CpuSet& cpus) {
  for (const unsigned cpu : cpus) from.erase(cpu);
}

// k8s pkg/kubelet/cm/cpumanager/cpu_assignment.go
Failure too_few(std::size_t wanted, std::size_t there) {
  return fail(Code::kExhausted, "", "",
              "not enough cpus available to satisfy request: requested=" + std::to_string(wanted) +
                  ", available=" + std::to_string(there));
}

}  // namespace

std::string cpu_list(const CpuSet& cpus) {
  std::string out;
  for (auto it = cpus.begin(); it != cpus.end();) {
    const unsigned first = *it;
    unsigned last = first;
    while (++it != cpus.end() && *it == last + 1) last = *it;
    out += (out.empty() ? "" : ",") + std::to_string(first);
    if (last != first) out += "-" + std::to_string(last);
  }
  return out;
}

Result<CpuSet> parse_cpu_list(std::string_view list) {
  CpuSet cpus;
  for (const std::string_view part : text::split(list, ',')) {
    const auto dash = part.find('-');
    const auto first = text::parse_u64(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : text::parse_u64(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMostCpus) return bad_list(list);
    for (auto cpu = *first; cpu <= *last; ++cpu) cpus.insert(static_cast<unsigned>(cpu));
  }
  return cpus;
}

Result<std::vector<Cpu>> read_cpus(const std::string& sys) {
  const auto online = TRY(sys::read_file(sys + "/online", 4096));
  std::vector<Cpu> cpus;
  for (const unsigned id : TRY(parse_cpu_list(text::trim(online)))) {
    const std::string topology = sys + "/cpu" + std::to_string(id) + "/topology/";
    Cpu cpu{id, 0, id};  // without a word of the kernel's each is a core
    if (const auto socket = read_number(topology + "physical_package_id")) cpu.socket = *socket;
    if (const auto core = read_number(topology + "core_id")) cpu.core = *core;
    cpus.push_back(cpu);
  }
  return cpus;
}

CpuSet choose_cpus(const std::vector<Cpu>& all, const CpuSet& free, std::size_t count) {
  using Core = std::pair<unsigned, unsigned>;  // socket, core
  std::map<Core, std::size_t> threads;
  std::map<Core, std::vector<unsigned>> left;
  for (const Cpu& cpu : all) {
    ++threads[{cpu.socket, cpu.core}];
    if (free.contains(cpu.id)) left[{cpu.socket, cpu.core}].push_back(cpu.id);
  }
  CpuSet chosen;
  for (auto& [core, cpus] : left) {
    if (cpus.size() != threads[core] || chosen.size() + cpus.size() > count) continue;
    chosen.insert(cpus.begin(), cpus.end());
    cpus.clear();
  }
  std::vector<const std::vector<unsigned>*> rest;
  for (const auto& [core, cpus] : left) rest.push_back(&cpus);
  std::ranges::stable_sort(rest, {}, [](const auto* cpus) { return cpus->size(); });
  for (const auto* cpus : rest) {
    for (const unsigned cpu : *cpus) {
      if (chosen.size() < count) chosen.insert(cpu);
    }
  }
  return chosen;
}

std::string cpu_manager_state(const Layout& layout) { return layout.lib() + "/cpu_manager_state"; }

Result<std::optional<CpuSet>> CpuManager::reserved_before(const std::string& state) {
  const auto root = TRY(read_state_file(state, kAdvice));
  if (!root) return std::nullopt;
  const auto* list = root->if_contains("reservedCpuSet");
  if (list == nullptr || !list->is_string()) return not_ours(state, kAdvice);
  return TRY(parse_cpu_list(std::string_view(list->get_string())));
}

Result<std::unique_ptr<CpuManager>> CpuManager::open(std::vector<Cpu> cpus, CpuSet reserved,
                                                     std::string state) {
  std::unique_ptr<CpuManager> manager(new CpuManager());
  manager->cpus_ = std::move(cpus);
  manager->reserved_ = std::move(reserved);
  manager->state_ = std::move(state);
  if (const auto root = TRY(read_state_file(manager->state_, kAdvice)); root) {
    const auto* entries = root->if_contains("entries");
    if (entries == nullptr || !entries->is_object()) return not_ours(manager->state_, kAdvice);
    manager->load(entries->get_object());
  }
  return manager;
}

void CpuManager::load(const json::object& entries) {
  const auto may_have = free();
  for (const auto& [uid, containers] : entries) {
    if (!containers.is_object()) continue;
    for (const auto& [name, list] : containers.get_object()) {
      const auto cpus = list.is_string() ? parse_cpu_list(std::string_view(list.get_string()))
                                         : Result<CpuSet>(bad_list(""));
      if (!cpus || !std::ranges::includes(may_have, *cpus)) {
        pods_.erase(uid);
        break;
      }
      pods_[uid][name] = *cpus;
    }
  }
}

// As a kubelet writes its cpu_manager_state, and what is reserved.
Result<void> CpuManager::save() const {
  json::object entries;
  for (const auto& [uid, shares] : pods_) {
    json::object containers;
    for (const auto& [name, cpus] : shares) containers[name] = cpu_list(cpus);
    entries[uid] = std::move(containers);
  }
  const json::object root{{"policyName", "static"},
                          {"defaultCpuSet", cpu_list(shared())},
                          {"reservedCpuSet", cpu_list(reserved_)},
                          {"entries", std::move(entries)}};
  return write_state_file(state_, root);
}

// Neither reserved nor given out.
CpuSet CpuManager::free() const {
  auto cpus = shared();
  remove(cpus, reserved_);
  return cpus;
}

CpuSet CpuManager::shared() const {
  CpuSet cpus;
  for (const Cpu& cpu : cpus_) cpus.insert(cpu.id);
  for (const auto& [uid, shares] : pods_) {
    for (const auto& [name, own] : shares) remove(cpus, own);
  }
  return cpus;
}

Result<CpuManager::Shares> CpuManager::divide(const api::Pod& pod) const {
  Shares shares;
  auto left = free();
  CpuSet given, lasting;  // to this pod; to those before whom an init container stands
  const auto take = [&](const api::Container& container, std::size_t count) -> Result<CpuSet> {
    if (count > left.size()) return too_few(count, left.size());
    auto cpus = choose_cpus(cpus_, left, count);
    remove(left, cpus);
    given.insert(cpus.begin(), cpus.end());
    if (count > 0) shares[container.name].insert(cpus.begin(), cpus.end());
    return cpus;
  };
  for (const auto& container : pod.spec.containers)
    TRY(take(container, api::exclusive_cpus(pod, container)));
  for (const auto& container : pod.spec.initContainers) {
    if (api::is_sidecar(container)) TRY(take(container, api::exclusive_cpus(pod, container)));
  }
  for (const auto& container : pod.spec.initContainers) {
    const auto count = static_cast<std::size_t>(api::exclusive_cpus(pod, container));
    if (api::is_sidecar(container)) {
      const auto& own = shares[container.name];
      lasting.insert(own.begin(), own.end());
    } else if (count > 0) {
      auto usable = given;
      remove(usable, lasting);
      const auto reused = choose_cpus(cpus_, usable, std::min(count, usable.size()));
      TRY(take(container, count - reused.size()));
      shares[container.name].insert(reused.begin(), reused.end());
    }
  }
  std::erase_if(shares, [](const auto& share) { return share.second.empty(); });
  return shares;
}

Result<void> CpuManager::fits(const api::Pod& pod) const {
  if (!pods_.contains(pod.metadata.uid)) TRY(divide(pod));
  return {};
}

Result<void> CpuManager::admit(const api::Pod& pod) {
  const auto& uid = pod.metadata.uid;
  if (pods_.contains(uid)) return {};
  auto shares = TRY(divide(pod));
  if (shares.empty()) return {};
  pods_[uid] = std::move(shares);
  if (auto saved = save(); !saved) {
    pods_.erase(uid);
    return saved;
  }
  if (on_change) on_change();
  return {};
}

Result<void> CpuManager::keep_only(const std::set<std::string>& uids) {
  if (std::erase_if(pods_, [&](const auto& pod) { return !uids.contains(pod.first); }) == 0)
    return {};
  auto saved = save();
  if (on_change) on_change();
  return saved;
}

const CpuSet* CpuManager::own(const std::string& uid, const std::string& container) const {
  const auto pod = pods_.find(uid);
  if (pod == pods_.end()) return nullptr;
  const auto share = pod->second.find(container);
  return share == pod->second.end() ? nullptr : &share->second;
}

std::string CpuManager::cpus_of(const std::string& uid, const std::string& container) const {
  const auto* cpus = own(uid, container);
  return cpu_list(cpus != nullptr ? *cpus : shared());
}

}  // namespace podctl::node
