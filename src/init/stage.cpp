#include "init/stage.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/proc_fs.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {
namespace {

using wire::PidMode;
using wire::SandboxNamespace;

// Set on this stage, inherited by the next. Lowering it needs CAP_SYS_RESOURCE, which may not be
// had.
Result<void> set_oom_score(Session& session, int value) {
  const auto proc = TRY(sys::ProcFs::open());
  auto done = proc.write_oom_score_adj(TRY(proc.own_pid()), value);
  if (!done && done.error().code == Code::kPermissionDenied) {
    session.degrade("oom_score_adj " + std::to_string(value) + ": needs CAP_SYS_RESOURCE");
    return {};
  }
  return done;
}

// Of /proc/self/cgroup: the hierarchies in which the container has a directory of its own. Showing
// one where it sits in the root would show the host's tree.
Result<void> find_cgroups(Prepared& prepared) {
  const auto proc = TRY(sys::ProcFs::open());
  const auto content = TRY(proc.read(std::to_string(TRY(proc.own_pid())) + "/cgroup"));
  bool v1 = false;
  for (const auto line : text::split(content, '\n')) {
    const auto fields = text::split(line, ':');
    if (fields.size() < 3) continue;
    if (!fields[1].empty() && !fields[1].starts_with("name=")) v1 = true;
    if (fields[2] == "/" || fields[1].starts_with("name=")) continue;
    prepared.cgroups.emplace_back(fields[1].empty() ? "unified" : fields[1]);
  }
  prepared.unified_only = !v1;
  return {};
}

int shared_flags(const wire::LaunchRequest& request) {
  int flags = CLONE_NEWNS;
  if (request.network == SandboxNamespace::kPod) flags |= CLONE_NEWNET;
  if (request.ipc == SandboxNamespace::kPod) flags |= CLONE_NEWIPC;
  if (request.uts == SandboxNamespace::kPod) flags |= CLONE_NEWUTS;
  return flags;
}

// Descriptors of processes come first: after the join their /proc is another one.
Result<void> join_pod(const Prepared& prepared) {
  const auto& container = *prepared.request.container;
  if (!prepared.roles.pause) {
    return fail(Code::kInvalidArgument, "join namespaces", {},
                "no pidfd of pause came with the request");
  }
  if (container.pid == PidMode::kTarget) {
    if (!prepared.roles.target) {
      return fail(Code::kInvalidArgument, "join namespaces", container.pid_target,
                  "no pidfd of the target came with the request");
    }
    TRY(sys::join(prepared.roles.target.get(), CLONE_NEWPID));
  }
  const int pid = container.pid == PidMode::kPod ? CLONE_NEWPID : 0;
  return sys::join(prepared.roles.pause.get(), shared_flags(prepared.request) | pid);
}

Result<void> join_container(const Prepared& prepared) {
  if (!prepared.roles.target) {
    return fail(Code::kInvalidArgument, "join namespaces", prepared.request.exec->container_id,
                "no pidfd of the container came with the request");
  }
  return sys::join(prepared.roles.target.get(), CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                                                    CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWCGROUP);
}

Result<void> prepare_container(Session& session, Prepared& prepared) {
  const auto& container = *prepared.request.container;
  TRY(session.step("oom_score_adj",
                   [&] { return set_oom_score(session, container.oom_score_adj); }));
  TRY(session.step("read cgroups", [&] { return find_cgroups(prepared); }));
  prepared.sources =
      TRY(session.step("open mount sources", [&] { return open_host_sources(container.mounts); }));
  TRY(session.step("join namespaces", [&] { return join_pod(prepared); }));
  return session.step("open pod volumes", [&] {
    return open_pod_sources(container.mounts, prepared.request.mounts, prepared.sources);
  });
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
  if (prepared.roles.target) {
    TRY(session.step("oom_score_adj",
                     [&] { return copy_oom_score(session, prepared.roles.target.get()); }));
  }
  return session.step("join namespaces", [&] { return join_container(prepared); });
}

std::uint64_t new_namespaces(const wire::LaunchRequest& request) {
  if (request.exec) return 0;
  const std::uint64_t pid = request.container->pid == PidMode::kContainer ? CLONE_NEWPID : 0;
  return pid | CLONE_NEWNS | CLONE_NEWCGROUP;
}

}  // namespace

Result<Prepared> prepare(Session& session) {
  auto [request, roles] = TRY(session.receive());
  Prepared prepared{.request = std::move(request), .roles = std::move(roles)};
  TRY(session.step("harden", []() -> Result<void> {
    TRY(sys::set_undumpable());
    return sys::assert_single_threaded();
  }));
  if (prepared.request.container) {
    TRY(prepare_container(session, prepared));
  } else {
    TRY(prepare_exec(session, prepared));
  }
  return prepared;
}

Result<bool> divide(Session& session, const Prepared& prepared) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
  UniqueFd reader(ends[0]), writer(ends[1]);
  int pidfd = -1;
  clone_args args = {};
  args.flags = CLONE_PARENT | CLONE_PIDFD | new_namespaces(prepared.request);
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  const long pid = TRY(session.step("clone", [&]() -> Result<long> {
    const long made = ::syscall(SYS_clone3, &args, sizeof args);
    if (made < 0) return fail_errno(errno, "clone process", {});
    return made;
  }));
  if (pid == 0) {
    writer.reset();
    session.set_barrier(std::move(reader));
    return true;
  }
  TRY(session.send_started(static_cast<pid_t>(pid), UniqueFd(pidfd)));
  return false;  // the writer closes, and the child may speak
}

}  // namespace podctl::init
