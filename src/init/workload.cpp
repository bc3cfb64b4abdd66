#include "init/workload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "init/execute.hpp"
#include "init/identity.hpp"
#include "init/privileges.hpp"
#include "init/rootfs_mounts.hpp"
#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/pty.hpp"
#include "podctl/sys/seccomp.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/sys/stage.hpp"

namespace podctl::init {
namespace {

using sys::RootDir;

// What container and exec have in common, taken from either.
struct Workload {
  std::vector<std::string> argv, env;
  std::string cwd, hostname;
  wire::UserSpec user;
  const wire::SecuritySpec* security = nullptr;
  bool terminal = false, make_cwd = false;
  std::uint16_t rows = 0, columns = 0;
};

Workload workload_of(const wire::LaunchRequest& request) {
  if (request.exec) {
    const auto& e = *request.exec;
    return {e.argv, e.env, e.cwd, {}, e.user, &e.security, e.tty, false, e.rows, e.cols};
  }
  const auto& c = *request.container;
  return {c.argv, c.env, c.cwd, c.hostname_env, c.user, &c.security, c.tty, true, 0, 0};
}

// Mounts everything and makes it the root.
Result<void> build_root(Session& session, Prepared& prepared) {
  auto& container = *prepared.request.container;
  const RootDir root(std::move(prepared.root));
  TRY(session.step("mount root", [&] { return sys::attach_root(root.fd()); }));
  TRY(session.step("mount /proc /sys /dev",
                   [&] { return mount_defaults(root, std::move(prepared.defaults), container); }));
  TRY(session.step("mount volumes",
                   [&] { return mount_volumes(root, container, prepared.sources); }));
  TRY(session.step("mask paths",
                   [&] { return apply_masks(root, container.security, prepared.null.get()); }));
  return session.step("enter root", [&] { return sys::enter_root(root.fd()); });
}

Result<UniqueFd> open_cwd(const RootDir& root, const Workload& workload) {
  const std::string cwd = workload.cwd.empty() ? "/" : workload.cwd;
  if (!cwd.starts_with('/')) {
    return fail(Code::kInvalidArgument, "enter working directory", cwd, "not an absolute path");
  }
  if (workload.make_cwd) return root.mkdir_all(cwd);
  return root.open(cwd, O_PATH | O_DIRECTORY);
}

// The kernel's own answer tells whether the directory lies below our root: a leaked descriptor's
// does not (CVE-2024-21626). getcwd(2) of the C library hides that.
Result<void> enter_cwd(const UniqueFd& cwd, const std::string& name) {
  if (::fchdir(cwd.get()) != 0) return fail_errno(errno, "enter working directory", name);
  char buffer[PATH_MAX];
  if (::syscall(SYS_getcwd, buffer, sizeof buffer) < 0 || buffer[0] != '/') {
    return fail(Code::kPermissionDenied, "enter working directory", name,
                "lies outside of the container's root");
  }
  return {};
}

// /dev/console is the terminal, bound by its descriptor (CVE-2025-52565).
Result<void> bind_console(const RootDir& root, const UniqueFd& slave) {
  const UniqueFd target = TRY(root.create_file("dev/console", 0620));
  const UniqueFd tree = TRY(sys::clone_mount(slave.get(), false));
  return sys::attach(tree.get(), target.get(), "/dev/console");
}

Result<UniqueFd> open_terminal(const RootDir& root, Prepared& prepared, const Workload& workload) {
  if (!workload.terminal) return UniqueFd();
  sys::Pty pty = TRY(sys::open_pty(root));
  TRY(sys::resize(pty.master.get(), workload.rows, workload.columns));
  if (!prepared.roles.pid) TRY(sys::take_terminal(pty.slave.get()));
  if (prepared.request.container) TRY(bind_console(root, pty.slave));
  for (auto& stdio : prepared.roles.stdio) {
    stdio = UniqueFd(::fcntl(pty.slave.get(), F_DUPFD_CLOEXEC, 3));
    if (!stdio) return fail_errno(errno, "copy descriptor", "terminal");
  }
  return std::move(pty.master);
}

// The user must be able to open /dev/stdout again, so pipes and terminals become its own; what is
// no pipe or terminal of ours (/dev/null) stays.
Result<void> place_stdio(Prepared& prepared, std::uint32_t uid) {
  for (int n = 0; n < 3; ++n) {
    UniqueFd& from = prepared.roles.stdio[n];
    if (!from) continue;
    struct stat st;
    if (::fstat(from.get(), &st) != 0) return fail_errno(errno, "stat", "descriptor");
    if (TRY(is_ours(from.get())) && st.st_uid != uid &&
        ::fchown(from.get(), uid, static_cast<gid_t>(-1)) != 0) {
      return fail_errno(errno, "change owner of", "descriptor " + std::to_string(n));
    }
    if (::dup2(from.get(), n) < 0) return fail_errno(errno, "place descriptor", std::to_string(n));
  }
  return {};
}

Result<void> sweep_descriptors() {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    return fail_errno(errno, "close descriptors", {});
  return {};
}

// From here on others see us: a child that goes on in the PID namespace, leading a session of its
// own. The shim knows of it before it executes; if we do not come to that, it ends.
Result<void> hand_over(Session& session, Roles& roles, UniqueFd master, bool terminal) {
  for (UniqueFd* place : {&roles.process, &roles.pid, &roles.mounts, &roles.stage, &roles.users})
    place->reset();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
  const UniqueFd waits(ends[0]);
  UniqueFd tells(ends[1]);
  TRY(sys::set_undumpable());  // the change of credentials may have undone it
  auto child = TRY(sys::clone_sibling());
  if (child) {
    const auto told = session.send_ready(std::move(master), std::move(child));
    ::_exit(told && ::write(tells.get(), "", 1) == 1 ? 0 : wire::kLaunchFailed);
  }
  master.reset();
  tells.reset();
  char told = 0;
  if (::read(waits.get(), &told, 1) != 1) ::_exit(wire::kLaunchFailed);
  if (::setsid() < 0) return fail_errno(errno, "new session", {});
  return terminal ? sys::take_terminal(STDIN_FILENO) : Result<void>();
}

// From here on the container's root is "/" for container and exec alike.
Result<std::string> settle(Session& session, Prepared& prepared, Workload& workload) {
  const RootDir root = TRY(RootDir::open_host("/"));
  const auto identity = TRY(session.step("look up user", [&]() -> Result<sys::Identity> {
    auto found = TRY(resolve_user(workload.user, TRY(sys::UserDatabase::read(root))));
    if (const auto& users = prepared.request.users) TRY(check_ids(found, users->count));
    return found;
  }));
  complete_environment(workload.env, identity.home, workload.hostname, workload.terminal);
  session.ready().uid = identity.uid;
  session.ready().gid = identity.gid;
  session.ready().groups = identity.groups;
  const UniqueFd cwd =
      TRY(session.step("working directory", [&] { return open_cwd(root, workload); }));
  UniqueFd master =
      TRY(session.step("terminal", [&] { return open_terminal(root, prepared, workload); }));
  TRY(session.step("descriptors", [&] { return place_stdio(prepared, identity.uid); }));
  if (prepared.request.container) {
    const auto& container = *prepared.request.container;
    if (container.rootfs.read_only) {
      TRY(session.step("read-only root",
                       [&] { return sys::set_attributes(root.fd(), sys::kReadOnly, false); }));
    }
    if (!prepared.request.users)
      TRY(session.step("limits", [&] { return set_limits(session, container.rlimits); }));
  }
  TRY(session.step("enter working directory", [&] { return enter_cwd(cwd, workload.cwd); }));
  TRY(session.step("drop privileges",
                   [&] { return drop_privileges(session, *workload.security, identity); }));
  TRY(session.step("sweep descriptors", sweep_descriptors));
  const std::string program = TRY(session.step("find program", [&]() -> Result<std::string> {
    if (prepared.roles.program) return std::string();
    return find_program(workload.argv.front(), env_value(workload.env, "PATH"));
  }));
  if (prepared.roles.pid) {
    TRY(session.step("enter PID namespace", [&] {
      return hand_over(session, prepared.roles, std::move(master), workload.terminal);
    }));
  } else {
    TRY(session.send_ready(std::move(master)));
  }
  return program;
}

}  // namespace

Error run_workload(Session& session, Prepared& prepared) {
  if (prepared.request.container) {
    if (auto done = build_root(session, prepared); !done) return std::move(done).error();
  }
  Workload workload = workload_of(prepared.request);
  auto program = settle(session, prepared, workload);
  if (!program) return std::move(program).error();
  const auto last = session.step("execute", [&]() -> Result<void> {
    ::umask(0022);
    if (workload.security->no_new_privs) TRY(sys::load_seccomp(workload.security->seccomp));
    if (prepared.roles.program) {
      return Failure(execute_brought(prepared.roles.program.get(), workload.argv, workload.env));
    }
    return Failure(execute(*program, workload.argv, workload.env));
  });
  return last.error();
}

}  // namespace podctl::init
