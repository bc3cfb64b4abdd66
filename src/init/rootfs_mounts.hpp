// The mounts every container has: /proc, /sys, its cgroup, /dev with its nodes, pts and mqueue;
// then those of the spec; at last the masks. Runs in init's second half, on a root that may be
// hostile.
//
// Every target is resolved in the root by RootDir and mounted on through its descriptor. Places
// where a symlink would be an attack must be real directories (CVE-2019-19921, CVE-2023-27561,
// CVE-2026-41579).
#pragma once

#include "init/prepare.hpp"
#include "init/session.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {

Result<void> mount_defaults(const sys::RootDir& root, const Prepared& prepared);
// dev.cpp: /dev as the OCI runtime spec's "Default Devices" and "Dev symbolic links" say, besides
// `devices`.
Result<void> mount_dev(const sys::RootDir& root, const wire::ContainerSpec& container);
Result<void> mount_volumes(const sys::RootDir& root, const wire::ContainerSpec& container,
                           std::vector<Source>& sources);
// masks.cpp: what is not there is skipped, every other failure stops the start (CVE-2025-31133).
Result<void> apply_masks(const sys::RootDir& root, const wire::SecuritySpec& security, int null);

// The directory at `path`, made if missing, refused if it is a symlink.
Result<UniqueFd> real_directory(const sys::RootDir& root, const char* path);

// Every device node of the host's /dev, as a privileged container sees them (containerd,
// WithHostDevices). The host's mounts must still be in view.
Result<void> copy_host_devices(const sys::RootDir& dev);

}  // namespace podctl::init
