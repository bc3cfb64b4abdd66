// Who the workload runs as, by the container's own passwd and group, and the environment that
// follows. Runs in init's second half.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/sys/passwd.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::init {

// uid and gid of the spec win over the image's user; the groups are the gid, the spec's, and,
// unless strict, those that the image's group file gives the user. KEP-3619
// (supplementalGroupsPolicy).
Result<sys::Identity> resolve_user(const wire::UserSpec& spec, const sys::UserDatabase& database);

// In a user namespace of `count` ids: kInvalidArgument names the one that is not among them.
Result<void> check_ids(const sys::Identity& identity, std::uint32_t count);

// Adds what is not set: PATH, HOSTNAME (when given), HOME, and TERM=xterm with a terminal, as
// containerd does.
void complete_environment(std::vector<std::string>& env, const std::string& home,
                          const std::string& hostname, bool terminal);
// The value of a variable; the last one wins, as in getenv of what execve gives. Empty when unset.
std::string env_value(const std::vector<std::string>& env, const std::string& name);

}  // namespace podctl::init
