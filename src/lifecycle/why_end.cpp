// What ran and ended: by the kernel, by a probe, by a signal, by itself.
#include <algorithm>
#include <csignal>
#include <cstring>
#include <optional>

#include "lifecycle/why_parts.hpp"
#include "podctl/base/text.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::int32_t kSignalled = 128;  // exit codes above are 128 + signal
constexpr std::int32_t kMostSignals = 64;

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

// The kernel's word for it, else what the exit code stands for; 0: it ended by itself.
int signal_of(const Suspect& s, const api::ContainerStateTerminated& t) {
  if (s.end() != nullptr) return s.end()->signal;
  const int number = t.exitCode - kSignalled;
  return number > 0 && number <= kMostSignals ? number : 0;
}

std::string state_text(const api::ContainerStateTerminated& t) {
  std::string text = "terminated: " + t.reason + ", exit code " + std::to_string(t.exitCode);
  if (!t.message.empty()) text += ", message \"" + std::string(text::trim(t.message)) + "\"";
  return text;
}

std::string memory_limit(const Suspect& s) {
  if (!s.spec.resources) return {};
  const auto at = s.spec.resources->limits.find("memory");
  return at == s.spec.resources->limits.end() ? std::string() : at->second.str();
}

// ---- by whom it was ended ----

Cause out_of_memory(const Suspect& s, const std::string& who) {
  const std::string limit = memory_limit(s);
  Cause cause = cause_of(
      s, "OOMKilled",
      who + " was killed by the kernel because it came to " +
          (limit.empty() ? "the memory limit of its pod." : "its memory limit of " + limit + "."),
      limit.empty() ? "Raise the limit, or have its program use less."
                    : "Raise resources.limits.memory of the container, or have "
                      "its program use less.");
  if (s.end() != nullptr && s.end()->oom_kills > 0) {
    add_fact(cause, "kernel",
             "killed in its cgroup for want of memory: " + std::to_string(s.end()->oom_kills));
  }
  return cause;
}

// 137 is what a shell ends with when its command was killed.
bool killed_below(const Suspect& s, const api::ContainerStateTerminated& t) {
  constexpr std::int64_t kShellSigkill = 128 + SIGKILL;
  return s.end() != nullptr && s.end()->oom_kills > 0 && t.exitCode == kShellSigkill &&
         signal_of(s, t) == 0;
}

// A probe or a hook had it killed: podctld tells it in an event of that run.
std::optional<Cause> killed_by_podctl(const Suspect& s, const api::ContainerStateTerminated& t) {
  for (const char* probe : {"liveness", "startup"}) {
    const auto* killing =
        s.event("Killing", std::string("failed ") + probe + " probe", t.startedAt);
    if (killing == nullptr) continue;
    std::string label = probe;
    label[0] = static_cast<char>(label[0] - 'a' + 'A');
    const auto* unhealthy = s.event("Unhealthy", label + " probe", t.startedAt);
    Cause cause = cause_of(
        s, "ProbeFailed", s.Name() + " was ended because its " + probe + " probe failed.",
        std::string("Mend what the probe asks for, or give it more time: ") +
            (label == "Startup" ? "failureThreshold times periodSeconds is what a start may take."
                                : "timeoutSeconds, failureThreshold, or a startupProbe."));
    add_fact(cause, "event", "Killing: " + killing->message);
    if (unhealthy != nullptr) add_fact(cause, "event", "Unhealthy: " + unhealthy->message);
    const auto& tried = label == "Startup" ? s.spec.startupProbe : s.spec.livenessProbe;
    if (tried) add_command(cause, std::string(probe) + "Probe", tried->exec);
    return cause;
  }
  if (const auto* hook = s.event("FailedPostStartHook", {}, t.startedAt)) {
    Cause cause = cause_of(s, "PostStartHookFailed",
                           s.Name() + " was ended because its postStart hook failed.",
                           "Mend the hook: it has to succeed for the container to go on.");
    add_fact(cause, "event", "FailedPostStartHook: " + hook->message);
    if (s.hook() != nullptr && !s.hook()->failure.empty())
      add_fact(cause, "podctld", s.hook()->failure);
    add_post_start(s, cause);
    return cause;
  }
  return std::nullopt;
}

Cause no_processes(const Suspect& s, const std::string& ended) {
  Cause cause = cause_of(s, "PidsLimit",
                         ended +
                             ", after the kernel had refused it further processes: it was at "
                             "the limit of their number.",
                         "Have it start fewer processes and threads, and wait for its children.");
  add_fact(cause, "kernel",
           "processes refused for the pids limit of its cgroup: " +
               std::to_string(s.end()->pids_refused));
  return cause;
}

Cause by_signal(const Suspect& s, int signal) {
  const std::string name = signal_name(signal);
  std::string reason = "Signalled", problem = s.Name() + " was ended by " + name;
  std::string remedy = "Find out who sends it the signal, in the pod or on the machine.";
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
      reason = "Crashed";
      problem = s.Name() + "'s program crashed with " + name;
      remedy =
          signal == SIGILL
              ? "It may be built for a newer CPU than this machine's: try an image for an older "
                "one."
              : "It is a fault of the program: look at its log, and try another version of the "
                "image.";
      break;
    case SIGSYS:
      reason = "Crashed";
      problem = s.Name() + "'s program was ended by seccomp (SIGSYS)";
      remedy =
          "It made a system call that its seccomp profile forbids: choose another "
          "securityContext.seccompProfile.";
      break;
    case SIGKILL:
      problem += ", and not for want of memory";
      break;
    default:
      break;
  }
  return cause_of(s, std::move(reason), problem + ".", std::move(remedy));
}

Cause by_itself(const Suspect& s, const api::ContainerStateTerminated& t) {
  if (t.exitCode == 0) {
    return cause_of(s, "Completed",
                    s.Name() +
                        " ends with success again and again: its program is done, and its "
                        "restart policy starts it anew.",
                    "Give it a program that stays, or the pod restartPolicy OnFailure or Never.");
  }
  std::string problem =
      s.Name() + "'s program ended by itself with exit code " + std::to_string(t.exitCode);
  if (t.exitCode == 127) problem += ", as a shell does that cannot find a command";
  if (t.exitCode == 126) problem += ", as a shell does that may not execute a command";
  const std::string pod = s.pod.metadata.name, &name = s.spec.name;
  return cause_of(
      s, "Error", problem + ".",
      wrote_nothing(s)
          ? "It wrote nothing: have it tell why it ends, or try what it "
            "does beside it with podctl debug -it " +
                pod + " --copy-to " + pod + "-copy --container " + name + " -- sh."
          : "Its log tells more: podctl logs " + pod + " -c " + name + " (-p for the run before).");
}

// The pod's sandbox died and took all along, or podctl had it end for that: an event of the pod
// says so, not older than this run. Each run has one sandbox.
std::optional<Cause> with_sandbox(const Suspect& s, const api::ContainerStateTerminated& t) {
  constexpr std::int64_t kToldLate = 5;  // seconds after it died, at most
  for (const auto& event : s.evidence.events) {
    if (event.reason != "SandboxChanged" || !event.involvedObject.fieldPath.empty()) continue;
    const auto told = event.lastTimestamp.seconds();
    const auto started = t.startedAt.seconds(), finished = t.finishedAt.seconds();
    if (told < started || finished + kToldLate < told) continue;
    // Times are whole seconds: one that lived on began in the new sandbox.
    if (told == started && finished > told + 1) continue;
    Cause cause = cause_of(s, "SandboxChanged",
                           s.Name() + " was ended with the pod's sandbox, which had died.",
                           "The container is not to blame: find out who ended the pod's pause "
                           "process on this machine. The pod has been given a new sandbox.");
    add_fact(cause, "event", "SandboxChanged: " + event.message);
    return cause;
  }
  return std::nullopt;
}

Cause lost(const Suspect& s) {
  return cause_of(s, "ContainerStatusUnknown", s.Name() + " is gone, and nobody saw how it ended.",
                  "The machine or the pod's podctl-shim went down: delete the pod and apply it "
                  "again if it has not been restarted.");
}

Cause find_cause(const Suspect& s, const api::ContainerStateTerminated& t) {
  const auto* end = s.end();
  if (t.reason == "OOMKilled") return out_of_memory(s, s.Name());
  if (t.reason == "ContainerStatusUnknown") return lost(s);
  if (auto cause = killed_by_podctl(s, t)) return *cause;
  if (killed_below(s, t)) return out_of_memory(s, "A process of " + s.name());
  const int signal = signal_of(s, t);
  if (signal != 0) {
    if (auto cause = with_sandbox(s, t)) return *cause;
  }
  const std::string ended = signal != 0
                                ? s.Name() + " was ended by " + signal_name(signal)
                                : s.Name() + " ended with exit code " + std::to_string(t.exitCode);
  if (end != nullptr && end->pids_refused > 0 && t.exitCode != 0) return no_processes(s, ended);
  if (signal == 0 && t.exitCode != 0) {
    if (auto cause = log_cause(s, ended)) return *cause;
  }
  Cause cause = signal != 0 ? by_signal(s, signal) : by_itself(s, t);
  if (end != nullptr && signal == SIGKILL) {
    add_fact(cause, "kernel",
             "killed in its cgroup for want of memory: " + std::to_string(end->oom_kills));
  }
  if (end != nullptr && end->oom_kills > 0 && signal == 0) {
    add_fact(cause, "kernel",
             "a process beside its main one was killed for want of memory: " +
                 std::to_string(end->oom_kills));
  }
  return cause;
}

}  // namespace

Cause end_cause(const Suspect& s, const api::ContainerStateTerminated& t) {
  if (t.reason == "StartError") return exec_cause(s, t.message);
  Cause cause = find_cause(s, t);
  cause.facts.insert(cause.facts.begin(), Fact{"status", state_text(t)});
  if (s.status.restartCount > 0) {
    add_fact(cause, "status", "restarts: " + std::to_string(s.status.restartCount));
  }
  const bool told = std::any_of(cause.facts.begin(), cause.facts.end(),
                                [](const Fact& f) { return f.source == "log"; });
  if (!told) add_last_line(s, cause);
  return cause;
}

}  // namespace podctl::lifecycle
