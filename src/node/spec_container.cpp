#include <algorithm>

#include "node/confinement.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/base/text.hpp"
#include "podctl/node/spec_builder.hpp"
#include "spec_parts.hpp"

namespace podctl::node {
namespace {

// command replaces ENTRYPOINT and drops CMD; args alone replace CMD.
// https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
std::vector<std::string> build_argv(const ContainerInputs& in, const EnvList& env) {
  const auto lookup = [&env](std::string_view name) -> std::optional<std::string> {
    for (const auto& [key, value] : env) {
      if (key == name) return value;
    }
    return std::nullopt;
  };
  std::vector<std::string> argv;
  for (const auto& word : in.container.command) argv.push_back(expand(word, lookup));
  if (argv.empty()) argv = in.image.config.entrypoint;
  if (!in.container.args.empty()) {
    for (const auto& word : in.container.args) argv.push_back(expand(word, lookup));
  } else if (in.container.command.empty()) {
    argv.insert(argv.end(), in.image.config.cmd.begin(), in.image.config.cmd.end());
  }
  return argv;
}

std::string working_directory(const ContainerInputs& in) {
  if (!in.container.workingDir.empty()) return in.container.workingDir;
  return in.image.config.workdir.empty() ? "/" : in.image.config.workdir;
}

wire::PidMode pid_mode(const api::Pod& pod) {
  if (pod.spec.hostPID.value_or(false)) return wire::PidMode::kHost;
  if (pod.spec.shareProcessNamespace.value_or(false)) return wire::PidMode::kPod;
  return wire::PidMode::kContainer;
}

wire::RootfsSpec build_rootfs(const ContainerInputs& in, const Layout& layout) {
  wire::RootfsSpec rootfs;
  rootfs.layers = in.image.layers;
  rootfs.layers.push_back(layout.mountpoints());
  const std::string directory =
      layout.container_lib(in.pod.metadata.uid, in.container.name, in.attempt);
  rootfs.upper = directory + "/upper";
  rootfs.work = directory + "/work";
  rootfs.read_only = in.container.securityContext &&
                     in.container.securityContext->readOnlyRootFilesystem.value_or(false);
  return rootfs;
}

// The image's VOLUMEs, but for those that the pod mounts something over.
std::vector<std::string> image_volumes(const ContainerInputs& in,
                                       const std::vector<wire::MountSpec>& mounts) {
  const auto plain = [](std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
  };
  std::vector<std::string> volumes;
  for (const std::string& volume : in.image.config.volumes) {
    const std::string path = plain(volume);
    const bool covered = std::any_of(mounts.begin(), mounts.end(),
                                     [&](const auto& m) { return plain(m.target) == path; });
    if (path != "/" && !covered) volumes.push_back(path);
  }
  return volumes;
}

void lift_quota(CgroupResources& resources) {
  resources.cpu_quota_us.reset();
  resources.cpu_period_us.reset();
}

void set_resources(wire::ContainerSpec& spec, const ContainerInputs& in, const Machine& machine) {
  spec.resources = container_resources(in.pod, in.container, machine);
  spec.resources.pids_limit = kContainerPids;
  spec.oom_score_adj = api::oom_score_adj(in.pod, in.container,
                                          static_cast<std::int64_t>(machine.facts.memory_bytes));
  if (is_privileged(in.container)) spec.device_rules.push_back({'a', -1, -1, "rwm"});
}

}  // namespace

CgroupResources container_resources(const api::Pod& pod, const api::Container& container,
                                    const Machine& machine) {
  auto resources = api::container_cgroup(pod, container);
  // Whose CPUs are its own needs no quota, which would only make it late (k8s
  // DisableCPUQuotaWithExclusiveCPUs).
  if (machine.exclusive_cpus && api::exclusive_cpus(pod, container) > 0) lift_quota(resources);
  if (machine.memory_qos) {
    const auto memory = machine.resources.find("memory");
    const auto whole = memory == machine.resources.end() ? 0 : memory->second.value();
    api::add_memory_qos(resources, pod, container, whole);
  }
  return resources;
}

CgroupResources pod_resources(const api::Pod& pod, const Machine& machine) {
  auto resources = api::pod_cgroup(pod);
  const auto alone = [&](const auto& list) {
    return std::ranges::any_of(list, [&](const api::Container& container) {
      return api::exclusive_cpus(pod, container) > 0;
    });
  };
  if (machine.exclusive_cpus && (alone(pod.spec.containers) || alone(pod.spec.initContainers)))
    lift_quota(resources);
  if (machine.memory_qos) api::add_memory_qos(resources, pod);
  return resources;
}

std::string container_id(std::string_view uid, std::string_view container, std::uint32_t attempt) {
  const std::string seed =
      std::string(uid) + "/" + std::string(container) + "/" + std::to_string(attempt);
  std::string id;
  for (const char* salt : {"0", "1", "2", "3"}) id += text::hex(text::hash64(salt + seed), 16);
  return id;
}

Result<wire::ContainerSpec> build_container(const ContainerInputs& in, const Machine& machine,
                                            const Layout& layout) {
  const auto& meta = in.pod.metadata;
  wire::ContainerSpec spec;
  spec.id = container_id(meta.uid, in.container.name, in.attempt);
  spec.name = in.container.name;
  spec.attempt = in.attempt;
  TRY(check_apparmor(in.container, apparmor_enabled()));
  TRY(check_selinux(in.pod, in.container, selinux_enabled()));
  const auto env = TRY(resolve_env(in.pod, in.container, in.pod_ips, machine.facts, in.configs));
  spec.argv = build_argv(in, env);
  if (spec.argv.empty()) {
    return fail(Code::kInvalidArgument, "", "", "no command specified");  // the runtimes' words
  }
  spec.tty = in.container.tty.value_or(false);
  spec.env = merge_env(in.image.config.env, env, spec.tty);
  spec.keep_env = takes_configs(in.container);
  spec.cwd = working_directory(in);
  spec.rootfs = build_rootfs(in, layout);
  spec.termination_path =
      layout.pod_run(meta.uid) + "/termination/" + spec.name + "." + std::to_string(in.attempt);
  spec.mounts = TRY(build_mounts(in, env, spec.termination_path, layout));
  spec.rootfs.volumes = image_volumes(in, spec.mounts);
  spec.user = TRY(build_user(in));
  spec.security = TRY(build_security(in, machine));
  set_resources(spec, in, machine);
  spec.pid = pid_mode(in.pod);
  spec.stdin_open = in.container.stdin.value_or(false);
  spec.stdin_once = in.container.stdinOnce.value_or(false);
  spec.log_path = layout.container_log(meta.namespace_, meta.name, meta.uid, spec.name, in.attempt);
  spec.hostname_env = TRY(pod_hostname(in.pod, machine.hostname)).hostname;
  return spec;
}

wire::ExecSpec build_exec(const wire::ContainerSpec& container, std::vector<std::string> command,
                          bool tty) {
  wire::ExecSpec exec;
  exec.container_id = container.id;
  exec.argv = std::move(command);
  if (container.keep_env) {
    exec.own_env = true;
  } else {
    exec.env = container.env;
  }
  if (tty && !container.tty) exec.env.emplace_back("TERM=xterm");
  if (!container.hostname_env.empty()) exec.env.push_back("HOSTNAME=" + container.hostname_env);
  exec.cwd = container.cwd;
  exec.user = container.user;
  exec.security = container.security;
  exec.tty = tty;
  return exec;
}

}  // namespace podctl::node
