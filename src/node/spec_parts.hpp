// The parts of a container's spec, each by its noun; spec_container.cpp puts them together.
#pragma once

#include "podctl/node/spec_builder.hpp"

namespace podctl::node {

// The kubelet's name of a pod in messages: "web_default(uid)".
std::string pod_label(const api::Pod& pod);

bool is_privileged(const api::Container& container);

// Effective user and groups; checks runAsNonRoot against the image.
Result<wire::UserSpec> build_user(const ContainerInputs& in);
Result<wire::SecuritySpec> build_security(const ContainerInputs& in, const Machine& machine);
Result<std::uint64_t> build_capabilities(const api::Container& container, const Machine& machine);

// The mounts of a container in the order they are made: parents before what lies in them.
Result<std::vector<wire::MountSpec>> build_mounts(const ContainerInputs& in, const EnvList& env,
                                                  const std::string& termination_path,
                                                  const Layout& layout);
std::vector<wire::HostPath> build_host_paths(const api::Pod& pod);
Result<std::vector<wire::PodVolume>> build_volumes(const api::Pod& pod, const Machine& machine,
                                                   const Layout& layout);

}  // namespace podctl::node
