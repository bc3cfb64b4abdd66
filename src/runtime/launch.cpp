#include "podctl/runtime/launch.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "podctl/init/init.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"
#include "runtime/launch.hpp"

namespace podctl::runtime {
namespace {

Failure unexpected(const char* what) {
  return fail(Code::kInternal, "start container", "podctl-init", what);
}

// Each of its own, so that the child can own them one by one.
class Copies {
 public:
  Result<int> add(int fd) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail_errno(errno, "duplicate descriptor", {});
    copies_.push_back(std::move(copy));
    return copies_.back().get();
  }
  std::vector<int> all() const {
    std::vector<int> fds;
    for (const UniqueFd& fd : copies_) fds.push_back(fd.get());
    return fds;
  }

 private:
  std::vector<UniqueFd> copies_;
};

Result<init::Descriptors> descriptors(Copies& copies, bool tty, Stdio stdio, int process) {
  init::Descriptors fds;
  fds.process = TRY(copies.add(process));
  if (tty) return fds;
  const UniqueFd null = TRY(sys::open_null());
  const int ends[3] = {stdio.in, stdio.out, stdio.err};
  for (int n = 0; n < 3; ++n) fds.stdio[n] = TRY(copies.add(ends[n] < 0 ? null.get() : ends[n]));
  return fds;
}

}  // namespace

Result<Started> spawn_helper(const cgroup::Group& group, std::uint64_t namespaces,
                             std::vector<int> keep, const Work& work, bool borrow) {
  auto [ours, theirs] = TRY(wire::Socket::pair());
  const cgroup::Entry entry = TRY(group.entry());
  const int answers = theirs.fd();
  keep.push_back(answers);
  sys::CopySpec spec{.namespaces = namespaces,
                     .cgroup = entry.cgroup2,
                     .tasks = {},
                     .keep = keep,
                     .borrow = borrow};
  for (const UniqueFd& fd : entry.tasks) spec.tasks.push_back(fd.get());
  auto child = TRY(sys::spawn_copy(
      spec, [&](Result<void> entered) { return work(std::move(entered), answers); }));
  return Started{std::move(child), std::move(ours)};
}

Result<std::optional<wire::Message>> receive_answer(wire::Socket& socket, Trace& trace) {
  auto message = TRY(socket.receive());
  if (message && message->type == static_cast<std::uint16_t>(wire::LaunchType::kLaunchFailure)) {
    auto failure = TRY(wire::decode<wire::LaunchFailure>(message->body));
    trace.add(std::move(failure.trace));
    return Failure(failure.error().with(failure.step));
  }
  return message;
}

Result<std::unique_ptr<Launch>> Launch::begin(const cgroup::Group& group,
                                              const wire::LaunchRequest& request, Stdio stdio,
                                              int process, PidNamespace pid, Memory memory,
                                              Trace& trace) {
  const bool tty = request.container ? request.container->tty : request.exec->tty;
  const std::string name = request.container ? request.container->name : std::string();
  Copies copies;
  const auto fds = TRY(descriptors(copies, tty, stdio, process));
  const auto run_init = [&](Result<void> entered, int answers) {
    init::Descriptors all = fds;
    all.answers = answers;
    return init::run(std::move(entered), request, all);
  };
  auto started = TRY(trace.step("spawn podctl-init", name, [&]() -> Result<Started> {
    std::optional<sys::ChildPidNamespace> inside;
    if (pid.of >= 0) inside.emplace(TRY(sys::ChildPidNamespace::of(pid.of)));
    return spawn_helper(group, pid.fresh ? CLONE_NEWPID : 0, copies.all(), run_init,
                        memory == Memory::kBorrowed);
  }));
  TRY(started.socket.set_nonblocking());
  return std::unique_ptr<Launch>(
      new Launch(name, std::move(started.child), std::move(started.socket)));
}

Launch::~Launch() { discard(); }

void Launch::discard() {
  if (process_.pid <= 0) return;
  (void)sys::send_signal(process_.pidfd.get(), SIGKILL);
  (void)sys::wait_child(process_.pidfd.get(), true);
  process_ = {};
}

sys::Child Launch::take_process() { return std::exchange(process_, sys::Child{}); }

Result<bool> Launch::advance(Trace& trace) {
  for (;;) {
    auto message = receive_answer(socket_, trace);
    if (!message && message.error().code == Code::kUnavailable && ready_ns_ != 0) {
      trace.add({{"shim", "await exec", name_, ready_ns_, boot_ns() - ready_ns_}});
      return true;
    }
    if (!message) {
      discard();
      if (message.error().code != Code::kUnavailable) return Failure(std::move(message).error());
      return unexpected("was killed before it had started the container");
    }
    if (!*message) return false;
    if (auto taken = take(std::move(**message)); !taken) {
      discard();
      return taken;
    }
    trace.add(std::exchange(ready_.trace, {}));
  }
}

Result<bool> Launch::take(wire::Message message) {
  if (ready_ns_ != 0) return unexpected("spoke after it was ready");
  if (message.type != static_cast<std::uint16_t>(wire::LaunchType::kLaunchReady)) {
    return unexpected("spoke out of turn");
  }
  ready_ = TRY(wire::decode<wire::LaunchReady>(message.body));
  if (!message.fds.empty()) terminal_ = std::move(message.fds[0]);
  ready_ns_ = boot_ns();
  return false;
}

}  // namespace podctl::runtime
