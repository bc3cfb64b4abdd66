// Removal of what a root holds on disk: shared by Node and by a podctld that cannot read its
// objects.
//
// Blocks on the disk: used in workers.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"

namespace podctl::node {

// Is there while groups may hold what memory QoS has told them.
std::string protection_mark(const Layout& layout);

// Everything under the root that podctld has made and engine has not removed, and these logs. The
// store's open files vanish with podctld. Profiles for seccomp lie there too, and are their user's.
Result<void> remove_state(const Layout& layout, std::vector<std::string> logs);

// The log directories of the pods that have files in the root, found without their objects.
std::vector<std::string> logs_of_pods(const Layout& layout);

}  // namespace podctl::node
