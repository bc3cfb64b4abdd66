// Init's first half: with the host's privileges and the host's mounts in view, already in the
// container's cgroup, and in its PID namespace where nobody else is there. It gathers what needs
// the host and joins the pod's namespaces: ahead of its container what does not depend on that,
// then the rest.
#pragma once

#include "init/defaults.hpp"
#include "init/session.hpp"
#include "init/sources.hpp"

namespace podctl::init {

// What the second half (workload.hpp) goes on with.
struct Prepared {
  wire::LaunchRequest request;
  Roles roles;
  Defaults defaults = {};
  std::vector<Source> sources = {};
  UniqueFd root = {};  // attached nowhere yet
  UniqueFd null = {};  // of the stage
};

// Of a container that may not be known yet: its pod, its writable layer and whether it is
// privileged are what counts. The mounts in view are still the host's.
Result<void> prepare_ahead(Session& session, Prepared& prepared);
// Gathers and joins; for a container after prepare_ahead(). Afterwards the mount namespace is a
// copy of the pod's stage (or, for an exec, the container's own): the host is out of view. Where
// the pod has a user namespace of its own we are its root from then on, without any privilege
// outside: what the second half could not do as such is done here.
Result<void> prepare(Session& session, Prepared& prepared);

}  // namespace podctl::init
