#include "init/prepare.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "init/privileges.hpp"
#include "init/rootfs_mounts.hpp"
#include "podctl/base/text.hpp"
#include "podctl/rootfs/overlay.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/proc_fs.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/root_dir.hpp"
#include "podctl/sys/stage.hpp"

namespace podctl::init {
namespace {

using wire::SandboxNamespace;

// Lowering it needs CAP_SYS_RESOURCE, which may not be had.
Result<void> set_oom_score(Session& session, int value) {
  const auto proc = TRY(sys::ProcFs::open());
  auto done = proc.write_oom_score_adj(TRY(proc.own_pid()), value);
  if (!done && done.error().code == Code::kPermissionDenied) {
    session.degrade("oom_score_adj " + std::to_string(value) + ": needs CAP_SYS_RESOURCE");
    return {};
  }
  return done;
}

// And a session of its own, so that no TIOCSTI reaches a terminal of ours (CVE-2017-5226).
Result<void> harden() {
  TRY(sys::set_undumpable());
  TRY(sys::assert_single_threaded());
  ::umask(0);
  if (::setsid() < 0) return fail_errno(errno, "new session", {});
  return {};
}

// Of /proc/self/cgroup: the hierarchies in which the container has a directory of its own. Showing
// one where it sits in the root would show the host's tree.
Result<Cgroups> find_cgroups() {
  const auto proc = TRY(sys::ProcFs::open());
  const auto content = TRY(proc.read(std::to_string(TRY(proc.own_pid())) + "/cgroup"));
  Cgroups cgroups;
  bool v1 = false;
  for (const auto line : text::split(content, '\n')) {
    const auto fields = text::split(line, ':');
    if (fields.size() < 3) continue;
    if (!fields[1].empty() && !fields[1].starts_with("name=")) v1 = true;
    if (fields[2] == "/" || fields[1].starts_with("name=")) continue;
    cgroups.shown.emplace_back(fields[1].empty() ? "unified" : fields[1]);
  }
  cgroups.unified_only = !v1;
  return cgroups;
}

using Ids = std::optional<IdRange>;

// Of podctl's own on the host, for the container's root. Its file system need not be one that can
// be idmapped.
Result<void> give_to_root(const std::string& path, const Ids& users) {
  return users ? sys::give_to(path, users->first, users->first) : Result<void>();
}

// On the host, by each container itself: several start side by side. Whoever started it removes
// them.
Result<void> make_layer(const wire::RootfsSpec& rootfs, const Ids& users) {
  for (const std::string& path : {rootfs.upper, rootfs.work}) {
    TRY(sys::make_directories(path, 0755));
    TRY(give_to_root(path, users));
  }
  return {};
}

// Any user of the container may write it, as the kubelet makes it (kuberuntime_container.go).
Result<void> make_termination_file(const std::string& path, const Ids& users) {
  if (path.empty()) return {};
  TRY(sys::write_file(path, {}, 0666));
  return give_to_root(path, users);
}

// To the root of the user namespace that is yet to be entered: it passes them on to the workload's
// user, which it could not where they were the host's.
Result<void> give_stdio(const Prepared& prepared) {
  const auto& users = prepared.request.users;
  for (const UniqueFd& end : prepared.roles.stdio) {
    if (!end || !users || !TRY(is_ours(end.get()))) continue;
    if (::fchown(end.get(), users->first, users->first) != 0)
      return fail_errno(errno, "change owner of", "descriptor");
  }
  return {};
}

// But for the mount namespace, which is joined last: sources are the host's mounts.
int shared_flags(const wire::LaunchRequest& request) {
  int flags = 0;
  if (request.network == SandboxNamespace::kPod) flags |= CLONE_NEWNET;
  if (request.ipc == SandboxNamespace::kPod) flags |= CLONE_NEWIPC;
  if (request.uts == SandboxNamespace::kPod) flags |= CLONE_NEWUTS;
  return flags;
}

Result<void> join_pod(const Prepared& prepared) {
  const int flags = shared_flags(prepared.request);
  return flags == 0 ? Result<void>() : sys::join(prepared.roles.process.get(), flags);
}

Result<void> join_mounts(const Roles& roles) {
  return roles.mounts ? sys::enter(roles.mounts.get(), CLONE_NEWNS)
                      : sys::join(roles.process.get(), CLONE_NEWNS);
}

// A procfs shows the PID namespace of who mounts it, and we are not in the container's: one is
// taken over, of the container that is joined or, among the pod's mounts, of the pod.
Result<void> take_others_proc(Prepared& prepared) {
  if (prepared.request.container->pid == wire::PidMode::kPod) {
    prepared.defaults.proc = TRY(take_proc(prepared.request.mounts + "/" + wire::kPodProc));
    return {};
  }
  const UniqueFd back = TRY(sys::open_namespace("self", "mnt"));
  TRY(sys::join(prepared.roles.pid.get(), CLONE_NEWNS));
  prepared.defaults.proc = TRY(take_proc("/proc"));
  return sys::enter(back.get(), CLONE_NEWNS);
}

// The user namespace is the pod's, whichever the main process may have made for itself.
Result<void> join_container(const Prepared& prepared) {
  if (prepared.roles.pid) TRY(sys::join(prepared.roles.pid.get(), CLONE_NEWPID));
  TRY(sys::join(prepared.roles.process.get(),
                CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));
  const int users = prepared.roles.users.get();
  return users < 0 ? Result<void>() : sys::become_root_of(users);
}

Result<void> make_root(Prepared& prepared) {
  const auto& rootfs = prepared.request.container->rootfs;
  prepared.root = TRY(rootfs::make_root({rootfs.layers, rootfs.upper, rootfs.work},
                                        prepared.request.mounts, prepared.roles.users.get()));
  return {};
}

// The last look through the host's /proc is at what the namespaces have become.
Result<void> leave_host(Session& session, Prepared& prepared) {
  const auto own = TRY(sys::OwnNamespaces::open());
  prepared.null = TRY(sys::enter_stage(prepared.roles.stage.get(), prepared.roles.users.get()));
  for (auto& ns : TRY(own.read())) {
    if (prepared.roles.pid && ns.type == "pid") ns.inode = TRY(own.inode("pid_for_children"));
    session.ready().namespaces.push_back({std::move(ns.type), ns.inode});
  }
  return {};
}

Result<void> prepare_container(Session& session, Prepared& prepared) {
  const auto& container = *prepared.request.container;
  const Users users{.ns = prepared.roles.users.get(), .ids = prepared.request.users};
  TRY(session.step("oom_score_adj",
                   [&] { return set_oom_score(session, container.oom_score_adj); }));
  TRY(session.step("make termination file",
                   [&] { return make_termination_file(container.termination_path, users.ids); }));
  prepared.sources = TRY(session.step("open mount sources",
                                      [&] { return open_host_sources(container.mounts, users); }));
  TRY(session.step("join mount namespace", [&] { return join_mounts(prepared.roles); }));
  TRY(session.step("open pod volumes", [&] {
    return open_pod_sources(container.mounts, prepared.request.mounts, users, prepared.sources);
  }));
  if (prepared.roles.pid) {
    TRY(session.step("join PID namespace",
                     [&] { return sys::join(prepared.roles.pid.get(), CLONE_NEWPID); }));
    TRY(session.step("take /proc", [&] { return take_others_proc(prepared); }));
  }
  TRY(session.step("make root", [&] { return make_root(prepared); }));
  if (std::ranges::any_of(container.mounts,
                          [](const auto& m) { return m.kind == wire::MountKind::kImage; })) {
    TRY(session.step("open image volumes", [&] {
      return open_image_sources(container.mounts, prepared.request.mounts, users, prepared.sources);
    }));
  }
  if (users.ids) {
    TRY(session.step("give descriptors", [&] { return give_stdio(prepared); }));
    // Inside, hard limits could not be raised.
    TRY(session.step("limits", [&] { return set_limits(session, container.rlimits); }));
  }
  return session.step("new mount namespace", [&] { return leave_host(session, prepared); });
}

// An exec is as likely to be killed as the container it enters.
Result<void> copy_oom_score(Session& session, int target) {
  const auto proc = TRY(sys::ProcFs::open());
  const auto pid = TRY(sys::pid_of(target));
  const auto value =
      text::parse_i64(text::trim(TRY(proc.read(std::to_string(pid) + "/oom_score_adj"))));
  if (!value) return fail(Code::kCorrupt, "read", "oom_score_adj", "not a number");
  return set_oom_score(session, static_cast<int>(*value));
}

Result<void> prepare_exec(Session& session, Prepared& prepared) {
  TRY(session.step("harden", harden));
  TRY(session.step("oom_score_adj",
                   [&] { return copy_oom_score(session, prepared.roles.process.get()); }));
  if (prepared.request.users)
    TRY(session.step("give descriptors", [&] { return give_stdio(prepared); }));
  return session.step("join namespaces", [&] { return join_container(prepared); });
}

}  // namespace

Result<void> prepare_ahead(Session& session, Prepared& prepared) {
  TRY(session.step("harden", harden));
  const auto cgroups = TRY(session.step("read cgroups", find_cgroups));
  TRY(session.step("join namespaces", [&] { return join_pod(prepared); }));
  TRY(session.step("new cgroup namespace", [] { return sys::enter_new(CLONE_NEWCGROUP); }));
  const auto& container = *prepared.request.container;
  const auto& users = prepared.request.users;
  TRY(session.step("make writable layer", [&] { return make_layer(container.rootfs, users); }));
  prepared.defaults = TRY(session.step("make /proc /sys /dev", [&] {
    return make_defaults(cgroups, !prepared.roles.pid, container.security.privileged, users);
  }));
  return {};
}

Result<void> prepare(Session& session, Prepared& prepared) {
  return prepared.request.container ? prepare_container(session, prepared)
                                    : prepare_exec(session, prepared);
}

}  // namespace podctl::init
