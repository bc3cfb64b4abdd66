#include "pause/setup.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "podctl/base/text.hpp"
#include "podctl/sys/caps.hpp"
#include "podctl/sys/clock.hpp"
#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/proc_fs.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/root_dir.hpp"
#include "podctl/sys/stage.hpp"

namespace podctl::pause {
namespace {

using wire::SandboxNamespace;

std::string octal(std::uint32_t mode) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%04o", mode);
  return buffer;
}

class Setup {
 public:
  Setup(const wire::PauseRequest& request, std::string& step) : request_(request), step_(step) {}

  Result<Made> run() {
    TRY(trace("slave mounts", [&] { return sys::set_root_propagation(sys::Spread::kSlave); }));
    TRY(trace("oom_score_adj", [&] { return set_oom_score(); }));
    const bool own_users = request_.users >= 0;
    if (own_users) TRY(trace("join namespaces", [&] { return join(); }));
    if (!own_users) TRY(set_kernel(nullptr));
    // Before there are mounts of the pod's own, which it would have to let go of.
    TRY(trace("make stage", [&] { return make_stage(); }));
    TRY(trace("mount /dev/shm", [&] { return mount_shm(); }));
    if (request_.spec.share_pid) TRY(trace("mount /proc", [&] { return mount_proc(); }));
    TRY(trace("mount volumes", [&] { return mount_volumes(); }));
    const auto own = TRY(sys::OwnNamespaces::open());
    std::optional<sys::ProcFs> proc;
    if (own_users && !request_.spec.sysctls.empty()) proc = TRY(sys::ProcFs::open());
    if (request_.spec.share_pid) TRY(trace("leave the host", [&] { return leave_host(); }));
    if (own_users) {
      // Its mounts needed the host's privileges; what belongs to the user namespace is its root's
      // to set (a sysctl of IPC is not the host's).
      TRY(trace("join user namespace", [&] { return sys::become_root_of(request_.users); }));
      TRY(set_kernel(proc ? &*proc : nullptr));
    }
    if (request_.spec.share_pid) TRY(trace("drop privileges", drop_privileges));
    for (auto& ns : TRY(own.read())) {
      made_.ready.namespaces.push_back({std::move(ns.type), ns.inode});
    }
    return std::move(made_);
  }

 private:
  template <class F>
  Result<void> trace(const char* name, F&& work) {
    step_ = name;
    const std::uint64_t start = sys::boot_ns();
    auto done = work();
    made_.ready.trace.push_back({"pause", name, {}, start, sys::boot_ns() - start});
    return done;
  }

  Result<void> set_oom_score() {
    const auto proc = TRY(sys::ProcFs::open());
    auto done = proc.write_oom_score_adj(TRY(proc.own_pid()), request_.spec.pause_oom_score_adj);
    if (!done && done.error().code == Code::kPermissionDenied) {
      made_.ready.degraded.push_back("oom_score_adj of pause: needs CAP_SYS_RESOURCE");
      return {};
    }
    return done;
  }

  Result<void> join() {
    const std::pair<int, int> all[] = {{request_.network, CLONE_NEWNET},
                                       {request_.ipc, CLONE_NEWIPC},
                                       {request_.uts, CLONE_NEWUTS}};
    for (const auto& [ns, flag] : all) {
      if (ns >= 0) TRY(sys::enter(ns, flag));
    }
    return {};
  }

  // Containers see it in their PID namespace, and one with CAP_SYS_PTRACE reaches all that it sees
  // there: the host's files must not be among that.
  Result<void> leave_host() {
    made_.mounts = TRY(sys::open_namespace("self", "mnt"));
    return sys::enter(made_.stage.get(), CLONE_NEWNS);
  }

  static Result<void> drop_privileges() {
    const auto own = TRY(sys::own_caps());
    TRY(sys::limit_bounding(own.bounding, 0));
    TRY(sys::set_caps(0, 0, 0));
    return sys::set_no_new_privs();
  }

  // `proc`: where the host's is out of view.
  Result<void> set_kernel(const sys::ProcFs* proc) {
    TRY(trace("set names", [&] { return set_names(); }));
    return trace("sysctls", [&] { return set_sysctls(proc); });
  }

  Result<void> set_names() {
    const auto& spec = request_.spec;
    if (spec.uts != SandboxNamespace::kPod) return {};
    return sys::set_uts_names(spec.hostname, spec.domainname);
  }

  Result<void> set_sysctls(const sys::ProcFs* proc) {
    if (request_.spec.sysctls.empty()) return {};
    std::optional<sys::ProcFs> own;
    if (proc == nullptr) proc = &own.emplace(TRY(sys::ProcFs::open()));
    for (const auto& sysctl : request_.spec.sysctls) {
      TRY(proc->write_sysctl(sysctl.key, sysctl.value));
    }
    return {};
  }

  Result<void> make_stage() {
    made_.stage = TRY(sys::make_stage(request_.mounts));
    return {};
  }

  Result<UniqueFd> place(const std::string& name) {
    if (!text::valid_id(name)) {
      return fail(Code::kInvalidArgument, "mount volume", name, "not a valid name");
    }
    const auto mounts = TRY(sys::RootDir::open_host(request_.mounts));
    return mounts.mkdir_all(name, 0755);
  }

  // Of a tmpfs, which can be idmapped only from Linux 6.3 on.
  void add_owner(std::vector<sys::MountOption>& options, std::optional<std::uint32_t> group) const {
    const auto& users = request_.spec.users;
    const std::uint32_t first = users ? users->first : 0;
    if (users) options.emplace_back("uid", std::to_string(first));
    if (users || group) options.emplace_back("gid", std::to_string(first + group.value_or(0)));
  }

  Result<void> mount_shm() {
    const UniqueFd target = TRY(place(wire::kPodShm));
    UniqueFd mount;
    if (request_.spec.ipc == SandboxNamespace::kHost) {
      const auto host = TRY(sys::RootDir::open_host("/dev/shm"));
      mount = TRY(sys::clone_mount(host.fd(), false));
    } else {
      std::vector<sys::MountOption> options = {{"mode", "1777"},
                                               {"size", std::to_string(request_.spec.shm_size)}};
      add_owner(options, {});
      mount =
          TRY(sys::new_mount("tmpfs", options, sys::kNoSuid | sys::kNoDev | sys::kNoExec, "shm"));
    }
    return sys::attach(mount.get(), target.get(), "/dev/shm");
  }

  // A procfs is of the PID namespace of who mounts it, and nobody but us enters that with the
  // privilege to.
  Result<void> mount_proc() {
    const UniqueFd target = TRY(place(wire::kPodProc));
    const UniqueFd mount =
        TRY(sys::new_mount("proc", {}, sys::kNoSuid | sys::kNoDev | sys::kNoExec));
    return sys::attach(mount.get(), target.get(), "/proc");
  }

  Result<void> mount_volumes() {
    for (const auto& volume : request_.spec.volumes) {
      if (!volume.memory) continue;
      const UniqueFd target = TRY(place(volume.name));
      std::vector<sys::MountOption> options = {{"mode", octal(volume.mode)}};
      add_owner(options, volume.group);
      if (volume.size != 0) options.emplace_back("size", std::to_string(volume.size));
      const UniqueFd mount = TRY(sys::new_mount("tmpfs", options, 0));
      TRY(sys::attach(mount.get(), target.get(), volume.name));
      UniqueFd directory(::openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!directory) return fail_errno(errno, "open volume", volume.name);
      made_.ready.volumes.push_back(volume.name);
      made_.volumes.push_back(std::move(directory));
    }
    return {};
  }

  const wire::PauseRequest& request_;
  std::string& step_;
  Made made_;
};

}  // namespace

Result<Made> set_up(const wire::PauseRequest& request, std::string& step) {
  return Setup(request, step).run();
}

}  // namespace podctl::pause
