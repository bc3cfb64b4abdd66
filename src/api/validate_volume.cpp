// Volumes: names, exactly one source, and the sources' own fields.
#include <algorithm>

#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/claim.hpp"
#include "podctl/api/diff.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

constexpr std::size_t kMaxName = 253;  // of an object

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

// A file's path in a volume whose names beginning with ".." are podctld's own.
std::string check_file_path(const std::string& path) {
  std::string why = check_local_path(path);
  return why.empty() && path.starts_with("..") ? "must not start with '..'" : why;
}

template <class Items>
void items(const Items& list, const Path& at, FaultList& faults) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Path here = Path::of(at, i);
    mode(list[i].mode, Path::of(here, "mode"), faults);
    faults.check(Path::of(here, "path"), list[i].path, check_file_path(list[i].path));
  }
}

constexpr std::string_view kDownwardFields[] = {"metadata.annotations", "metadata.labels",
                                                "metadata.name", "metadata.namespace",
                                                "metadata.uid"};

// The fields of a pod that may stand in a file (K validateDownwardAPIVolumeFile).
void downward_field(const std::string& field, const Path& at, FaultList& faults) {
  if (field.empty() || std::ranges::find(kDownwardFields, field) != std::end(kDownwardFields))
    return;
  for (std::string_view map : {"metadata.labels['", "metadata.annotations['"}) {
    if (!field.starts_with(map) || !field.ends_with("']") || field.size() < map.size() + 2)
      continue;
    const std::string_view key =
        std::string_view(field).substr(map.size(), field.size() - map.size() - 2);
    return faults.check(at, key, check_qualified_name(key));
  }
  faults.unsupported(at, field, kDownwardFields);
}

void downward(const std::vector<DownwardAPIVolumeFile>& list, const Path& at, FaultList& faults) {
  items(list, at, faults);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const DownwardAPIVolumeFile& file = list[i];
    const Path here = Path::of(at, i), field = Path::of(here, "fieldRef"),
               resource = Path::of(here, "resourceFieldRef");
    if (file.fieldRef && file.resourceFieldRef) {
      faults.invalid(here, "resource",
                     "fieldRef and resourceFieldRef can not be specified simultaneously");
    } else if (file.fieldRef) {
      downward_field(file.fieldRef->fieldPath, Path::of(field, "fieldPath"), faults);
    } else if (file.resourceFieldRef) {
      if (file.resourceFieldRef->containerName.empty())
        faults.required(Path::of(resource, "containerName"));
      validate_resource_ref(*file.resourceFieldRef, resource, faults);
    } else {
      faults.required(here, "one of fieldRef and resourceFieldRef is required");
    }
  }
}

// The files of a projected volume's sources; no two of them may have one path.
class Projection {
 public:
  explicit Projection(FaultList& faults) : faults_(faults) {}

  void source(const VolumeProjection& part, const Path& at) {
    if (part.configMap) keys(*part.configMap, Path::of(at, "configMap"));
    if (part.secret) keys(*part.secret, Path::of(at, "secret"));
    if (!part.downwardAPI) return;
    const Path here = Path::of(at, "downwardAPI"), list = Path::of(here, "items");
    downward(part.downwardAPI->items, list, faults_);
    paths(part.downwardAPI->items, list);
  }

 private:
  template <class Source>
  void keys(const Source& source, const Path& at) {
    const Path list = Path::of(at, "items");
    if (source.name.empty()) faults_.required(Path::of(at, "name"));
    items(source.items, list, faults_);
    paths(source.items, list);
  }

  template <class Items>
  void paths(const Items& list, const Path& at) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].path.empty() || seen_.insert(list[i].path).second) continue;
      const Path here = Path::of(at, i);
      faults_.invalid(Path::of(here, "path"), list[i].path, "conflicting duplicate paths");
    }
  }

  FaultList& faults_;
  std::set<std::string> seen_;
};

void projected(const ProjectedVolumeSource& source, const Path& at, FaultList& faults) {
  mode(source.defaultMode, Path::of(at, "defaultMode"), faults);
  const Path list = Path::of(at, "sources");
  Projection files(faults);
  for (std::size_t i = 0; i < source.sources.size(); ++i) {
    const Path here = Path::of(list, i);
    const auto set = sources(type_of<VolumeProjection>(), &source.sources[i]);
    for (std::size_t k = 1; k < set.size(); ++k) {
      faults.forbidden(Path::of(here, set[k]),
                       "may not specify more than 1 volume type per source");
    }
    files.source(source.sources[i], here);
  }
}

// Of a claim's template (K ValidatePersistentVolumeClaimTemplate): what else an object has is its
// own.
void claim_template(const PersistentVolumeClaimTemplate& wanted, const Path& at,
                    FaultList& faults) {
  const Path meta = Path::of(at, "metadata"), spec = Path::of(at, "spec");
  ObjectMeta own = wanted.metadata;
  validate_labels(own.labels, Path::of(meta, "labels"), faults);
  own.labels.clear();
  own.annotations.clear();
  const ObjectMeta none;
  std::string last;
  for (const auto& path : diff(type_of<ObjectMeta>(), &none, &own)) {
    const std::string name = path.substr(0, path.find_first_of(".["));
    if (name != last)
      faults.forbidden(Path::of(meta, name), "cannot be set for an ephemeral volume");
    last = name;
  }
  validate_claim_spec(wanted.spec, spec, faults);
}

void ephemeral(const EphemeralVolumeSource& source, const Path& at, FaultList& faults) {
  const Path here = Path::of(at, "volumeClaimTemplate");
  if (!source.volumeClaimTemplate) return faults.required(here);
  claim_template(*source.volumeClaimTemplate, here, faults);
}

void one(const Volume& v, const Path& at, FaultList& faults) {
  auto set = sources(type_of<Volume>(), &v);
  if (set.empty()) faults.required(at, "must specify a volume type");
  for (std::size_t i = 1; i < set.size(); ++i) {
    faults.forbidden(Path::of(at, set[i]), "may not specify more than 1 volume type");
  }
  // Only the first is looked into: the others are too many already.
  const Path here = Path::of(at, set.empty() ? "" : set[0]);
  const auto is = [&](std::string_view name) { return !set.empty() && set[0] == name; };
  if (is("hostPath")) host_path(*v.hostPath, here, faults);
  if (is("emptyDir")) empty_dir(*v.emptyDir, here, faults);
  if (is("secret")) {
    if (v.secret->secretName.empty()) faults.required(Path::of(here, "secretName"));
    mode(v.secret->defaultMode, Path::of(here, "defaultMode"), faults);
    items(v.secret->items, Path::of(here, "items"), faults);
  }
  if (is("configMap")) {
    if (v.configMap->name.empty()) faults.required(Path::of(here, "name"));
    mode(v.configMap->defaultMode, Path::of(here, "defaultMode"), faults);
    items(v.configMap->items, Path::of(here, "items"), faults);
  }
  if (is("downwardAPI")) {
    mode(v.downwardAPI->defaultMode, Path::of(here, "defaultMode"), faults);
    downward(v.downwardAPI->items, Path::of(here, "items"), faults);
  }
  if (is("image") && v.image->reference.empty()) faults.required(Path::of(here, "reference"));
  if (is("ephemeral")) ephemeral(*v.ephemeral, here, faults);
  if (is("projected")) projected(*v.projected, here, faults);
  if (is("nfs") && !v.nfs->path.empty() && v.nfs->path[0] != '/')
    faults.invalid(Path::of(here, "path"), v.nfs->path, "must be an absolute path");
}

}  // namespace

void validate_volumes(const Pod& pod, const Path& at, FaultList& faults) {
  const PodSpec& spec = pod.spec;
  const Path list = Path::of(at, "volumes");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < spec.volumes.size(); ++i) {
    const Volume& v = spec.volumes[i];
    const Path here = Path::of(list, i), name = Path::of(here, "name");
    one(v, here, faults);
    if (v.name.empty()) continue;  // the tables have said so
    faults.check(name, v.name, check_dns_label(v.name));
    const std::string claim = v.ephemeral ? claim_name(pod.metadata, v) : std::string();
    if (claim.size() > kMaxName) {
      faults.invalid(name, claim,
                     "PVC name \"" + claim + "\": must be no more than 253 characters");
    }
    if (!seen.insert(v.name).second) faults.duplicate(name, v.name);
  }
}

}  // namespace podctl::api
