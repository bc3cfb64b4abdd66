// What runs and is not ready: probes, hooks, and what slows it down.
#include "lifecycle/why_parts.hpp"
#include "podctl/base/text.hpp"

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

// What a probe that could not be tried says of itself; empty when it was.
std::string untried(const std::string& message) {
  constexpr std::string_view kWords = "errored and resulted in unknown state: ";
  const auto at = message.find(kWords);
  return at == std::string::npos ? std::string() : message.substr(at + kWords.size());
}

// Such tries are not counted: it neither succeeds nor fails, and nothing comes of it by itself.
Cause untried_cause(const Suspect& s, bool startup, const std::string& why) {
  const std::string cannot = s.Name() + " runs, but its " + (startup ? "startup" : "readiness") +
                             " probe cannot be tried: ";
  const std::string outcome = startup ? "Until then it counts as not started, and is left to run."
                                      : "Until then it is not ready.";
  const std::string program = between(why, "exec: \"", "\"");
  const bool missing = contains(why, "no such file") || contains(why, "file not found");
  if (!program.empty() && missing) {
    return cause_of(s, startup ? "StartupProbeCannotRun" : "ReadinessProbeCannotRun",
                    cannot + "there is no program \"" + program + "\" in it.",
                    "Take an image that has the program, or let the probe ask by httpGet, "
                    "tcpSocket or grpc, which need none. " +
                        outcome);
  }
  return cause_of(s, startup ? "StartupProbeCannotRun" : "ReadinessProbeCannotRun",
                  cannot + std::string(text::trim(why)) + ".",
                  "Correct the probe in the manifest. " + outcome);
}

std::optional<Cause> probe_cause(const Suspect& s, bool startup) {
  const char* probe = startup ? "startup" : "readiness";
  const auto* failed = s.event("Unhealthy", startup ? "Startup probe" : "Readiness probe",
                               s.status.state->running->startedAt);
  if (failed == nullptr) return std::nullopt;
  const std::string why = untried(failed->message);
  Cause cause =
      !why.empty()
          ? untried_cause(s, startup, why)
          : cause_of(s, startup ? "StartupProbeFailing" : "ReadinessProbeFailing",
                     s.Name() + " runs, but its " + probe + " probe fails.",
                     startup ? "See in its log what its start waits for; it is ended once "
                               "failureThreshold is reached."
                             : "See that it answers what the probe asks, or correct the probe.");
  add_fact(cause, "event", "Unhealthy: " + failed->message);
  add_command(cause, std::string(probe) + "Probe",
              (startup ? s.spec.startupProbe : s.spec.readinessProbe)->exec);
  if (!why.empty()) return cause;
  slow_facts(s, cause);
  add_last_line(s, cause);
  return cause;
}

}  // namespace

std::string span_text(std::uint64_t ns) {
  constexpr std::uint64_t kSecond = 1'000'000'000, kMinute = 60 * kSecond;
  return ns < 2 * kMinute ? std::to_string(ns / kSecond) + " s"
                          : std::to_string(ns / kMinute) + " min";
}

std::optional<Cause> hook_cause(const Suspect& s) {
  constexpr std::uint64_t kLong = 10'000'000'000;
  const auto* hook = s.hook();
  if (hook == nullptr || hook->runs_for_ns < kLong) return std::nullopt;
  Cause cause = cause_of(
      s, "PostStartHookRuns",
      s.Name() + " runs, but its postStart hook has not ended for " + span_text(hook->runs_for_ns) +
          ".",
      "See what the hook waits for: until it ends the container counts as not started, and is "
      "neither probed nor ready.");
  add_post_start(s, cause);
  add_last_line(s, cause);
  return cause;
}

std::optional<Cause> unready_cause(const Suspect& s) {
  const bool started = s.status.started.value_or(false);
  if (!started && s.spec.startupProbe) return probe_cause(s, true);
  if (s.spec.readinessProbe) return probe_cause(s, false);
  return std::nullopt;
}

}  // namespace podctl::lifecycle
