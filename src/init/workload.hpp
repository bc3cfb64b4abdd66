// Init's second stage: inside the container, from mounts to execve. Only returns when it failed.
#pragma once

#include "init/session.hpp"
#include "init/stage.hpp"

namespace podctl::init {

Error run_workload(Session& session, Prepared& prepared);

}  // namespace podctl::init
