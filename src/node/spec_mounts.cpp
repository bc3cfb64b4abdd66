#include <algorithm>
#include <map>

#include "podctl/api/claim.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/base/text.hpp"
#include "podctl/node/claim_path.hpp"
#include "podctl/node/volume_contents.hpp"
#include "spec_parts.hpp"

namespace podctl::node {
namespace {

using wire::MountKind;
using wire::MountSpec;

wire::HostPathType host_path_type(const std::string& type) {
  static const std::map<std::string, wire::HostPathType> kTypes{
      {"DirectoryOrCreate", wire::HostPathType::kDirectoryOrCreate},
      {"Directory", wire::HostPathType::kDirectory},
      {"FileOrCreate", wire::HostPathType::kFileOrCreate},
      {"File", wire::HostPathType::kFile},
      {"Socket", wire::HostPathType::kSocket},
      {"CharDevice", wire::HostPathType::kCharDevice},
      {"BlockDevice", wire::HostPathType::kBlockDevice}};
  const auto found = kTypes.find(type);
  return found == kTypes.end() ? wire::HostPathType::kUnset : found->second;
}

wire::Propagation propagation(const std::string& mode) {
  if (mode == "HostToContainer") return wire::Propagation::kSlave;
  if (mode == "Bidirectional") return wire::Propagation::kShared;
  return wire::Propagation::kPrivate;
}

const api::Volume* find_volume(const api::Pod& pod, const std::string& name) {
  for (const auto& volume : pod.spec.volumes) {
    if (volume.name == name) return &volume;
  }
  return nullptr;
}

std::string clean(std::string path) {
  if (path.empty() || path[0] != '/') path.insert(0, "/");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Result<void> take_source(MountSpec& mount, const ContainerInputs& in, const api::Volume& volume,
                         const Layout& layout) {
  const api::Pod& pod = in.pod;
  if (volume.hostPath) {
    mount.kind = MountKind::kHostPath;
    mount.source = volume.hostPath->path;
    mount.mapped = own_users(pod);
    mount.host_type = host_path_type(volume.hostPath->type);
    return {};
  }
  if (volume.emptyDir && volume.emptyDir->medium == "Memory") {
    mount.kind = MountKind::kPodVolume;
    mount.source = volume.name;
    return {};
  }
  if (const auto claim = api::claim_name(pod.metadata, volume); !claim.empty()) {
    mount.kind = MountKind::kBind;
    mount.mapped = own_users(pod);
    mount.source = claim_path(layout, pod.metadata.namespace_, claim);
    return {};
  }
  if (is_filled(volume)) {
    mount.kind = MountKind::kPodVolume;
    mount.source = volume.name;
    return {};
  }
  if (volume.image) {
    const auto* images = in.image_volumes;
    const auto found =
        images == nullptr ? ImageVolumes::const_iterator() : images->find(volume.name);
    if (images == nullptr || found == images->end()) {
      return fail(Code::kNotFound, "mount volume", volume.name, "its image is not known");
    }
    mount.kind = MountKind::kImage;
    mount.layers = found->second;
    return {};
  }
  // A volume without a source is an emptyDir (defaulting fills it in).
  if (volume.emptyDir) {
    mount.kind = MountKind::kBind;
    mount.mapped = own_users(pod);
    mount.source = layout.volume(pod.metadata.uid, volume.name);
    return {};
  }
  return fail(Code::kUnsupported, "mount volume", volume.name,
              "podctl has no volumes of this kind");
}

Result<MountSpec> volume_mount(const ContainerInputs& in, const api::VolumeMount& wanted,
                               const EnvList& env, const Layout& layout) {
  const auto* volume = find_volume(in.pod, wanted.name);
  if (volume == nullptr) {
    return fail(Code::kInvalidArgument, "mount volume", wanted.name,
                "the pod has no volume of that name");
  }
  MountSpec mount;
  TRY(take_source(mount, in, *volume, layout));
  mount.name = wanted.name;
  mount.target = clean(wanted.mountPath);
  mount.sub_path = wanted.subPath;
  if (!wanted.subPathExpr.empty()) {
    bool unknown = false;
    mount.sub_path = expand(wanted.subPathExpr, [&env, &unknown](std::string_view name) {
      const auto found =
          std::find_if(env.begin(), env.end(), [name](const auto& e) { return e.first == name; });
      unknown = unknown || found == env.end();
      return found == env.end() ? std::nullopt : std::optional(found->second);
    });
    if (unknown && in.configs != nullptr) {
      return fail(Code::kInvalidArgument, "expand subPath", wanted.subPathExpr,
                  "missing value for a variable");
    }
  }
  // What podctld fills is nobody else's to write, and layers are shared.
  mount.read_only =
      wanted.readOnly.value_or(false) || is_filled(*volume) || volume->image ||
      (volume->persistentVolumeClaim && volume->persistentVolumeClaim->readOnly.value_or(false));
  // IfPossible is always possible: mount_setattr with AT_RECURSIVE is below podctl's kernel floor.
  mount.recursive_read_only =
      wanted.recursiveReadOnly == "Enabled" || wanted.recursiveReadOnly == "IfPossible";
  mount.propagation = propagation(wanted.mountPropagation);
  if (mount.propagation == wire::Propagation::kShared && !is_privileged(in.container)) {
    return fail(Code::kInvalidArgument, "mount volume", wanted.name,
                "Bidirectional mount propagation is available only to privileged containers");
  }
  return mount;
}

bool has_target(const std::vector<MountSpec>& mounts, std::string_view target) {
  return std::any_of(mounts.begin(), mounts.end(),
                     [target](const MountSpec& m) { return m.target == target; });
}

void add_file(std::vector<MountSpec>& mounts, std::string source, std::string target,
              bool read_only = false) {
  if (has_target(mounts, target)) return;  // the container's own volume wins
  MountSpec mount;
  mount.source = std::move(source);
  mount.target = std::move(target);
  mount.read_only = read_only;
  mounts.push_back(std::move(mount));
}

void add_shm(std::vector<MountSpec>& mounts, const api::Pod& pod) {
  if (has_target(mounts, "/dev/shm")) return;
  MountSpec mount;
  mount.target = "/dev/shm";
  mount.name = "shm";
  const bool host = pod.spec.hostIPC.value_or(false);
  mount.kind = host ? MountKind::kHostPath : MountKind::kPodVolume;
  mount.source = host ? "/dev/shm" : wire::kPodShm;
  mounts.push_back(std::move(mount));
}

// The kubelet's rule of a volume that it manages the ownership of: the group gets it, may read,
// write and enter, and what is made in it is the group's too (pkg/volume/volume_linux.go,
// changeFilePermission).
void give_to_fs_group(wire::PodVolume& volume, const api::Pod& pod) {
  const auto& context = pod.spec.securityContext;
  if (!context || !context->fsGroup) return;
  volume.group = static_cast<std::uint32_t>(*context->fsGroup);
  volume.mode |= 02770;
}

std::size_t depth(const std::string& path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

// The least of the node's allocatable memory, the pod's memory limit and sizeLimit, of those that
// are: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir-memory-configuration-example
std::uint64_t memory_size(const api::Pod& pod, const api::EmptyDirVolumeSource& source,
                          const Machine& machine) {
  std::uint64_t size = machine.facts.memory_bytes;
  const auto at_most = [&size](std::int64_t limit) {
    if (limit > 0) size = std::min(size, static_cast<std::uint64_t>(limit));
  };
  at_most(api::pod_cgroup(pod).memory_limit.value_or(0));
  if (source.sizeLimit.has_value()) at_most(source.sizeLimit.value());
  return size;
}

}  // namespace

Result<std::vector<MountSpec>> build_mounts(const ContainerInputs& in, const EnvList& env,
                                            const std::string& termination_path,
                                            const Layout& layout) {
  std::vector<MountSpec> mounts;
  for (const auto& wanted : in.container.volumeMounts) {
    mounts.push_back(TRY(volume_mount(in, wanted, env, layout)));
  }
  const std::string files = layout.pod_run(in.pod.metadata.uid) + "/files/";
  const bool read_only = in.container.securityContext &&
                         in.container.securityContext->readOnlyRootFilesystem.value_or(false);
  // The kubelet's hosts file can be written by the container; the runtime's two follow the root
  // file system.
  add_file(mounts, files + "hosts", "/etc/hosts");
  add_file(mounts, files + "hostname", "/etc/hostname", read_only);
  add_file(mounts, files + "resolv.conf", "/etc/resolv.conf", read_only);
  add_shm(mounts, in.pod);
  const auto& message = in.container.terminationMessagePath;
  if (!termination_path.empty())
    add_file(mounts, termination_path, clean(message.empty() ? "/dev/termination-log" : message));
  std::stable_sort(mounts.begin(), mounts.end(), [](const MountSpec& a, const MountSpec& b) {
    return depth(a.target) < depth(b.target);
  });
  return mounts;
}

std::vector<wire::HostPath> build_host_paths(const api::Pod& pod) {
  std::vector<wire::HostPath> paths;
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.hostPath) continue;
    const auto type = host_path_type(volume.hostPath->type);
    if (type == wire::HostPathType::kUnset) continue;
    paths.push_back({volume.name, volume.hostPath->path, type});
  }
  return paths;
}

Result<std::vector<wire::PodVolume>> build_volumes(const api::Pod& pod, const Machine& machine,
                                                   const Layout& layout) {
  std::vector<wire::PodVolume> volumes;
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.emptyDir && !is_filled(volume)) continue;
    wire::PodVolume made;
    made.name = volume.name;
    if (is_filled(volume)) {
      made.memory = true;
      give_to_fs_group(made, pod);
      volumes.push_back(std::move(made));
      continue;
    }
    made.mode = static_cast<std::uint32_t>(volume.emptyDir->mode.value_or(0777));
    give_to_fs_group(made, pod);
    made.memory = volume.emptyDir->medium == "Memory";
    if (made.memory) {
      made.size = memory_size(pod, *volume.emptyDir, machine);
    } else {
      made.path = layout.volume(pod.metadata.uid, volume.name);
    }
    volumes.push_back(std::move(made));
  }
  return volumes;
}

}  // namespace podctl::node
