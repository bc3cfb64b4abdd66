#include <algorithm>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

// CrashLoopBackOff (K pkg/kubelet/kubelet.go): 10 s, doubled up to 300 s, forgotten after twice the
// cap.
constexpr std::uint32_t kInitialBackoff = 10;
constexpr std::uint32_t kMaxBackoff = 300;
constexpr std::int32_t kKilledCode = 137;

bool forgotten(const ContainerMemory& m) {
  return m.ended && m.ended->finished_ns > m.backoff_since_ns + 2ULL * kMaxBackoff * kSecond;
}

// An end that was asked for is no crash; one by a failed probe or hook counts as such.
bool asked_for(const ContainerMemory& m) {
  const bool stopped = m.stop_ns != 0 || m.pre_stop.progress != HookProgress::kNone;
  return stopped && (m.killed == KillCause::kNone || m.killed == KillCause::kChanged ||
                     m.killed == KillCause::kResized);
}

bool rule_matches(const api::ContainerRestartRule& rule, std::int32_t exit_code) {
  if (!rule.exitCodes) return false;
  const auto& values = rule.exitCodes->values;
  const bool listed = std::find(values.begin(), values.end(), exit_code) != values.end();
  return rule.exitCodes->operator_ == "NotIn" ? !listed : listed;
}

}  // namespace

AfterExit after_exit(const api::Pod& pod, const Item& item, std::int32_t exit_code) {
  if (item.ephemeral) return AfterExit::kStay;
  if (item.init && !item.sidecar && exit_code == 0) return AfterExit::kStay;
  for (const auto& rule : item.spec->restartPolicyRules) {
    if (!rule_matches(rule, exit_code)) continue;
    return rule.action == "RestartAllContainers" ? AfterExit::kRestartAll : AfterExit::kRestart;
  }
  if (item.sidecar) return AfterExit::kRestart;
  const auto& own = item.spec->restartPolicy;
  const auto& policy = own.empty() ? pod.spec.restartPolicy : own;
  if (policy == "Never") return AfterExit::kStay;
  // For an init container Always means OnFailure: it is done once it has succeeded.
  if (policy == "OnFailure" && exit_code == 0) return AfterExit::kStay;
  return AfterExit::kRestart;
}

bool may_restart_all(const api::Pod& pod) {
  const auto says_so = [](const api::Container& container) {
    return std::ranges::any_of(container.restartPolicyRules, [](const auto& rule) {
      return rule.action == "RestartAllContainers";
    });
  };
  return std::ranges::any_of(pod.spec.initContainers, says_so) ||
         std::ranges::any_of(pod.spec.containers, says_so);
}

bool comes_back(const api::Pod& pod, const Item& item) {
  return after_exit(pod, item, kKilledCode) != AfterExit::kStay;
}

std::uint64_t restart_due(const ContainerMemory& m) {
  if (!m.ended || asked_for(m) || m.backoff_s == 0 || forgotten(m)) return 0;
  return m.ended->finished_ns + m.backoff_s * kSecond;
}

void count_restart(ContainerMemory& m, std::uint64_t boot_ns) {
  if (asked_for(m)) return;
  const bool fresh = m.backoff_s == 0 || forgotten(m);
  m.backoff_s = fresh ? kInitialBackoff : std::min(2 * m.backoff_s, kMaxBackoff);
  m.backoff_since_ns = boot_ns;
}

void show_backoff(Context& c, const Item& item, std::uint64_t due) {
  auto& m = *item.memory;
  c.wake_at(due);
  if (m.waiting && m.waiting->reason == "CrashLoopBackOff" && m.waiting->retry_at_ns == due) return;
  const auto pod = pod_text(c.pod);
  m.waiting = Waiting{"CrashLoopBackOff",
                      "back-off " + go_duration(m.backoff_s) +
                          " restarting failed container=" + item.spec->name + " pod=" + pod,
                      due};
  container_event(c, item, true, "BackOff",
                  "Back-off restarting failed container " + item.spec->name + " in pod " + pod);
}

}  // namespace podctl::lifecycle
