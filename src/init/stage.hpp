// Init's first stage: with the host's privileges, already in the container's cgroup. It gathers
// what needs the host, joins the pod's namespaces, clones the second stage as the shim's own child,
// and is done.
#pragma once

#include "init/session.hpp"
#include "init/sources.hpp"

namespace podctl::init {

// What stage 1 hands on, by memory.
struct Prepared {
  wire::LaunchRequest request;
  Roles roles;
  std::vector<Source> sources;
  std::vector<std::string> cgroups;  // v1 hierarchies to show, as mount options; "unified"
  bool unified_only = false;
};

// Gathers and joins. Afterwards the mount namespace is the pod's (or, for an exec, the
// container's).
Result<Prepared> prepare(Session& session);

// Clones stage 2. True in the child; false in the parent, which has told the shim.
Result<bool> divide(Session& session, const Prepared& prepared);

}  // namespace podctl::init
