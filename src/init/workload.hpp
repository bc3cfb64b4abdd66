// Init's second half: inside the container, from mounts to execve. Only returns when it failed.
#pragma once

#include "init/prepare.hpp"
#include "init/session.hpp"

namespace podctl::init {

Error run_workload(Session& session, Prepared& prepared);

}  // namespace podctl::init
