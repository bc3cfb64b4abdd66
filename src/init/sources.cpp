#include "init/sources.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "podctl/base/text.hpp"
#include "podctl/init/host_path.hpp"
#include "podctl/rootfs/overlay.hpp"
#include "podctl/sys/file_ids.hpp"
#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;
using wire::MountKind;
using wire::MountSpec;
using wire::Propagation;

// As the other runtimes: nothing of such an image is executed (KEP-4639).
constexpr std::uint64_t kOfImage = sys::kReadOnly | sys::kNoSuid | sys::kNoDev | sys::kNoExec;

// subPath is made if missing, with the volume's own mode as the kubelet makes it
// (kubelet_pods.go, makeMounts), and may not leave the volume by any symlink (CVE-2017-1002101).
// What is made belongs to `owner`'s root, else to the host's.
Result<UniqueFd> enter_sub_path(UniqueFd volume, const MountSpec& m,
                                const std::optional<IdRange>& owner) {
  if (m.sub_path.empty()) return volume;
  struct stat top;
  if (::fstat(volume.get(), &top) != 0) return fail_errno(errno, "stat", m.source);
  const RootDir root(std::move(volume), sys::Resolve::kBeneath);
  auto found = root.open_path(m.sub_path);
  if (!found && found.error().code == Code::kNotFound) {
    const auto as = TRY(sys::FileIds::of_root(owner));
    found = root.mkdir_all(m.sub_path, top.st_mode & 0777);
  }
  if (!found) {
    return Failure(
        std::move(found).error().with("subPath '" + m.sub_path + "' of volume '" + m.name + "'"));
  }
  return found;
}

// The line of /proc/self/mountinfo of the mount that a descriptor lies on says "shared:N" for a
// shared one.
Result<bool> on_shared_mount(int fd) {
  const auto proc = TRY(RootDir::open_host("/proc/thread-self"));
  const auto info = TRY(proc.read_file("fdinfo/" + std::to_string(fd)));
  std::string id;
  for (const auto line : text::split(info, '\n')) {
    if (line.starts_with("mnt_id:")) id = text::trim(line.substr(7));
  }
  const auto mounts = TRY(proc.read_file("mountinfo", 16U << 20));
  for (const auto line : text::split(mounts, '\n')) {
    if (!line.starts_with(id + " ")) continue;
    return line.substr(0, line.find(" - ")).find(" shared:") != std::string_view::npos;
  }
  return fail(Code::kNotFound, "read", "mountinfo", "no mount " + id);
}

sys::Spread spread_of(Propagation propagation) {
  switch (propagation) {
    case Propagation::kSlave:
      return sys::Spread::kSlave;
    case Propagation::kShared:
      return sys::Spread::kShared;
    default:
      return sys::Spread::kPrivate;
  }
}

Result<void> check_propagation(int fd, const MountSpec& m) {
  if (m.propagation == Propagation::kPrivate) return {};
  if (TRY(on_shared_mount(fd))) return {};
  const bool both = m.propagation == Propagation::kShared;
  return fail(Code::kFailedPrecondition, "mount", m.source,
              both ? "path is mounted on a mount that is not shared: Bidirectional needs one"
                   : "path is mounted on a mount that is not shared: HostToContainer needs one");
}

Result<Source> detach(int fd, const MountSpec& m, const Users& users) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return fail_errno(errno, "stat", m.source);
  Source source{TRY(sys::clone_mount(fd, true)), S_ISDIR(st.st_mode)};
  if (m.mapped && users.ns >= 0) TRY(sys::map_ids(source.mount.get(), users.ns, true));
  TRY(sys::set_propagation(source.mount.get(), spread_of(m.propagation), true));
  if (m.read_only || m.recursive_read_only) {
    TRY(sys::set_attributes(source.mount.get(), sys::kReadOnly, m.recursive_read_only));
  }
  return source;
}

Result<Source> make_tmpfs(const MountSpec& m, const std::optional<IdRange>& ids) {
  char mode[16];
  std::snprintf(mode, sizeof mode, "%04o", m.mode);
  std::vector<sys::MountOption> options = {{"mode", mode}};
  if (m.size != 0) options.emplace_back("size", std::to_string(m.size));
  if (ids) {
    options.emplace_back("uid", std::to_string(ids->first));
    options.emplace_back("gid", std::to_string(ids->first));
  }
  const std::uint64_t attributes = sys::kNoSuid | sys::kNoDev | (m.read_only ? sys::kReadOnly : 0);
  return Source{TRY(sys::new_mount("tmpfs", options, attributes)), true};
}

Result<Source> open_host_source(const RootDir& host, const MountSpec& m, const Users& users) {
  switch (m.kind) {
    case MountKind::kPodVolume:
    case MountKind::kImage:
      return Source{};
    case MountKind::kTmpfs:
      return make_tmpfs(m, users.ids);
    case MountKind::kBind:
    case MountKind::kHostPath: {
      UniqueFd fd = m.kind == MountKind::kHostPath
                        ? TRY(open_host_path(host, m.source, m.host_type))
                        : TRY(host.open_path(m.source));
      fd = TRY(enter_sub_path(std::move(fd), m, m.mapped ? std::nullopt : users.ids));
      TRY(check_propagation(fd.get(), m));
      return detach(fd.get(), m, users);
    }
  }
  return fail(Code::kUnsupported, "mount", m.target, "a kind of mount this version does not know");
}

// The part of an image that is to be seen. A mount that is attached nowhere cannot be copied in
// part (open_tree(2), before Linux 6.15): it is attached in a mount namespace that is left with it.
// Links are followed as in the image's own root file system, never out of it; nothing is made.
Result<UniqueFd> part_of_image(UniqueFd image, const MountSpec& m, const std::string& place) {
  TRY(sys::enter_new(CLONE_NEWNS));
  const auto under = TRY(RootDir::open_host(place));
  TRY(sys::attach(image.get(), under.fd(), place));
  const RootDir root(std::move(image));
  const UniqueFd part = TRY_CONTEXT(root.open_path(m.sub_path), "subPath '" + m.sub_path + "'");
  return sys::clone_mount(part.get(), false);
}

Result<Source> open_image(const MountSpec& m, const std::string& place, int users) {
  UniqueFd mount = TRY(rootfs::make_root({m.layers, {}, {}}, place, users));
  if (!m.sub_path.empty()) mount = TRY(part_of_image(std::move(mount), m, place));
  struct stat st;
  if (::fstat(mount.get(), &st) != 0) return fail_errno(errno, "stat", m.name);
  TRY(sys::set_attributes(mount.get(), kOfImage, false));
  TRY(sys::set_propagation(mount.get(), sys::Spread::kPrivate, false));
  return Source{std::move(mount), S_ISDIR(st.st_mode)};
}

std::string about(const MountSpec& m) { return "volume '" + m.name + "' at '" + m.target + "'"; }

}  // namespace

Result<std::vector<Source>> open_host_sources(const std::vector<MountSpec>& mounts,
                                              const Users& users) {
  std::vector<Source> sources;
  if (mounts.empty()) return sources;
  const auto host = TRY(RootDir::open_host("/"));
  for (const auto& m : mounts) {
    sources.push_back(TRY_CONTEXT(open_host_source(host, m, users), about(m)));
  }
  return sources;
}

Result<void> open_pod_sources(const std::vector<MountSpec>& mounts, const std::string& pod_mounts,
                              const Users& users, std::vector<Source>& sources) {
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const MountSpec& m = mounts[i];
    if (m.kind != MountKind::kPodVolume) continue;
    if (!text::valid_id(m.source)) {
      return fail(Code::kInvalidArgument, "mount", m.source, "not a volume's name");
    }
    const auto root = TRY_CONTEXT(RootDir::open_host(pod_mounts + "/" + m.source), about(m));
    UniqueFd fd = TRY_CONTEXT(root.open_path(""), about(m));
    fd = TRY_CONTEXT(enter_sub_path(std::move(fd), m, users.ids), about(m));
    sources[i] = TRY_CONTEXT(detach(fd.get(), m, users), about(m));
  }
  return {};
}

Result<void> open_image_sources(const std::vector<MountSpec>& mounts, const std::string& place,
                                const Users& users, std::vector<Source>& sources) {
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const MountSpec& m = mounts[i];
    if (m.kind != MountKind::kImage) continue;
    auto opened = open_image(m, place, users.ns);
    if (!opened) {  // CRI's word for it (cri-api pkg/errors)
      return Failure(std::move(opened).error().with(about(m)).with("ImageVolumeMountFailed"));
    }
    sources[i] = std::move(*opened);
  }
  return {};
}

}  // namespace podctl::init
