#include <algorithm>

#include "context.hpp"

namespace podctl::lifecycle {
namespace {

// CrashLoopBackOff (K pkg/kubelet/kubelet.go): 10 s, doubled up to 300 s, forgotten after twice the
// cap.
constexpr std::uint32_t kInitialBackoff = 10;
constexpr std::uint32_t kMaxBackoff = 300;

bool forgotten(const ContainerMemory& m) {
  return m.ended && m.ended->finished_ns > m.backoff_since_ns + 2ULL * kMaxBackoff * kSecond;
}

bool rule_matches(const api::ContainerRestartRule& rule, std::int32_t exit_code) {
  if (!rule.exitCodes) return false;
  const auto& values = rule.exitCodes->values;
  const bool listed = std::find(values.begin(), values.end(), exit_code) != values.end();
  return rule.exitCodes->operator_ == "NotIn" ? !listed : listed;
}

}  // namespace

Verdict after_exit(const api::Pod& pod, const Item& item, std::int32_t exit_code) {
  if (item.sidecar) return Verdict::kRestart;
  if (item.init && exit_code == 0) return Verdict::kStay;
  for (const auto& rule : item.spec->restartPolicyRules) {
    if (!rule_matches(rule, exit_code)) continue;
    return rule.action == "RestartAllContainers" ? Verdict::kRestartAll : Verdict::kRestart;
  }
  const auto& own = item.spec->restartPolicy;
  const auto& policy = own.empty() ? pod.spec.restartPolicy : own;
  if (policy == "Never") return Verdict::kStay;
  // For an init container Always means OnFailure: it is done once it has succeeded.
  if (policy == "OnFailure" && exit_code == 0) return Verdict::kStay;
  return Verdict::kRestart;
}

std::uint64_t restart_due(const ContainerMemory& m) {
  if (!m.ended || m.stop_ns != 0 || m.backoff_s == 0 || forgotten(m)) return 0;
  return m.ended->finished_ns + m.backoff_s * kSecond;
}

void count_restart(ContainerMemory& m, std::uint64_t boot_ns) {
  if (m.stop_ns != 0) return;
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
