// Init's first half: with the host's privileges and the host's mounts in view, already in the
// container's cgroup and PID namespace. It gathers what needs the host and joins the pod's
// namespaces.
#pragma once

#include "init/session.hpp"
#include "init/sources.hpp"

namespace podctl::init {

// What the second half (workload.hpp) goes on with.
struct Prepared {
  wire::LaunchRequest request;
  Roles roles;
  std::vector<Source> sources = {};
  std::vector<std::string> cgroups = {};  // v1 hierarchies to show, as mount options; "unified"
  bool unified_only = false;
};

// Gathers and joins. Afterwards the mount namespace is a copy of the pod's (or, for an exec, the
// container's own).
Result<void> prepare(Session& session, Prepared& prepared);

}  // namespace podctl::init
