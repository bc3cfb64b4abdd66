// What a pod's pause makes before it holds: the pod's names, sysctls and shared mounts. Runs once,
// in the process that the shim cloned into the pod's new namespaces.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/wire/launch.hpp"

namespace podctl::pause {

struct Made {
  wire::PauseReady ready;
  std::vector<UniqueFd> volumes;  // directories, as named in ready.volumes
  UniqueFd mounts;                // the mount namespace with them, when pause is in no such one
  UniqueFd stage;                 // sys/stage.hpp
};

// `step` holds the name of the step under way, also when it fails.
Result<Made> set_up(const wire::PauseRequest& request, std::string& step);

}  // namespace podctl::pause
