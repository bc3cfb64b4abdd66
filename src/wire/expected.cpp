#include "podctl/wire/expected.hpp"

#include <algorithm>

namespace podctl::wire {

bool gives_device(const MountSpec& mount) {
  return mount.kind == MountKind::kHostPath && mount.sub_path.empty() &&
         (mount.host_type == HostPathType::kCharDevice ||
          mount.host_type == HostPathType::kBlockDevice);
}

std::optional<ExpectedContainer> expectation(const ContainerSpec& spec) {
  const bool first = spec.attempt == 0;  // a restart comes when nothing waits any more
  const bool alone = spec.pid == PidMode::kContainer;
  const bool silent = !spec.tty && !spec.stdin_open;
  const bool plain = !spec.security.privileged && spec.device_rules.empty() &&
                     spec.devices.empty() && std::ranges::none_of(spec.mounts, gives_device);
  if (!first || !alone || !silent || !plain) return {};
  return ExpectedContainer{spec.name, spec.resources};
}

}  // namespace podctl::wire
