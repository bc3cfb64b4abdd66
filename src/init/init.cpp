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
  roles.program = UniqueFd(fds.program);
  return roles;
}

}  // namespace

int run(Result<void> entered, wire::LaunchRequest request, Descriptors fds) {
  ::prctl(PR_SET_NAME, "podctl-init");
  Session session(UniqueFd(fds.answers),
                  request.container ? request.container->name : std::string());
  if (!entered) {
    session.send_failure(entered.error());
    return wire::kLaunchFailed;
  }
  Prepared prepared{.request = std::move(request), .roles = own(fds)};
  if (auto done = prepare(session, prepared); !done) {
    session.send_failure(done.error());
    return wire::kLaunchFailed;
  }
  session.send_failure(run_workload(session, prepared));
  return wire::kLaunchFailed;
}

}  // namespace podctl::init
