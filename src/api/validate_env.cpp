// Environment variables and where their values come from.
#include <algorithm>

#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

constexpr std::string_view kFields[] = {"metadata.name",
                                        "metadata.namespace",
                                        "metadata.uid",
                                        "spec.nodeName",
                                        "spec.serviceAccountName",
                                        "status.hostIP",
                                        "status.hostIPs",
                                        "status.podIP",
                                        "status.podIPs"};
constexpr std::string_view kResources[] = {"limits.cpu",      "limits.ephemeral-storage",
                                           "limits.memory",   "requests.cpu",
                                           "requests.memory", "requests.ephemeral-storage"};
constexpr std::string_view kMemoryDivisors = "1 1k 1M 1G 1T 1P 1E 1Ki 1Mi 1Gi 1Ti 1Pi 1Ei";

bool listed(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void field_ref(const ObjectFieldSelector& ref, const Path& at, FaultList& faults) {
  const Path path = Path::of(at, "fieldPath");
  std::string_view text = ref.fieldPath;
  if (text.empty() || listed(kFields, text)) return;
  for (std::string_view map : {"metadata.labels['", "metadata.annotations['"}) {
    if (!text.starts_with(map) || !text.ends_with("']") || text.size() < map.size() + 2) continue;
    text.remove_prefix(map.size());
    text.remove_suffix(2);
    return faults.check(path, text, check_qualified_name(text));
  }
  faults.invalid(path, ref.fieldPath,
                 "error converting fieldPath: field label not supported: " + ref.fieldPath);
}

void source(const EnvVar& env, const Path& at, FaultList& faults) {
  const EnvVarSource& from = *env.valueFrom;
  if (from.fieldRef) field_ref(*from.fieldRef, Path::of(at, "fieldRef"), faults);
  if (from.resourceFieldRef)
    validate_resource_ref(*from.resourceFieldRef, Path::of(at, "resourceFieldRef"), faults);
  auto key = [&](std::string_view field, const auto& ref) {
    const Path here = Path::of(at, field);
    faults.check(Path::of(here, "name"), ref.name, check_dns_subdomain(ref.name));
    if (!ref.key.empty()) faults.check(Path::of(here, "key"), ref.key, check_config_key(ref.key));
  };
  if (from.configMapKeyRef) key("configMapKeyRef", *from.configMapKeyRef);
  if (from.secretKeyRef) key("secretKeyRef", *from.secretKeyRef);
  if (from.fileKeyRef && !from.fileKeyRef->path.empty()) {
    const Path file = Path::of(at, "fileKeyRef");
    faults.check(Path::of(file, "path"), from.fileKeyRef->path,
                 check_local_path(from.fileKeyRef->path));
  }
  const int count = from.fieldRef.has_value() + from.resourceFieldRef.has_value() +
                    from.configMapKeyRef.has_value() + from.secretKeyRef.has_value() +
                    from.fileKeyRef.has_value();
  if (count == 0) {
    faults.invalid(
        at, "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  } else if (!env.value.empty()) {
    faults.invalid(at, "", "may not be specified when `value` is not empty");
  } else if (count > 1) {
    faults.invalid(at, "", "may not have more than one field specified at a time");
  }
}

}  // namespace

void validate_resource_ref(const ResourceFieldSelector& ref, const Path& at, FaultList& faults) {
  if (ref.resource.empty()) return;
  if (!listed(kResources, ref.resource) && ref.resource.find(".hugepages-") == std::string::npos)
    return faults.unsupported(Path::of(at, "resource"), ref.resource, kResources);
  const std::string divisor = ref.divisor.has_value() ? ref.divisor.str() : "0";
  if (divisor == "0") return;  // not said: 1
  const bool cpu = ref.resource.ends_with(".cpu");
  const auto known = text::split(cpu ? std::string_view("1m 1") : kMemoryDivisors, ' ');
  if (std::find(known.begin(), known.end(), divisor) != known.end()) return;
  const std::string kind = ref.resource.substr(ref.resource.find('.') + 1);
  faults.invalid(
      Path::of(at, "divisor"), divisor,
      cpu ? "only divisor's values 1m and 1 are supported with the cpu resource"
          : "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are "
            "supported with the " +
                kind + " resource");
}

void validate_environment(const Container& c, const Path& at, FaultList& faults) {
  const Path env = Path::of(at, "env"), from = Path::of(at, "envFrom");
  for (std::size_t i = 0; i < c.env.size(); ++i) {
    const Path here = Path::of(env, i);
    faults.check(Path::of(here, "name"), c.env[i].name, check_env_name(c.env[i].name));
    if (c.env[i].valueFrom) source(c.env[i], Path::of(here, "valueFrom"), faults);
  }
  for (std::size_t i = 0; i < c.envFrom.size(); ++i) {
    const EnvFromSource& all = c.envFrom[i];
    const Path here = Path::of(from, i);
    if (!all.prefix.empty())
      faults.check(Path::of(here, "prefix"), all.prefix, check_env_name(all.prefix));
    const auto named = [&](std::string_view field, const auto& ref) {
      const Path source = Path::of(here, field);
      faults.check(Path::of(source, "name"), ref.name, check_dns_subdomain(ref.name));
    };
    if (all.configMapRef) named("configMapRef", *all.configMapRef);
    if (all.secretRef) named("secretRef", *all.secretRef);
    if (all.configMapRef && all.secretRef) {
      faults.invalid(here, "", "may not have more than one field specified at a time");
    } else if (!all.configMapRef && !all.secretRef) {
      faults.invalid(here, "", "must specify one of: `configMapRef` or `secretRef`");
    }
  }
}

}  // namespace podctl::api
