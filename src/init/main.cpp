// podctl-init: the child's side of a container start and of an exec. The shim starts it, in the
// container's cgroup, from a sealed memfd (CVE-2019-5736); stage 1 joins and clones, stage 2
// becomes the workload.
#include <unistd.h>

#include "init/stage.hpp"
#include "init/workload.hpp"

namespace podctl::init {
namespace {

constexpr int kFailed = 125;  // as every helper of podctl exits when it could not start its work

int run() {
  Session session{UniqueFd(wire::kLaunchSocket)};
  auto prepared = prepare(session);
  if (!prepared) {
    session.send_failure(prepared.error());
    return kFailed;
  }
  auto child = divide(session, *prepared);
  if (child && !*child) return 0;
  session.send_failure(child ? run_workload(session, *prepared) : child.error());
  return kFailed;
}

}  // namespace
}  // namespace podctl::init

// Nothing registered at start-up of the C library may run on the way out of stage 2.
int main() { ::_exit(podctl::init::run()); }
