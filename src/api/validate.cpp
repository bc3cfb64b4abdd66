// The whole pod, and what the field tables say by themselves.
#include "podctl/api/validate.hpp"

#include <algorithm>

#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/sysctls.hpp"
#include "podctl/base/ip.hpp"

namespace podctl::api {
namespace {

constexpr std::int64_t kMaxId = 2147483647;

// Required in the type, but Kubernetes takes an empty value.
bool may_be_empty(const Type& type, const Field& f) {
  return f.name == "value" && (type.name == "Sysctl" || type.name == "HTTPHeader");
}

void value(const Type& type, const Field& f, const std::string& text, const Path& at,
           FaultList& faults) {
  if (text.empty()) {
    if (f.required && !may_be_empty(type, f)) faults.required(at);
    return;
  }
  if (f.values.empty()) return;
  if (std::find(f.values.begin(), f.values.end(), text) == f.values.end()) {
    faults.unsupported(at, text, f.values);
  }
}

void field(const Type& type, const Field& f, const void* object, const Path& up,
           FaultList& faults) {
  const void* at = f.at(object);
  const Path path = Path::of(up, f.name);
  if (f.kind == Kind::kString && f.shape == Shape::kPlain) {
    return value(type, f, *static_cast<const std::string*>(at), path, faults);
  }
  if (f.kind == Kind::kString && f.shape == Shape::kList && !f.values.empty()) {
    const auto& list = *static_cast<const std::vector<std::string>*>(at);
    for (std::size_t i = 0; i < list.size(); ++i) {
      value(type, f, list[i], Path::of(path, i), faults);
    }
    return;
  }
  if (f.kind != Kind::kStruct) return;
  const Type& inner = f.type();
  if (f.shape == Shape::kPlain) return validate_tables(inner, at, path, faults);
  if (f.shape == Shape::kOptional) {
    if (const void* p = inner.box_get(at)) validate_tables(inner, p, path, faults);
    return;
  }
  for (std::size_t i = 0, n = inner.list_size(at); i < n; ++i) {
    validate_tables(inner, inner.list_at_const(at, i), Path::of(path, i), faults);
  }
}

void dns(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path config = Path::of(at, "dnsConfig");
  const Path servers = Path::of(config, "nameservers");
  std::size_t count = spec.dnsConfig ? spec.dnsConfig->nameservers.size() : 0;
  if (spec.dnsPolicy == "None" && count == 0) {
    const Path& where = spec.dnsConfig ? servers : config;
    faults.required(where, "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (!spec.dnsConfig) return;
  if (count > 3) faults.invalid(servers, "", "must not have more than 3 nameservers");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& ip = spec.dnsConfig->nameservers[i];
    faults.check(Path::of(servers, i), ip, check_ip(ip));
  }
  const Path searches = Path::of(config, "searches");
  std::size_t length = 0;
  for (const std::string& s : spec.dnsConfig->searches) length += s.size() + 1;
  if (spec.dnsConfig->searches.size() > 32) {
    faults.invalid(searches, "", "must not have more than 32 search paths");
  }
  if (length > 2049) {
    faults.invalid(searches, "",
                   "must not have more than 2048 characters (including spaces) in the search list");
  }
  for (std::size_t i = 0; i < spec.dnsConfig->searches.size(); ++i) {
    std::string_view s = spec.dnsConfig->searches[i];
    if (!s.empty() && s.back() == '.') s.remove_suffix(1);
    faults.check(Path::of(searches, i), s, s.empty() ? "" : check_dns_subdomain(s));
  }
  const Path options = Path::of(config, "options");
  for (std::size_t i = 0; i < spec.dnsConfig->options.size(); ++i) {
    const Path option = Path::of(options, i);
    if (spec.dnsConfig->options[i].name.empty())
      faults.required(Path::of(option, "name"), "must not be empty");
  }
}

void host_aliases(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "hostAliases");
  for (std::size_t i = 0; i < spec.hostAliases.size(); ++i) {
    const HostAlias& alias = spec.hostAliases[i];
    const Path here = Path::of(list, i);
    if (!alias.ip.empty()) faults.check(Path::of(here, "ip"), alias.ip, check_ip(alias.ip));
    const Path names = Path::of(here, "hostnames");
    for (std::size_t k = 0; k < alias.hostnames.size(); ++k) {
      faults.check(Path::of(names, k), alias.hostnames[k], check_dns_subdomain(alias.hostnames[k]));
    }
  }
}

void sysctls(const PodSpec& spec, const Path& at, FaultList& faults) {
  std::set<std::string> seen;
  const Path list = Path::of(at, "sysctls");
  const auto& all = spec.securityContext->sysctls;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string name = all[i].name;
    const Path here = Path::of(list, i);
    const Path where = Path::of(here, "name");
    if (name.empty()) continue;
    faults.check(where, name, check_sysctl_name(name));
    name = dotted_sysctl(name);
    if (!seen.insert(name).second) faults.duplicate(where, name);
    if (spec.hostNetwork.value_or(false) && name.rfind("net.", 0) == 0) {
      faults.invalid(where, name, "may not be specified when 'hostNetwork' is true");
    }
    bool ipc = name.rfind("kernel.shm", 0) == 0 || name.rfind("kernel.msg", 0) == 0 ||
               name == "kernel.sem" || name.rfind("fs.mqueue.", 0) == 0;
    if (spec.hostIPC.value_or(false) && ipc) {
      faults.invalid(where, name, "may not be specified when 'hostIPC' is true");
    }
  }
}

void security(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path here = Path::of(at, "securityContext");
  if (spec.shareProcessNamespace.value_or(false) && spec.hostPID.value_or(false)) {
    faults.invalid_bool(Path::of(at, "shareProcessNamespace"), true,
                        "ShareProcessNamespace and HostPID cannot both be enabled");
  }
  if (spec.hostUsers == false) {
    if (spec.hostNetwork.value_or(false))
      faults.forbidden(Path::of(at, "hostNetwork"), "when `hostUsers` is false");
    if (spec.hostPID.value_or(false))
      faults.forbidden(Path::of(at, "hostPID"), "when `hostUsers` is false");
    if (spec.hostIPC.value_or(false))
      faults.forbidden(Path::of(at, "hostIPC"), "when `hostUsers` is false");
  }
  if (!spec.securityContext) return;
  const PodSecurityContext& sc = *spec.securityContext;
  if (sc.windowsOptions && spec.os && spec.os->name == "linux")
    faults.forbidden(Path::of(here, "windowsOptions"), kNoWindows);
  if (sc.runAsUser) faults.range(Path::of(here, "runAsUser"), *sc.runAsUser, 0, kMaxId);
  if (sc.runAsGroup) faults.range(Path::of(here, "runAsGroup"), *sc.runAsGroup, 0, kMaxId);
  if (sc.fsGroup) faults.range(Path::of(here, "fsGroup"), *sc.fsGroup, 0, kMaxId);
  const Path groups = Path::of(here, "supplementalGroups");
  for (std::size_t i = 0; i < sc.supplementalGroups.size(); ++i) {
    faults.range(Path::of(groups, i), sc.supplementalGroups[i], 0, kMaxId);
  }
  sysctls(spec, here, faults);
  if (sc.seccompProfile)
    validate_seccomp(*sc.seccompProfile, Path::of(here, "seccompProfile"), faults);
  if (sc.appArmorProfile)
    validate_apparmor(*sc.appArmorProfile, Path::of(here, "appArmorProfile"), faults);
}

void numbers(const PodSpec& spec, const Path& at, FaultList& faults) {
  if (spec.terminationGracePeriodSeconds) {
    faults.not_negative(Path::of(at, "terminationGracePeriodSeconds"),
                        *spec.terminationGracePeriodSeconds);
  }
  if (spec.activeDeadlineSeconds) {
    faults.range(Path::of(at, "activeDeadlineSeconds"), *spec.activeDeadlineSeconds, 1, kMaxId);
  }
}

void names(const PodSpec& spec, const Path& at, FaultList& faults) {
  auto check = [&](std::string_view field, const std::string& value, auto format) {
    if (!value.empty()) faults.check(Path::of(at, field), value, format(value));
  };
  check("hostname", spec.hostname, check_dns_label);
  check("subdomain", spec.subdomain, check_dns_label);
  check("nodeName", spec.nodeName, check_dns_subdomain);
  check("serviceAccountName", spec.serviceAccountName, check_dns_subdomain);
  check("priorityClassName", spec.priorityClassName, check_dns_subdomain);
  check("runtimeClassName", spec.runtimeClassName, check_dns_subdomain);
  check("hostnameOverride", spec.hostnameOverride, check_dns_subdomain);
  if (spec.hostnameOverride.size() > 64) faults.too_long(Path::of(at, "hostnameOverride"), 64);
  if (!spec.hostnameOverride.empty() && spec.hostNetwork.value_or(false)) {
    faults.forbidden(Path::of(at, "hostnameOverride"),
                     "may not be specified when `hostNetwork` is true");
  }
  if (!spec.hostnameOverride.empty() && spec.setHostnameAsFQDN.value_or(false)) {
    faults.forbidden(Path::of(at, "setHostnameAsFQDN"),
                     "may not be true when `hostnameOverride` is set");
  }
  validate_labels(spec.nodeSelector, Path::of(at, "nodeSelector"), faults);
}

}  // namespace

std::string check_ip(std::string_view s) {
  return IpAddress::parse(s) ? "" : "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
}

void validate_tables(const Type& type, const void* object, const Path& at, FaultList& faults) {
  for (const Field& f : type.fields) field(type, f, object, at, faults);
}

Faults validate(const Pod& pod) {
  Faults out;
  FaultList faults(out);
  const Path root, meta = Path::of(root, "metadata"), spec = Path::of(root, "spec");
  validate_metadata(pod.metadata, meta, faults);
  validate_tables(type_of<PodSpec>(), &pod.spec, spec, faults);
  validate_volumes(pod, spec, faults);
  validate_containers(pod.spec, spec, faults);
  validate_placement(pod.spec, spec, faults);
  numbers(pod.spec, spec, faults);
  names(pod.spec, spec, faults);
  security(pod.spec, spec, faults);
  dns(pod.spec, spec, faults);
  host_aliases(pod.spec, spec, faults);
  validate_pod_resources(pod.spec, spec, faults);
  return out;
}

}  // namespace podctl::api
