#include <limits>

#include "podctl/base/text.hpp"
#include "podctl/seccomp/hardening.hpp"
#include "podctl/sys/caps.hpp"
#include "spec_parts.hpp"

namespace podctl::node {
namespace {

template <class T>
std::optional<T> first_of(const std::optional<T>& own, const std::optional<T>& pods) {
  return own ? own : pods;
}

const api::SecurityContext& own_context(const api::Container& container) {
  static const api::SecurityContext kNone;
  return container.securityContext ? *container.securityContext : kNone;
}

const api::PodSecurityContext& pod_context(const api::Pod& pod) {
  static const api::PodSecurityContext kNone;
  return pod.spec.securityContext ? *pod.spec.securityContext : kNone;
}

Result<std::uint32_t> id_of(std::int64_t value, const char* field) {
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
    return fail(Code::kInvalidArgument, "read", field,
                "must be between 0 and 2147483647, inclusive");
  }
  return static_cast<std::uint32_t>(value);
}

// The words are the kubelet's (pkg/kubelet/kuberuntime/security_context.go).
Result<void> check_non_root(const ContainerInputs& in, const std::optional<std::int64_t>& uid) {
  const auto wanted =
      first_of(own_context(in.container).runAsNonRoot, pod_context(in.pod).runAsNonRoot);
  if (!wanted.value_or(false)) return {};
  const std::string who =
      " (pod: \"" + pod_label(in.pod) + "\", container: " + in.container.name + ")";
  auto refuse = [](std::string text) {
    return fail(Code::kInvalidArgument, "", "", std::move(text));
  };
  if (uid) {
    if (*uid == 0) return refuse("container's runAsUser breaks non-root policy" + who);
    return {};
  }
  const std::string user = in.image.config.user.substr(0, in.image.config.user.find(':'));
  const auto number = text::parse_u64(user);
  if (user.empty() || number == 0U)
    return refuse("container has runAsNonRoot and image will run as root" + who);
  if (!number) {
    return refuse("container has runAsNonRoot and image has non-numeric user (" + user +
                  "), cannot verify user is non-root" + who);
  }
  return {};
}

bool adds_sys_admin(const api::Container& container) {
  const auto& context = own_context(container);
  if (!context.capabilities) return false;
  for (const auto& name : context.capabilities->add) {
    if (name == "SYS_ADMIN" || name == "CAP_SYS_ADMIN" || name == "ALL") return true;
  }
  return false;
}

}  // namespace

std::string pod_label(const api::Pod& pod) {
  return pod.metadata.name + "_" + pod.metadata.namespace_ + "(" + pod.metadata.uid + ")";
}

bool is_privileged(const api::Container& container) {
  return own_context(container).privileged.value_or(false);
}

Result<wire::UserSpec> build_user(const ContainerInputs& in) {
  const auto& own = own_context(in.container);
  const auto& pods = pod_context(in.pod);
  const auto uid = first_of(own.runAsUser, pods.runAsUser);
  TRY(check_non_root(in, uid));
  wire::UserSpec user;
  user.image_user = in.image.config.user;
  if (uid) user.uid = TRY(id_of(*uid, "runAsUser"));
  if (const auto gid = first_of(own.runAsGroup, pods.runAsGroup))
    user.gid = TRY(id_of(*gid, "runAsGroup"));
  for (const auto group : pods.supplementalGroups)
    user.groups.push_back(TRY(id_of(group, "supplementalGroups")));
  if (pods.fsGroup) user.groups.push_back(TRY(id_of(*pods.fsGroup, "fsGroup")));
  user.strict_groups = pods.supplementalGroupsPolicy == "Strict";
  return user;
}

Result<std::uint64_t> build_capabilities(const api::Container& container, const Machine& machine) {
  if (is_privileged(container)) return machine.capabilities;
  const auto& context = own_context(container);
  static const api::Capabilities kNone;
  const auto& wanted = context.capabilities ? *context.capabilities : kNone;
  return seccomp::apply_capabilities(seccomp::default_capabilities(), wanted.add, wanted.drop,
                                     sys::all_caps());
}

Result<SeccompChoice> choose_seccomp(const api::Pod& pod, const api::Container& container,
                                     const Machine& machine) {
  SeccompChoice choice;
  choice.capabilities = TRY(build_capabilities(container, machine)) & machine.capabilities;
  const auto& own = own_context(container).seccompProfile;
  const auto& pods = pod_context(pod).seccompProfile;
  const auto& profile = own ? own : pods;
  // A privileged container is never confined, whatever the profile says (as the kubelet does).
  if (is_privileged(container)) {
    choice.unconfined = true;
  } else if (profile) {
    choice.unconfined = profile->type == "Unconfined";
    if (profile->type == "Localhost") choice.localhost = profile->localhostProfile;
  }
  return choice;
}

Result<wire::SecuritySpec> build_security(const ContainerInputs& in, const Machine& machine) {
  const auto& own = own_context(in.container);
  wire::SecuritySpec security;
  const auto mask = TRY(build_capabilities(in.container, machine));
  security.capabilities.bounding = mask;
  security.capabilities.permitted = mask;
  security.capabilities.effective = mask;
  security.privileged = is_privileged(in.container);
  security.no_new_privs = !own.allowPrivilegeEscalation.value_or(true) && !security.privileged &&
                          !adds_sys_admin(in.container);
  security.seccomp = in.seccomp;
  if (!security.privileged && own.procMount != "Unmasked") {
    security.masked_paths = seccomp::default_masked_paths();
    security.readonly_paths = seccomp::default_readonly_paths();
  }
  return security;
}

}  // namespace podctl::node
