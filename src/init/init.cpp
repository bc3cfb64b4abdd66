#include "podctl/init/init.hpp"

#include <sys/prctl.h>

#include "init/prepare.hpp"
#include "init/workload.hpp"

namespace podctl::init {
namespace {

Roles own(const Descriptors& fds) {
  Roles roles;
  for (int n = 0; n < 3; ++n) roles.stdio[n] = UniqueFd(fds.stdio[n]);
  roles.process = UniqueFd(fds.process);
  roles.pid = UniqueFd(fds.pid);
  roles.mounts = UniqueFd(fds.mounts);
  roles.stage = UniqueFd(fds.stage);
  roles.users = UniqueFd(fds.users);
  roles.program = UniqueFd(fds.program);
  return roles;
}

int fail_with(Session& session, const Error& error) {
  session.send_failure(error);
  return wire::kLaunchFailed;
}

int become(Session& session, Prepared& prepared) {
  if (auto done = prepare(session, prepared); !done) return fail_with(session, done.error());
  return fail_with(session, run_workload(session, prepared));
}

}  // namespace

int run(Result<void> entered, wire::LaunchRequest request, Descriptors fds) {
  ::prctl(PR_SET_NAME, "podctl-init");
  Session session(UniqueFd(fds.answers),
                  request.container ? request.container->name : std::string());
  if (!entered) return fail_with(session, entered.error());
  Prepared prepared{.request = std::move(request), .roles = own(fds)};
  if (prepared.request.container) {
    if (auto done = prepare_ahead(session, prepared); !done)
      return fail_with(session, done.error());
  }
  return become(session, prepared);
}

int wait_and_run(Result<void> entered, wire::LaunchRequest known, const Handover& handover,
                 Descriptors fds) {
  ::prctl(PR_SET_NAME, "podctl-init");
  Session session(UniqueFd(fds.answers), {});
  if (!entered) return fail_with(session, entered.error());
  Prepared prepared{.request = std::move(known), .roles = own(fds)};
  if (auto done = prepare_ahead(session, prepared); !done) return fail_with(session, done.error());
  if (!session.await_request()) return wire::kLaunchFailed;
  prepared.request = *handover.request;
  session.begin(prepared.request.container->name);
  return become(session, prepared);
}

}  // namespace podctl::init
