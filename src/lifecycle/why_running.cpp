// What runs and is not ready: probes, hooks, and what slows it down.
#include "lifecycle/why_parts.hpp"

namespace podctl::lifecycle {
namespace {

// Throttled in a quarter of its periods a program is late for a probe.
constexpr std::uint64_t kThrottledShare = 4;

void slow_facts(const Suspect& s, Cause& cause) {
  const auto* c = s.counters();
  if (c == nullptr) return;
  if (c->periods > 0 && c->throttled_periods * kThrottledShare >= c->periods) {
    add_fact(cause, "kernel",
             "throttled in " + std::to_string(c->throttled_periods) + " of " +
                 std::to_string(c->periods) + " periods: it uses all that its CPU limit gives");
    cause.remedy += " Its CPU limit may be what makes it late: raise resources.limits.cpu.";
  }
  if (c->oom_kills > 0) {
    add_fact(cause, "kernel",
             "killed in its cgroup for want of memory: " + std::to_string(c->oom_kills));
  }
  if (c->pids_refused > 0) {
    add_fact(
        cause, "kernel",
        "processes refused for the pids limit of its cgroup: " + std::to_string(c->pids_refused));
  }
}

std::optional<Cause> probe_cause(const Suspect& s, bool startup) {
  const char* probe = startup ? "startup" : "readiness";
  const auto* failed = s.event("Unhealthy", startup ? "Startup probe" : "Readiness probe",
                               s.status.state->running->startedAt);
  if (failed == nullptr) return std::nullopt;
  Cause cause =
      cause_of(s, startup ? "StartupProbeFailing" : "ReadinessProbeFailing",
               s.Name() + " runs, but its " + probe + " probe fails.",
               startup ? "See in its log what its start waits for; it is ended once "
                         "failureThreshold is reached."
                       : "See that it answers what the probe asks, or correct the probe.");
  add_fact(cause, "event", "Unhealthy: " + failed->message);
  add_command(cause, std::string(probe) + "Probe",
              (startup ? s.spec.startupProbe : s.spec.readinessProbe)->exec);
  slow_facts(s, cause);
  add_last_line(s, cause);
  return cause;
}

}  // namespace

std::optional<Cause> unready_cause(const Suspect& s) {
  const bool started = s.status.started.value_or(false);
  if (!started && s.spec.startupProbe) return probe_cause(s, true);
  if (s.spec.readinessProbe) return probe_cause(s, false);
  return std::nullopt;
}

}  // namespace podctl::lifecycle
