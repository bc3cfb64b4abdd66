// Probes, hooks and security contexts of a container.
#include "api/validate_parts.hpp"

#include "api/formats.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

constexpr std::int64_t kMaxId = 2147483647;
constexpr std::string_view kInitOnly =
    "may not be set for init containers without restartPolicy=Always";

void port(const IntOrString& value, const Path& at, FaultList& faults) {
  if (value.is_int()) {
    faults.range(at, value.number(), 1, 65535);
  } else if (!value.has_value()) {
    faults.required(at);
  } else {
    faults.check(at, value.text(), check_port_name(value.text()));
  }
}

void http_get(const HTTPGetAction& get, const Path& at, FaultList& faults) {
  if (get.path.empty()) faults.required(Path::of(at, "path"));
  port(get.port, Path::of(at, "port"), faults);
  const Path headers = Path::of(at, "httpHeaders");
  for (std::size_t i = 0; i < get.httpHeaders.size(); ++i) {
    const std::string& name = get.httpHeaders[i].name;
    const Path here = Path::of(headers, i);
    if (!name.empty()) faults.check(Path::of(here, "name"), name, check_header_name(name));
  }
}

void exec(const ExecAction& action, const Path& at, FaultList& faults) {
  if (action.command.empty()) faults.required(Path::of(at, "command"));
}

// Exactly one of the handlers; later ones are the ones too many.
void exactly_one(std::initializer_list<std::pair<std::string_view, bool>> set, const Path& at,
                 FaultList& faults) {
  bool any = false;
  for (auto [name, is_set] : set) {
    if (is_set && any) {
      faults.forbidden(Path::of(at, name), "may not specify more than 1 handler type");
    }
    any = any || is_set;
  }
  if (!any) faults.required(at, "must specify a handler type");
}

void probe_numbers(const Probe& p, const Path& at, FaultList& faults) {
  auto check = [&](std::string_view name, const std::optional<std::int32_t>& value) {
    if (value) faults.not_negative(Path::of(at, name), *value);
  };
  check("initialDelaySeconds", p.initialDelaySeconds);
  check("timeoutSeconds", p.timeoutSeconds);
  check("periodSeconds", p.periodSeconds);
  check("successThreshold", p.successThreshold);
  check("failureThreshold", p.failureThreshold);
  if (p.terminationGracePeriodSeconds && *p.terminationGracePeriodSeconds <= 0) {
    faults.invalid(Path::of(at, "terminationGracePeriodSeconds"), *p.terminationGracePeriodSeconds,
                   "must be greater than 0");
  }
}

void probe(const Box<Probe>& box, bool readiness, const Path& at, FaultList& faults) {
  if (!box) return;
  const Probe& p = *box;
  exactly_one({{"exec", p.exec.has_value()},
               {"httpGet", p.httpGet.has_value()},
               {"tcpSocket", p.tcpSocket.has_value()},
               {"grpc", p.grpc.has_value()}},
              at, faults);
  if (p.exec) exec(*p.exec, Path::of(at, "exec"), faults);
  if (p.httpGet) http_get(*p.httpGet, Path::of(at, "httpGet"), faults);
  const Path tcp = Path::of(at, "tcpSocket"), grpc = Path::of(at, "grpc");
  if (p.tcpSocket) port(p.tcpSocket->port, Path::of(tcp, "port"), faults);
  if (p.grpc) faults.range(Path::of(grpc, "port"), p.grpc->port, 1, 65535);
  probe_numbers(p, at, faults);
  if (readiness) {
    if (p.terminationGracePeriodSeconds) {
      faults.invalid(Path::of(at, "terminationGracePeriodSeconds"),
                     *p.terminationGracePeriodSeconds, "must not be set for readinessProbes");
    }
  } else if (p.successThreshold.value_or(1) != 1) {
    faults.invalid(Path::of(at, "successThreshold"), *p.successThreshold, "must be 1");
  }
}

void hook(const Box<LifecycleHandler>& box, std::int64_t grace_s, const Path& at,
          FaultList& faults) {
  if (!box) return;
  const LifecycleHandler& h = *box;
  exactly_one({{"exec", h.exec.has_value()},
               {"httpGet", h.httpGet.has_value()},
               {"tcpSocket", h.tcpSocket.has_value()},
               {"sleep", h.sleep.has_value()}},
              at, faults);
  if (h.exec) exec(*h.exec, Path::of(at, "exec"), faults);
  if (h.httpGet) http_get(*h.httpGet, Path::of(at, "httpGet"), faults);
  const Path tcp = Path::of(at, "tcpSocket"), sleep = Path::of(at, "sleep");
  if (h.tcpSocket) port(h.tcpSocket->port, Path::of(tcp, "port"), faults);
  // A grace period below 0 is a fault of its own.
  if (h.sleep && grace_s >= 0 && (h.sleep->seconds < 0 || h.sleep->seconds > grace_s)) {
    faults.invalid(Path::of(sleep, "seconds"), h.sleep->seconds,
                   "must be non-negative and less than terminationGracePeriodSeconds (" +
                       std::to_string(grace_s) + ")");
  }
}

}  // namespace

void validate_probes(const Container& c, bool sidecar_or_main, std::int64_t grace_s, const Path& at,
                     FaultList& faults) {
  const Path liveness = Path::of(at, "livenessProbe"), readiness = Path::of(at, "readinessProbe"),
             startup = Path::of(at, "startupProbe"), lifecycle = Path::of(at, "lifecycle");
  if (!sidecar_or_main) {
    bool hooks = c.lifecycle && (c.lifecycle->postStart || c.lifecycle->preStop);
    if (hooks) faults.forbidden(lifecycle, kInitOnly);
    if (c.livenessProbe) faults.forbidden(liveness, kInitOnly);
    if (c.readinessProbe) faults.forbidden(readiness, kInitOnly);
    if (c.startupProbe) faults.forbidden(startup, kInitOnly);
    return;
  }
  probe(c.livenessProbe, false, liveness, faults);
  probe(c.readinessProbe, true, readiness, faults);
  probe(c.startupProbe, false, startup, faults);
  if (!c.lifecycle) return;
  hook(c.lifecycle->postStart, grace_s, Path::of(lifecycle, "postStart"), faults);
  hook(c.lifecycle->preStop, grace_s, Path::of(lifecycle, "preStop"), faults);
}

void validate_seccomp(const SeccompProfile& p, const Path& at, FaultList& faults) {
  const Path file = Path::of(at, "localhostProfile");
  if (p.type == "Localhost") {
    if (p.localhostProfile.empty())
      return faults.required(file, "must be set when seccomp type is Localhost");
    return faults.check(file, p.localhostProfile, check_local_path(p.localhostProfile));
  }
  if (!p.localhostProfile.empty()) {
    faults.invalid(file, p.localhostProfile, "can only be set when seccomp type is Localhost");
  }
}

void validate_apparmor(const AppArmorProfile& p, const Path& at, FaultList& faults) {
  const Path name = Path::of(at, "localhostProfile");
  if (p.type == "Localhost") {
    if (p.localhostProfile.empty())
      faults.required(name, "must be set when AppArmor type is Localhost");
  } else if (!p.localhostProfile.empty()) {
    faults.invalid(name, p.localhostProfile, "can only be set when AppArmor type is Localhost");
  }
}

void validate_security(const SecurityContext& sc, const Path& at, FaultList& faults) {
  if (sc.runAsUser) faults.range(Path::of(at, "runAsUser"), *sc.runAsUser, 0, kMaxId);
  if (sc.runAsGroup) faults.range(Path::of(at, "runAsGroup"), *sc.runAsGroup, 0, kMaxId);
  if (sc.seccompProfile)
    validate_seccomp(*sc.seccompProfile, Path::of(at, "seccompProfile"), faults);
  if (sc.appArmorProfile)
    validate_apparmor(*sc.appArmorProfile, Path::of(at, "appArmorProfile"), faults);
  if (sc.allowPrivilegeEscalation.value_or(true)) return;
  if (sc.privileged.value_or(false)) {
    faults.invalid(at, "",
                   "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  }
  if (!sc.capabilities) return;
  for (const std::string& cap : sc.capabilities->add) {
    if (cap == "CAP_SYS_ADMIN") {
      faults.invalid(
          at, "",
          "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
  }
}

}  // namespace podctl::api
