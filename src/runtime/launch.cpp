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
Result<int> copy(std::vector<UniqueFd>& copies, int fd) {
  UniqueFd made(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!made) return fail_errno(errno, "duplicate descriptor", {});
  copies.push_back(std::move(made));
  return copies.back().get();
}

Result<init::Descriptors> descriptors(std::vector<UniqueFd>& copies, bool tty, Stdio stdio,
                                      Places places, int pid) {
  init::Descriptors fds;
  fds.process = TRY(copy(copies, places.process));
  if (pid >= 0) fds.pid = TRY(copy(copies, pid));
  if (places.mounts >= 0) fds.mounts = TRY(copy(copies, places.mounts));
  if (places.stage >= 0) fds.stage = TRY(copy(copies, places.stage));
  if (places.users >= 0) fds.users = TRY(copy(copies, places.users));
  if (stdio.program >= 0) fds.program = TRY(copy(copies, stdio.program));
  if (tty) return fds;
  const UniqueFd null = TRY(sys::open_null());
  const int ends[3] = {stdio.in, stdio.out, stdio.err};
  for (int n = 0; n < 3; ++n) {
    fds.stdio[n] = TRY(copy(copies, ends[n] < 0 ? null.get() : ends[n]));
  }
  return fds;
}

std::vector<int> numbers(const std::vector<UniqueFd>& fds) {
  std::vector<int> out;
  for (const UniqueFd& fd : fds) out.push_back(fd.get());
  return out;
}

sys::CopySpec copy_spec(const cgroup::Entry& entry, std::uint64_t namespaces,
                        std::vector<int> keep) {
  return {.namespaces = namespaces,
          .cgroup = entry.cgroup2,
          .tasks = numbers(entry.tasks),
          .keep = std::move(keep)};
}

}  // namespace

Result<Started> spawn_helper(const cgroup::Group& group, std::uint64_t namespaces,
                             std::vector<int> keep, const Work& work) {
  auto [ours, theirs] = TRY(wire::Socket::pair());
  const cgroup::Entry entry = TRY(group.entry());
  const int answers = theirs.fd();
  keep.push_back(answers);
  auto child =
      TRY(sys::spawn_copy(copy_spec(entry, namespaces, std::move(keep)),
                          [&](Result<void> entered) { return work(std::move(entered), answers); }));
  return Started{std::move(child), std::move(ours)};
}

Result<std::optional<wire::Message>> receive_answer(wire::Socket& socket, Trace& trace) {
  auto message = TRY(socket.receive());
  if (message && message->type == static_cast<std::uint16_t>(wire::LaunchType::kLaunchFailure)) {
    auto failure = TRY(wire::decode<wire::LaunchFailure>(message->body));
    trace.add(std::move(failure.trace));
    Error error = failure.error();
    // The kernel's EAGAIN, met by the child. It is not the end of the exchange, nor ours.
    if (error.code == Code::kUnavailable) error.code = Code::kExhausted;
    return Failure(std::move(error).with(failure.step));
  }
  return message;
}

Result<std::unique_ptr<Launch>> Launch::begin(const cgroup::Group& group,
                                              wire::LaunchRequest request, Stdio stdio,
                                              Places places, PidNamespace pid, Memory memory,
                                              Trace& trace) {
  const bool tty = request.container ? request.container->tty : request.exec->tty;
  const std::string name = request.container ? request.container->name : std::string();
  std::vector<UniqueFd> copies;
  const auto fds = TRY(descriptors(copies, tty, stdio, places, pid.of));
  // One copy, however often the work is handed on; the child makes its own.
  const auto wanted = std::make_shared<const wire::LaunchRequest>(std::move(request));
  const auto run_init = [wanted, fds](Result<void> entered, int answers) {
    init::Descriptors all = fds;
    all.answers = answers;
    return init::run(std::move(entered), *wanted, all);
  };
  std::unique_ptr<Launch> launch(new Launch(name));
  if (memory == Memory::kBorrowed && pid.fresh && sys::Borrower::available()) {
    TRY(launch->borrow(group, std::move(copies), run_init));
  } else {
    TRY(trace.step("spawn podctl-init", name, [&]() -> Result<void> {
      auto started =
          TRY(spawn_helper(group, pid.fresh ? CLONE_NEWPID : 0, numbers(copies), run_init));
      launch->process_ = std::move(started.child);
      launch->socket_ = std::move(started.socket);
      launch->joins_ = pid.of >= 0;
      return {};
    }));
  }
  TRY(launch->socket_.set_nonblocking());
  return launch;
}

Result<std::unique_ptr<Launch>> Launch::wait(const cgroup::Group& group, wire::LaunchRequest known,
                                             Stdio stdio, Places places) {
  std::vector<UniqueFd> copies;
  const auto fds = TRY(descriptors(copies, false, stdio, places, -1));
  std::unique_ptr<Launch> launch(new Launch({}));
  launch->handover_ = std::make_unique<init::Handover>();
  const auto wait = [known = std::move(known), fds, handover = launch->handover_.get()](
                        Result<void> entered, int answers) {
    init::Descriptors all = fds;
    all.answers = answers;
    return init::wait_and_run(std::move(entered), known, *handover, all);
  };
  TRY(launch->borrow(group, std::move(copies), wait));
  TRY(launch->socket_.set_nonblocking());
  return launch;
}

Result<void> Launch::go(wire::LaunchRequest request) {
  // Its socket may be open a moment longer than it lives.
  if (!borrower_ || borrower_->ended())
    return fail(Code::kUnavailable, "ask", "podctl-init", "it has ended");
  Trace unwanted;
  if (auto said = receive_answer(socket_, unwanted); !said || *said) {
    return said ? unexpected("spoke before it was asked") : Failure(std::move(said).error());
  }
  name_ = request.container->name;
  borrowing_since_ns_ = boot_ns();
  request_ = std::make_unique<const wire::LaunchRequest>(std::move(request));
  handover_->request = request_.get();
  return socket_.send(
      {.type = static_cast<std::uint16_t>(wire::LaunchType::kLaunchRequested), .body = {}});
}

Result<void> Launch::borrow(const cgroup::Group& group, std::vector<UniqueFd> fds,
                            const Work& work) {
  borrowing_since_ns_ = boot_ns();
  auto [ours, theirs] = TRY(wire::Socket::pair());
  socket_ = std::move(ours);
  const int answers = theirs.fd();
  fds.push_back(theirs.release());
  cgroup::Entry entry = TRY(group.entry());
  sys::CopySpec spec = copy_spec(entry, CLONE_NEWPID, numbers(fds));
  for (UniqueFd& fd : entry.tasks) fds.push_back(std::move(fd));
  borrower_ = TRY(sys::Borrower::begin(
      std::move(spec),
      [work, answers](Result<void> entered) { return work(std::move(entered), answers); },
      std::move(fds)));
  return {};
}

Launch::~Launch() { (void)discard(); }

Result<void> Launch::discard() {
  if (borrower_) {
    borrower_->kill();
    auto child = std::exchange(borrower_, nullptr)->join();
    if (!child) return Failure(std::move(child).error());
    process_ = std::move(*child);
  }
  if (process_.pid <= 0) return {};
  (void)sys::send_signal(process_.pidfd.get(), SIGKILL);
  (void)sys::wait_child(process_.pidfd.get(), true);
  process_ = {};
  reap_first();
  return {};
}

// The first of two ends when it has handed over; if it has not, its socket tells.
Result<void> Launch::ended(Trace& trace) {
  if (joins_ && ready_ns_ == 0) return {};
  ended_ = true;
  return give_memory_back(trace);
}

Result<void> Launch::give_memory_back(Trace& trace) {
  if (!borrower_) return {};
  process_ = TRY(std::exchange(borrower_, nullptr)->join());
  const char* step = handover_ ? "hand over to podctl-init" : "spawn podctl-init";
  trace.add({{"shim", step, name_, borrowing_since_ns_, boot_ns() - borrowing_since_ns_}});
  return {};
}

sys::Child Launch::take_process() { return std::exchange(process_, sys::Child{}); }

Result<std::optional<wire::Message>> Launch::next_answer(Trace& trace) {
  if (auto failed = std::exchange(failed_, {})) return Failure(std::move(*failed));
  return receive_answer(socket_, trace);
}

Result<bool> Launch::advance(Trace& trace) {
  for (;;) {
    auto message = next_answer(trace);
    if (message && !*message && !ended_) return false;
    if (message && !*message)
      message = fail(Code::kUnavailable, "hear of", "podctl-init", "its end");
    if (!message && message.error().code == Code::kUnavailable && ready_ns_ != 0) {
      TRY(give_memory_back(trace));
      reap_first();
      trace.add({{"shim", "await exec", name_, ready_ns_, boot_ns() - ready_ns_}});
      return true;
    }
    if (!message) {
      TRY(discard());
      if (message.error().code != Code::kUnavailable) return Failure(std::move(message).error());
      return unexpected("was killed before it had started the container");
    }
    if (auto taken = take(std::move(**message)); !taken) {
      TRY(discard());
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
  if (joins_) TRY(take_over(message.fds));
  if (!message.fds.empty()) terminal_ = std::move(message.fds[0]);
  ready_ns_ = boot_ns();
  return false;
}

Result<void> Launch::take_over(std::vector<UniqueFd>& fds) {
  if (fds.empty()) return unexpected("did not say which process executes");
  UniqueFd pidfd = std::move(fds.back());
  fds.pop_back();
  const pid_t pid = TRY(sys::pid_of(pidfd.get()));
  first_ = std::exchange(process_, {pid, std::move(pidfd)});
  return {};
}

// It has nothing left to do but to end. The caller's reaper may have been first.
void Launch::reap_first() {
  if (first_.pid > 0) (void)sys::wait_child(first_.pidfd.get(), true);
  first_ = {};
}

void Launch::look(Trace& trace) {
  if (!joins_ || ready_ns_ != 0) return;
  auto message = next_answer(trace);
  if (message && !*message) return;
  const auto taken = message ? take(std::move(**message)) : Failure(std::move(message).error());
  if (!taken) failed_ = taken.error();
  trace.add(std::exchange(ready_.trace, {}));
}

}  // namespace podctl::runtime
