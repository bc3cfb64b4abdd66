#include "node/confinement.hpp"

#include <unistd.h>

#include <algorithm>

#include "podctl/node/machine.hpp"

namespace podctl::node {
namespace {

template <class Context>
bool asks(const api::Box<Context>& context) {
  return context && context->appArmorProfile && context->appArmorProfile->type != "Unconfined";
}

std::string unenforced(bool enabled) {
  return std::string("Cannot enforce AppArmor: ") +
         (enabled ? "podctl sets no profiles" : "AppArmor is not enabled on the host");
}

}  // namespace

bool apparmor_enabled() {
  return read_small_file("/sys/module/apparmor/parameters/enabled").starts_with("Y");
}

bool selinux_enabled() { return ::access("/sys/fs/selinux/enforce", F_OK) == 0; }

std::optional<lifecycle::Rejection> apparmor_refusal(const api::Pod& pod, bool enabled) {
  const auto asked = [](const auto& container) { return asks(container.securityContext); };
  const auto& spec = pod.spec;
  if (!asks(spec.securityContext) && std::ranges::none_of(spec.containers, asked) &&
      std::ranges::none_of(spec.initContainers, asked)) {
    return std::nullopt;
  }
  return lifecycle::Rejection{"AppArmor", unenforced(enabled)};
}

Result<void> check_apparmor(const api::Container& container, bool enabled) {
  if (!asks(container.securityContext)) return {};
  return fail(Code::kInvalidArgument, "", "", unenforced(enabled));
}

Result<void> check_selinux(const api::Pod& pod, const api::Container& container, bool enabled) {
  const bool own = container.securityContext && container.securityContext->seLinuxOptions;
  const bool pods = pod.spec.securityContext && pod.spec.securityContext->seLinuxOptions;
  if (!own && !pods) return {};
  return fail(Code::kInvalidArgument, "", "",
              std::string("cannot apply seLinuxOptions: ") +
                  (enabled ? "podctl sets no labels" : "SELinux is not enabled on the host"));
}

}  // namespace podctl::node
