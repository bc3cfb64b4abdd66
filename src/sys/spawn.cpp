#include "podctl/sys/spawn.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "sys/clone.hpp"

namespace podctl::sys {
namespace {

enum Step : int { kSession = 1, kCgroup, kDescriptors, kExecute };

const char* step_name(int step) {
  switch (step) {
    case kSession:
      return "new session";
    case kCgroup:
      return "enter cgroup";
    case kDescriptors:
      return "place descriptors";
    default:
      return "execute";
  }
}

struct Report {
  int step = 0;
  int err = 0;
};

// Everything the child needs, made before the clone: the child allocates nothing.
struct Plan {
  const SpawnSpec* spec = nullptr;
  std::vector<FdMap> lifted;  // sources copied above every target, so that no dup2 overwrites one
  std::vector<char*> argv, env;
  std::vector<int> targets;  // sorted
  int null = -1;
  int report = -1;
  int exe = -1;
};

int run_steps(const Plan& plan) {
  reset_signals();
  if (plan.spec->new_session && ::setsid() < 0) return kSession;
  if (!enter_groups(plan.spec->tasks)) return kCgroup;
  for (const FdMap& map : plan.lifted) {
    if (::dup2(map.from, map.number) < 0) return kDescriptors;
  }
  if (!close_others(plan.targets, CLOSE_RANGE_CLOEXEC)) return kDescriptors;
  ::syscall(SYS_execveat, plan.exe, "", plan.argv.data(), plan.env.data(), AT_EMPTY_PATH);
  return kExecute;
}

[[noreturn]] void child(const Plan& plan) {
  Report report;
  report.step = run_steps(plan);
  report.err = errno;
  const auto written = ::write(plan.report, &report, sizeof report);
  ::_exit(written == sizeof report ? 126 : 127);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<UniqueFd> lift(int fd, int above) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, above));
  if (!copy) return fail_errno(errno, "copy descriptor", std::to_string(fd));
  return copy;
}

// The child makes system calls only; errno is the one thing of ours that it writes.
long clone_shared(clone_args& args, const Plan& plan) {
  alignas(16) char stack[16 << 10];
  return clone_onto(
      args, stack, sizeof stack, [](const void* p) { child(*static_cast<const Plan*>(p)); }, &plan);
}

// By `clone`, which is given the arguments.
template <class Clone>
Result<Child> clone_blocked(std::uint64_t flags, int cgroup, const std::string& name,
                            Clone&& clone) {
  int pidfd = -1;
  clone_args args = child_args(flags, cgroup, &pidfd);
  const SignalsBlocked blocked;
  const long pid = clone(args);
  if (pid < 0) return fail_errno(errno, "clone process", name);
  return Child{static_cast<pid_t>(pid), UniqueFd(pidfd)};
}

}  // namespace

Result<Child> spawn_copy(const CopySpec& spec, const Work& work) {
  return clone_blocked(spec.namespaces, spec.cgroup, {}, [&](clone_args& args) {
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    // Nothing registered at start-up of the C library may run on the copy's way out.
    if (pid == 0) ::_exit(work(enter_copy(spec)));
    return pid;
  });
}

Result<Child> spawn(const SpawnSpec& spec) {
  if (spec.argv.empty()) return fail(Code::kInvalidArgument, "spawn", {}, "empty argv");
  Plan plan{.spec = &spec, .argv = pointers(spec.argv), .env = pointers(spec.env)};
  std::vector<FdMap> maps = spec.fds;
  const UniqueFd null = TRY(open_null());
  for (int n = 0; n < 3; ++n) {
    const auto same = [n](const FdMap& m) { return m.number == n; };
    if (std::none_of(maps.begin(), maps.end(), same)) maps.push_back({null.get(), n});
  }
  int above = 3;
  for (const FdMap& map : maps) above = std::max(above, map.number + 1);
  std::vector<UniqueFd> lifted;
  for (const FdMap& map : maps) {
    lifted.push_back(TRY(lift(map.from, above)));
    plan.lifted.push_back({lifted.back().get(), map.number});
    plan.targets.push_back(map.number);
  }
  std::sort(plan.targets.begin(), plan.targets.end());
  UniqueFd exe = TRY(lift(spec.exe, above));
  plan.exe = exe.get();

  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) return fail_errno(errno, "make pipe", {});
  UniqueFd reader(pipe_fds[0]), raw_writer(pipe_fds[1]);
  UniqueFd writer = TRY(lift(raw_writer.get(), above));
  plan.report = writer.get();

  Child made =
      TRY(clone_blocked(kShare | CLONE_VFORK | spec.namespaces, spec.cgroup, spec.argv.front(),
                        [&](clone_args& args) { return clone_shared(args, plan); }));
  // The parent was held until execve or _exit, so what there is to read is there now.
  Report report;
  if (::read(reader.get(), &report, sizeof report) != sizeof report) return made;
  siginfo_t info;
  ::waitid(P_PIDFD, static_cast<id_t>(made.pidfd.get()), &info, WEXITED);
  return fail_errno(report.err, step_name(report.step), spec.argv.front());
}

// Not clone3(2): seccomp filters of containers leave that out, for its flags cannot be seen.
Result<UniqueFd> clone_sibling() {
  int pidfd = -1;
  const long made = ::syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD, nullptr, &pidfd, nullptr, 0);
  if (made < 0) return fail_errno(errno, "clone", {});
  return UniqueFd(made == 0 ? -1 : pidfd);
}

}  // namespace podctl::sys
