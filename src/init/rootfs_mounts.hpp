// The mounts every container has: /proc, /sys, its cgroup, /dev with its nodes, pts and mqueue;
// then those of the spec; at last the masks. Those that every container has are made in init's
// first half, attached nowhere; the rest runs in its second half, on a root that may be hostile.
//
// Every target is resolved in the root by RootDir and mounted on through its descriptor. Places
// where a symlink would be an attack must be real directories (CVE-2019-19921, CVE-2023-27561,
// CVE-2026-41579).
#pragma once

#include "init/prepare.hpp"
#include "init/session.hpp"
#include "podctl/sys/mount.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {

// In the namespaces that the container will have: each shows what its maker sees. `own_pids`: also
// in its PID namespace; else /proc is left to take_proc(). `users`: of a user namespace that is yet
// to be entered, whose root /dev belongs to.
Result<Defaults> make_defaults(const Cgroups& cgroups, bool own_pids, bool privileged,
                               const std::optional<IdRange>& users);
// One more mount of a procfs that is mounted in this mount namespace.
Result<UniqueFd> take_proc(const std::string& path);
Result<void> mount_defaults(const sys::RootDir& root, Defaults defaults,
                            const wire::ContainerSpec& container);
// dev.cpp: /dev as the OCI runtime spec's "Default Devices" and "Dev symbolic links" say, besides
// `devices`.
Result<Dev> make_dev(bool privileged, const std::optional<IdRange>& users);
Result<void> mount_dev(const sys::RootDir& root, Dev dev, const wire::ContainerSpec& container);
Result<void> mount_volumes(const sys::RootDir& root, const wire::ContainerSpec& container,
                           std::vector<Source>& sources);
// masks.cpp: what is not there is skipped, every other failure stops the start (CVE-2025-31133).
Result<void> apply_masks(const sys::RootDir& root, const wire::SecuritySpec& security, int null);

// Options of a tmpfs for the container's root, which a user namespace that is yet to be entered may
// give another id. Not idmapped: tmpfs can be that only from Linux 6.3 on.
std::vector<sys::MountOption> for_root_of(const std::optional<IdRange>& users,
                                          const std::string& size);

// The directory at `path`, made if missing, refused if it is a symlink.
Result<UniqueFd> real_directory(const sys::RootDir& root, const char* path);

// Every device node of the host's /dev, as a privileged container sees them (containerd,
// WithHostDevices). The host's mounts must still be in view.
Result<void> copy_host_devices(const sys::RootDir& dev);

}  // namespace podctl::init
