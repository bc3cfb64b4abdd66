// From a Pod to what the hands are told: wire::SandboxSpec, ContainerSpec, ExecSpec. Pure: the
// image, the addresses, the compiled seccomp filter and the machine's files are given. Used by
// node's pod worker.
//
// Defaults are the kubelet's and containerd's; a rule that comes from elsewhere is named where it
// is applied.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/image/image.hpp"
#include "podctl/node/env.hpp"
#include "podctl/node/pod_files.hpp"
#include "podctl/seccomp/profile.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::node {

// Tasks of a pod, and of one container. Kubernetes leaves podPidsLimit unlimited; here a fork bomb
// must stop without the host feeling it. 2048 is podman's default for a container.
inline constexpr std::int64_t kPodPids = 4096;
inline constexpr std::int64_t kContainerPids = 2048;

// What the builder knows of this machine.
struct Machine {
  NodeFacts facts;
  std::string hostname;            // the node's own, for hostNetwork
  std::string hosts;               // content of /etc/hosts
  ResolvConf resolv;               // of /etc/resolv.conf
  std::uint64_t capabilities = 0;  // what podctld itself has (bounding set)
  api::ResourceMap resources;  // what its pods may ask for together; "pods": how many there may be
  std::uint64_t reserved_cpus = 0;  // not in `resources`: pods may not ask for them
  bool exclusive_cpus = false;      // whole CPUs are a Guaranteed container's alone
  bool memory_qos = false;  // requests are protected, and who nears its limit is slowed down
};

// What the cgroup of a container, and that of its pod, are told on this machine; without the bound
// on tasks.
CgroupResources container_resources(const api::Pod& pod, const api::Container& container,
                                    const Machine& machine);
CgroupResources pod_resources(const api::Pod& pod, const Machine& machine);

// 64 hex digits, the same for the same (uid, container, attempt): starting an attempt twice is
// harmless.
std::string container_id(std::string_view uid, std::string_view container, std::uint32_t attempt);
// "pods/burstable/pod<uid>", below Layout::cgroup().
std::string pod_cgroup_path(const api::Pod& pod);

// hostUsers: false. KEP-127.
bool own_users(const api::Pod& pod);

// The sandbox without what only engine knows (network, addresses, host ids). kInvalidArgument in
// the kubelet's words.
Result<wire::SandboxSpec> build_sandbox(const api::Pod& pod, const Machine& machine,
                                        const Layout& layout);
// The files hosts, hostname and resolv.conf, once the addresses are known.
Result<std::vector<wire::PodFile>> build_files(const api::Pod& pod, const Machine& machine,
                                               const std::vector<std::string>& pod_ips);

// Which seccomp profile a container runs under.
struct SeccompChoice {
  bool unconfined = false;
  std::string localhost;           // the profile's path below Layout::lib() + "/seccomp-profiles"
  std::uint64_t capabilities = 0;  // decides the conditional rules
};
Result<SeccompChoice> choose_seccomp(const api::Pod& pod, const api::Container& container,
                                     const Machine& machine);

// The layers of what a volume shows, topmost first, by the volume's name.
using ImageVolumes = std::map<std::string, std::vector<std::string>>;

struct ContainerInputs {
  const api::Pod& pod;
  const api::Container& container;
  std::uint32_t attempt = 0;
  const image::Image& image;
  const std::vector<std::string>& pod_ips;
  const std::string& seccomp;  // compiled; empty: unconfined
  // Null: the spec is for an exec in a container that runs, whose own environment the shim has.
  const Configs* configs = nullptr;
  const ImageVolumes* image_volumes = nullptr;  // null: there are none
};

// kInvalidArgument and kUnsupported are faults of the configuration (CreateContainerConfigError).
Result<wire::ContainerSpec> build_container(const ContainerInputs& in, const Machine& machine,
                                            const Layout& layout);
// An exec in a container: its environment, user and hardening, with another command. What the
// environment takes from ConfigMaps and Secrets is as it was when the container started.
wire::ExecSpec build_exec(const wire::ContainerSpec& container, std::vector<std::string> command,
                          bool tty);

}  // namespace podctl::node
