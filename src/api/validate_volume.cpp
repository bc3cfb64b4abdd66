// Volumes: names, exactly one source, and the sources' own fields.
#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

// The set sources of a volume, by name.
std::vector<std::string_view> sources(const Type& type, const void* volume) {
  std::vector<std::string_view> out;
  for (const Field& f : type.fields) {
    if (f.kind == Kind::kStruct && f.type().box_get(f.at(volume))) out.push_back(f.name);
  }
  return out;
}

void mode(const std::optional<std::int32_t>& value, const Path& at, FaultList& faults) {
  if (value && (*value < 0 || *value > 0777)) {
    faults.invalid(at, *value, "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

void host_path(const HostPathVolumeSource& source, const Path& at, FaultList& faults) {
  const Path path = Path::of(at, "path");
  if (!source.path.empty() && source.path.find("..") != std::string::npos) {
    faults.check(path, source.path,
                 check_local_path(source.path[0] == '/' ? source.path.substr(1) : source.path));
  }
}

void empty_dir(const EmptyDirVolumeSource& source, const Path& at, FaultList& faults) {
  if (source.sizeLimit && source.sizeLimit.sign() < 0) {
    faults.forbidden(Path::of(at, "sizeLimit"),
                     "SizeLimit field must be a valid resource quantity");
  }
  if (!source.medium.empty() && source.medium != "Memory" &&
      source.medium.rfind("HugePages", 0) != 0) {
    constexpr std::string_view kMedia[] = {"", "HugePages", "Memory"};
    faults.unsupported(Path::of(at, "medium"), source.medium, kMedia);
  }
}

template <class Items>
void items(const Items& list, const Path& at, FaultList& faults) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Path here = Path::of(at, i);
    mode(list[i].mode, Path::of(here, "mode"), faults);
    faults.check(Path::of(here, "path"), list[i].path, check_local_path(list[i].path));
  }
}

void one(const Volume& v, const Path& at, FaultList& faults) {
  auto set = sources(type_of<Volume>(), &v);
  if (set.empty()) faults.required(at, "must specify a volume type");
  for (std::size_t i = 1; i < set.size(); ++i) {
    faults.forbidden(Path::of(at, set[i]), "may not specify more than 1 volume type");
  }
  const Path first = Path::of(at, set.empty() ? "" : set[0]);
  if (v.hostPath) host_path(*v.hostPath, Path::of(at, "hostPath"), faults);
  if (v.emptyDir) empty_dir(*v.emptyDir, Path::of(at, "emptyDir"), faults);
  if (v.secret) {
    if (v.secret->secretName.empty()) faults.required(Path::of(first, "secretName"));
    mode(v.secret->defaultMode, Path::of(first, "defaultMode"), faults);
    items(v.secret->items, Path::of(first, "items"), faults);
  }
  if (v.configMap) {
    if (v.configMap->name.empty()) faults.required(Path::of(first, "name"));
    mode(v.configMap->defaultMode, Path::of(first, "defaultMode"), faults);
    items(v.configMap->items, Path::of(first, "items"), faults);
  }
  if (v.downwardAPI) {
    mode(v.downwardAPI->defaultMode, Path::of(first, "defaultMode"), faults);
    items(v.downwardAPI->items, Path::of(first, "items"), faults);
  }
  if (v.projected) mode(v.projected->defaultMode, Path::of(first, "defaultMode"), faults);
}

}  // namespace

void validate_volumes(const PodSpec& spec, const Path& at, FaultList& faults) {
  const Path list = Path::of(at, "volumes");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < spec.volumes.size(); ++i) {
    const Volume& v = spec.volumes[i];
    const Path here = Path::of(list, i), name = Path::of(here, "name");
    one(v, here, faults);
    if (v.name.empty()) continue;  // the tables have said so
    faults.check(name, v.name, check_dns_label(v.name));
    if (!seen.insert(v.name).second) faults.duplicate(name, v.name);
  }
}

}  // namespace podctl::api
