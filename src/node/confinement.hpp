// Mandatory access control that a pod asks for and nobody here can enforce: never ignored silently.
//
// Used by PodWorker and the spec builder. Looks at the kernel's own files.
#pragma once

#include <optional>

#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/lifecycle/observation.hpp"

namespace podctl::node {

bool apparmor_enabled();
bool selinux_enabled();

// The kubelet's refusal of a pod that names an AppArmor profile other than Unconfined (k8s
// pkg/security/apparmor). podctl loads and sets no profiles, so also where the kernel could.
std::optional<lifecycle::Rejection> apparmor_refusal(const api::Pod& pod, bool enabled);
// kInvalidArgument where the container is to have such a profile: an ephemeral one comes later than
// the refusal.
Result<void> check_apparmor(const api::Container& container, bool enabled);
// kInvalidArgument where the container is to have an SELinux label.
Result<void> check_selinux(const api::Pod& pod, const api::Container& container, bool enabled);

}  // namespace podctl::node
