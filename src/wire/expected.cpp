#include "podctl/wire/expected.hpp"

namespace podctl::wire {

std::optional<ExpectedContainer> expectation(const ContainerSpec& spec) {
  const bool first = spec.attempt == 0;  // a restart comes when nothing waits any more
  const bool alone = spec.pid == PidMode::kContainer;
  const bool silent = !spec.tty && !spec.stdin_open;
  const bool plain = !spec.security.privileged && spec.device_rules.empty() && spec.devices.empty();
  if (!first || !alone || !silent || !plain) return {};
  return ExpectedContainer{spec.name, spec.resources};
}

}  // namespace podctl::wire
