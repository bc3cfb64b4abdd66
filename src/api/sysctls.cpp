#include "podctl/api/sysctls.hpp"

#include <algorithm>
#include <array>

#include "api/faults.hpp"
#include "api/formats.hpp"

namespace podctl::api {
namespace {

// What a pattern means, once its '*' is taken off.
struct Pattern {
  std::string name;
  bool prefix = false;
};

Pattern pattern_of(std::string_view text) {
  const bool prefix = text.ends_with('*');
  if (prefix) text.remove_suffix(1);
  return {dotted_sysctl(text), prefix};
}

}  // namespace

std::string dotted_sysctl(std::string_view name) {
  std::string dotted(name);
  const auto first = dotted.find_first_of("./");
  if (first == std::string::npos || dotted[first] == '.') return dotted;
  for (char& c : dotted) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return dotted;
}

bool safe_sysctl(std::string_view name) {
  // Kubernetes' list (pkg/kubelet/sysctl/safe_sysctls.go).
  static constexpr std::array<std::string_view, 12> kSafe{"kernel.shm_rmid_forced",
                                                          "net.ipv4.ip_local_port_range",
                                                          "net.ipv4.tcp_syncookies",
                                                          "net.ipv4.ping_group_range",
                                                          "net.ipv4.ip_unprivileged_port_start",
                                                          "net.ipv4.ip_local_reserved_ports",
                                                          "net.ipv4.tcp_keepalive_time",
                                                          "net.ipv4.tcp_fin_timeout",
                                                          "net.ipv4.tcp_keepalive_intvl",
                                                          "net.ipv4.tcp_keepalive_probes",
                                                          "net.ipv4.tcp_rmem",
                                                          "net.ipv4.tcp_wmem"};
  return std::find(kSafe.begin(), kSafe.end(), name) != kSafe.end();
}

// The kubelet's groups (k8s component-helpers node/util/sysctl/namespace.go).
bool namespaced_sysctl(std::string_view name) {
  return name == "kernel.sem" || name.starts_with("kernel.shm") || name.starts_with("kernel.msg") ||
         name.starts_with("fs.mqueue.") || name.starts_with("net.");
}

// k8s pkg/kubelet/sysctl/allowlist.go.
std::string check_sysctl_pattern(std::string_view pattern) {
  const Pattern wanted = pattern_of(pattern);
  // What stands before a '*' need not be a whole name.
  const std::string name = wanted.prefix ? wanted.name + "x" : wanted.name;
  if (wanted.name.empty() || !check_sysctl_name(name).empty())
    return "it is neither a sysctl's name nor the beginning of some with a '*' at its end";
  if (!namespaced_sysctl(wanted.name)) {
    return "no pod has sysctls of that name of its own: there are kernel.shm*, kernel.msg*, "
           "kernel.sem, fs.mqueue.* and net.*";
  }
  return {};
}

bool allowed_sysctl(std::string_view name, const std::vector<std::string>& patterns) {
  const std::string dotted = dotted_sysctl(name);
  if (safe_sysctl(dotted)) return true;
  return namespaced_sysctl(dotted) && std::ranges::any_of(patterns, [&](const std::string& text) {
           const Pattern pattern = pattern_of(text);
           return pattern.prefix ? dotted.starts_with(pattern.name) : dotted == pattern.name;
         });
}

Faults sysctls_not_allowed(const Pod& pod, const std::vector<std::string>& patterns) {
  Faults out;
  if (!pod.spec.securityContext) return out;
  FaultList faults(out);
  const Path root, spec = Path::of(root, "spec"), context = Path::of(spec, "securityContext"),
                   list = Path::of(context, "sysctls");
  const auto& all = pod.spec.securityContext->sysctls;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& name = all[i].name;
    if (!namespaced_sysctl(dotted_sysctl(name)) || allowed_sysctl(name, patterns)) continue;
    const Path here = Path::of(list, i);
    faults.forbidden(Path::of(here, "name"),
                     "sysctl \"" + name + "\" not allowlisted: podctld --allowed-unsafe-sysctls " +
                         dotted_sysctl(name) + " would allow it");
  }
  return out;
}

}  // namespace podctl::api
