#include "podctl/runtime/container.hpp"

#include <fcntl.h>

#include "podctl/base/rollback.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "runtime/launch.hpp"

namespace podctl::runtime {
namespace {

constexpr std::chrono::milliseconds kEndBound{2000};

// The writable layer and the termination file, on the host.
Result<void> make_files(const Layout& layout, const std::string& uid, wire::ContainerSpec& spec) {
  const std::string base = layout.container_lib(uid, spec.name, spec.attempt);
  spec.rootfs.upper = base + "/upper";
  spec.rootfs.work = base + "/work";
  TRY(sys::make_directories(spec.rootfs.upper, 0755));
  TRY(sys::make_directories(spec.rootfs.work, 0755));
  if (!spec.termination_path.empty()) {
    // Any user of the container may write it, as the kubelet makes it (kuberuntime_container.go).
    TRY(sys::write_file(spec.termination_path, {}, 0666));
  }
  return {};
}

wire::LaunchRequest launch_request(const Sandbox& sandbox) {
  wire::LaunchRequest request;
  request.network = sandbox.spec().network;
  request.ipc = sandbox.spec().ipc;
  request.uts = sandbox.spec().uts;
  request.mounts = sandbox.mounts();
  return request;
}

std::vector<Role> roles_of(const Sandbox& sandbox, bool tty, Stdio stdio, int null, int target) {
  std::vector<Role> roles;
  if (!tty) {
    roles = {{wire::LaunchFd::kStdin, stdio.in >= 0 ? stdio.in : null},
             {wire::LaunchFd::kStdout, stdio.out >= 0 ? stdio.out : null},
             {wire::LaunchFd::kStderr, stdio.err >= 0 ? stdio.err : null}};
  }
  roles.push_back({wire::LaunchFd::kPause, sandbox.pause().pidfd.get()});
  roles.push_back({wire::LaunchFd::kTarget, target});
  return roles;
}

// Told apart from an earlier attempt whose last process may still be going, and from the sandbox's
// own leaf.
std::string leaf_name(const wire::ContainerSpec& spec) {
  return spec.attempt == 0 && spec.name != "pause" ? spec.name
                                                   : spec.name + "." + std::to_string(spec.attempt);
}

Result<UniqueFd> open_null() {
  UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", "/dev/null");
  return fd;
}

}  // namespace

Result<Container> Container::start(Sandbox& sandbox, wire::ContainerSpec spec, Stdio stdio,
                                   int target) {
  Trace trace;
  const cgroup::GroupOptions options{
      .count = true, .close_devices = !spec.security.privileged, .devices = spec.device_rules};
  auto group = TRY(trace.step("make cgroup", spec.name, [&] {
    return sandbox.tree().create(sandbox.cgroup_of(leaf_name(spec)), spec.resources, options);
  }));
  Container container(std::move(group), std::move(spec));
  Rollback undo;  // after the container: it must be undone before it is gone
  undo.add([&]() -> Result<void> {
    TRY(container.group_.kill());
    return container.group_.remove(kEndBound);
  });
  undo.add([&]() -> Result<void> {
    return remove_files(sandbox.layout(), sandbox.spec().uid, container.spec_);
  });
  TRY(trace.step("make writable layer", {}, [&] {
    return make_files(sandbox.layout(), sandbox.spec().uid, container.spec_);
  }));
  const UniqueFd null = TRY(open_null());
  wire::LaunchRequest request = launch_request(sandbox);
  request.container = container.spec_;
  auto launched =
      TRY(launch(sandbox.programs().init, container.group_, std::move(request),
                 roles_of(sandbox, container.spec_.tty, stdio, null.get(), target), trace));
  container.process_ = std::move(launched.process);
  container.terminal_ = std::move(launched.terminal);
  container.info_ = {.id = container.spec_.id,
                     .pid = container.process_.pid,
                     .started_wall_ns = wall_ns(),
                     .namespaces = std::move(launched.ready.namespaces),
                     .uid = launched.ready.uid,
                     .gid = launched.ready.gid,
                     .groups = std::move(launched.ready.groups),
                     .degraded = std::move(launched.ready.degraded),
                     .trace = trace.take()};
  undo.release();
  return container;
}

Result<void> Container::signal(int signo) const {
  return sys::send_signal(process_.pidfd.get(), signo);
}

Result<void> Container::kill() { return group_.kill(); }

Result<void> Container::update(const CgroupResources& resources) { return group_.apply(resources); }

Result<Exec> exec(Sandbox& sandbox, Container& container, const wire::ExecSpec& spec, Stdio stdio) {
  Trace trace;
  const UniqueFd null = TRY(open_null());
  wire::LaunchRequest request = launch_request(sandbox);
  request.exec = spec;
  auto launched = TRY(launch(
      sandbox.programs().init, container.group(), std::move(request),
      roles_of(sandbox, spec.tty, stdio, null.get(), container.process().pidfd.get()), trace));
  return Exec{.process = std::move(launched.process), .terminal = std::move(launched.terminal)};
}

Result<void> remove_files(const Layout& layout, const std::string& uid,
                          const wire::ContainerSpec& spec) {
  TRY(sys::remove_tree(layout.container_lib(uid, spec.name, spec.attempt)));
  if (!spec.termination_path.empty()) TRY(sys::remove_tree(spec.termination_path));
  return {};
}

}  // namespace podctl::runtime
