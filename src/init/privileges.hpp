// Giving up privilege, in the one order that works: groups; seccomp when no_new_privs is not asked;
// bounding set; keepcaps, gid, uid; capset and ambient; no_new_privs (and then seccomp, by the
// caller, last). Runs in init's second half. Every step is checked; nothing here may be skipped on
// failure.
#pragma once

#include <string>
#include <vector>

#include "init/session.hpp"
#include "podctl/sys/passwd.hpp"

namespace podctl::init {

// What podctl itself lacks is reported as degraded, unless the container is privileged.
Result<void> drop_privileges(Session& session, const wire::SecuritySpec& security,
                             const sys::Identity& identity);
// Hard limits that only CAP_SYS_RESOURCE could raise stay, and are reported. setrlimit(2).
Result<void> set_limits(Session& session, const std::vector<wire::Rlimit>& limits);

}  // namespace podctl::init
