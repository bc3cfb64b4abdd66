// A hostPath volume on the host: made and checked as the kubelet does (pkg/volume/hostpath).
//
// Used by runtime, before a pod's sandbox, and by init, which opens what it binds.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/root_dir.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::init {

// DirectoryOrCreate and an unset type make a directory of mode 0755 with its parents, FileOrCreate
// a file of mode 0644 without. kFailedPrecondition "hostPath type check failed: PATH is not a
// TYPE".
Result<UniqueFd> open_host_path(const sys::RootDir& host, const std::string& path,
                                wire::HostPathType type);

}  // namespace podctl::init
