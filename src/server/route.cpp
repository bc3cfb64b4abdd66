#include "podctl/server/api.hpp"

namespace podctl::server {
namespace {

using Kind = Route::Kind;
using Segments = std::vector<std::string>;

bool is(const Segments& s, std::size_t i, const char* word) { return i < s.size() && s[i] == word; }

Route pods(const Segments& s, std::size_t i, std::string ns) {
  const std::size_t rest = s.size() - i;  // after "pods"
  if (rest == 0) return {Kind::kPods, std::move(ns), {}};
  if (ns.empty()) return {};
  if (rest == 1) return {Kind::kPod, std::move(ns), s[i]};
  if (rest != 2) return {};
  if (s[i + 1] == "status") return {Kind::kPodStatus, std::move(ns), s[i]};
  if (s[i + 1] == "log") return {Kind::kPodLog, std::move(ns), s[i]};
  if (s[i + 1] == "ephemeralcontainers") return {Kind::kPodEphemeral, std::move(ns), s[i]};
  if (s[i + 1] == "resize") return {Kind::kPodResize, std::move(ns), s[i]};
  if (s[i + 1] == "exec") return {Kind::kPodExec, std::move(ns), s[i]};
  if (s[i + 1] == "attach") return {Kind::kPodAttach, std::move(ns), s[i]};
  if (s[i + 1] == "portforward") return {Kind::kPodPortForward, std::move(ns), s[i]};
  return {};
}

Route events(const Segments& s, std::size_t i, std::string ns) {
  if (s.size() == i) return {Kind::kEvents, std::move(ns), {}};
  if (s.size() == i + 1 && !ns.empty()) return {Kind::kEvent, std::move(ns), s[i]};
  return {};
}

// Of a kind that is only kept.
Route kept(const api::KindInfo& kind, const Segments& s, std::size_t i, std::string ns) {
  if (s.size() == i) return {Kind::kKeptList, std::move(ns), {}, &kind};
  if (s.size() == i + 1 && !ns.empty()) return {Kind::kKept, std::move(ns), s[i], &kind};
  return {};
}

// Objects of a kind that stand in namespaces, from `i` on behind the plural.
Route namespaced(const Segments& s, std::size_t i, std::string ns) {
  const std::string& plural = s[i - 1];
  if (plural == "pods") return pods(s, i, std::move(ns));
  if (plural == "events") return events(s, i, std::move(ns));
  const auto* kind = api::find_plural(plural);
  return kind != nullptr && kind->kept() ? kept(*kind, s, i, std::move(ns)) : Route{};
}

Route core(const Segments& s) {  // below /api/v1
  if (s.size() == 2) return {Kind::kApiResources, {}, {}};
  if (s[2] == "nodes" && s.size() <= 4) {
    return s.size() == 3 ? Route{Kind::kNodes, {}, {}} : Route{Kind::kNode, {}, s[3]};
  }
  if (s[2] != "namespaces") return namespaced(s, 3, {});
  if (s.size() == 3) return {Kind::kNamespaces, {}, {}};
  if (s.size() == 4) return {Kind::kNamespace, {}, s[3]};
  return namespaced(s, 5, s[3]);
}

Route own(const Segments& s) {  // below /apis/podctl.dev/v1
  if (s.size() == 3) return {Kind::kPodctlResources, {}, {}};
  if (s.size() == 4) {
    if (s[3] == "images") return {Kind::kImages, {}, {}};
    if (s[3] == "sandboxes") return {Kind::kSandboxes, {}, {}};
    if (s[3] == "doctor") return {Kind::kDoctor, {}, {}};
    return {};
  }
  if (s.size() == 5 && s[3] == "images" && s[4] == "inspect") return {Kind::kImageInspect, {}, {}};
  if (s.size() == 5 && s[3] == "system" && s[4] == "reset") return {Kind::kReset, {}, {}};
  if (s.size() != 8 || s[3] != "namespaces" || s[5] != "pods") return {};
  if (s[7] == "copy") return {Kind::kCopy, s[4], s[6]};
  if (s[7] == "sandbox") return {Kind::kSandbox, s[4], s[6]};
  if (s[7] == "trace") return {Kind::kTrace, s[4], s[6]};
  return {};
}

Route metrics(const Segments& s) {  // below /apis/metrics.k8s.io/v1beta1
  if (s.size() == 3) return {Kind::kMetricsResources, {}, {}};
  if (s[3] == "nodes" && s.size() <= 5)
    return {Kind::kNodeMetrics, {}, s.size() == 5 ? s[4] : std::string()};
  if (s.size() == 4 && s[3] == "pods") return {Kind::kPodMetrics, {}, {}};
  if (s.size() < 6 || s.size() > 7 || s[3] != "namespaces" || s[5] != "pods") return {};
  return {Kind::kPodMetrics, s[4], s.size() == 7 ? s[6] : std::string()};
}

}  // namespace

Route find_route(const Segments& s) {
  if (s.size() == 1) {
    if (s[0] == "version") return {Kind::kVersion, {}, {}};
    if (s[0] == "healthz" || s[0] == "readyz" || s[0] == "livez") return {Kind::kHealth, {}, {}};
    if (s[0] == "api") return {Kind::kApiVersions, {}, {}};
    if (s[0] == "apis") return {Kind::kApiGroups, {}, {}};
    return {};
  }
  if (is(s, 0, "openapi") && is(s, 1, "v3")) {
    if (s.size() == 2) return {Kind::kOpenApiIndex, {}, {}};
    return s.size() == 4 && s[2] == "api" && s[3] == "v1" ? Route{Kind::kOpenApi, {}, {}} : Route{};
  }
  if (is(s, 0, "api") && is(s, 1, "v1")) return core(s);
  if (is(s, 0, "apis") && is(s, 1, "podctl.dev")) {
    if (s.size() == 2) return {Kind::kApiGroup, {}, {}};
    if (is(s, 2, "v1")) return own(s);
  }
  if (is(s, 0, "apis") && is(s, 1, "metrics.k8s.io")) {
    if (s.size() == 2) return {Kind::kMetricsGroup, {}, {}};
    if (is(s, 2, "v1beta1")) return metrics(s);
  }
  return {};
}

bool is_upload(const Request& request) {
  return request.method == "POST" && find_route(request.target.segments).kind == Kind::kImages;
}

}  // namespace podctl::server
