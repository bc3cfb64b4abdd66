#include "init/privileges.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/sys/caps.hpp"
#include "podctl/sys/seccomp.hpp"

namespace podctl::init {
namespace {

// The C library's would tell every thread of the process, and takes the shim's for ours: the memory
// is the same.
Result<void> set_groups(const std::vector<std::uint32_t>& groups) {
  const std::vector<gid_t> list(groups.begin(), groups.end());
  if (::syscall(SYS_setgroups, list.size(), list.data()) != 0) {
    return fail_errno(errno, "set groups", {});
  }
  return {};
}

Result<void> set_ids(const sys::Identity& identity) {
  if (::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0) {
    return fail_errno(errno, "set gid", std::to_string(identity.gid));
  }
  if (::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0) {
    return fail_errno(errno, "set uid", std::to_string(identity.uid));
  }
  return {};
}

// "All" means what podctl has; less than was asked for is told.
wire::Capabilities within(Session& session, const wire::SecuritySpec& security,
                          const sys::CapState& own) {
  wire::Capabilities caps = security.capabilities;
  const std::uint64_t lacking = caps.bounding & ~own.bounding;
  if (!security.privileged && lacking != 0) {
    for (const auto& name : sys::cap_names(lacking & sys::all_caps())) {
      session.degrade("capability " + name + ": podctl itself does not have it");
    }
  }
  caps.bounding &= own.bounding;
  caps.permitted &= own.permitted & own.bounding;
  caps.effective &= caps.permitted;
  caps.inheritable &= own.permitted & own.bounding;
  caps.ambient &= caps.permitted & caps.inheritable;
  return caps;
}

}  // namespace

Result<void> drop_privileges(Session& session, const wire::SecuritySpec& security,
                             const sys::Identity& identity) {
  const auto own = TRY(sys::own_caps());
  const auto caps = within(session, security, own);
  TRY(set_groups(identity.groups));
  if (!security.no_new_privs) TRY(sys::load_seccomp(security.seccomp));
  TRY(sys::limit_bounding(own.bounding, caps.bounding));
  TRY(sys::keep_caps_over_setuid());
  TRY(set_ids(identity));
  TRY(sys::set_caps(caps.effective, caps.permitted, caps.inheritable));
  TRY(sys::set_ambient(caps.ambient));
  if (security.no_new_privs) TRY(sys::set_no_new_privs());
  return {};
}

Result<void> set_limits(Session& session, const std::vector<wire::Rlimit>& limits) {
  for (const auto& limit : limits) {
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    rlimit wanted = {limit.soft, limit.hard};
    if (::setrlimit(resource, &wanted) == 0) continue;
    const std::string shown = "rlimit " + std::to_string(limit.resource);
    if (errno != EPERM) return fail_errno(errno, "set", shown);
    rlimit now;
    if (::getrlimit(resource, &now) != 0) return fail_errno(errno, "read", shown);
    wanted.rlim_max = now.rlim_max;
    wanted.rlim_cur = limit.soft < now.rlim_max ? limit.soft : now.rlim_max;
    if (::setrlimit(resource, &wanted) != 0) return fail_errno(errno, "set", shown);
    session.degrade(shown + " of " + std::to_string(limit.hard) + ": needs CAP_SYS_RESOURCE");
  }
  return {};
}

}  // namespace podctl::init
