#include "shim/live_container.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "podctl/sys/files.hpp"
#include "shim/line_log.hpp"

namespace podctl::shim {
namespace {

constexpr std::size_t kMaxTerminationMessage =
    4096;  // kubelet, kuberuntime: maxTerminationMessageLength
constexpr std::chrono::milliseconds kStep{20};
constexpr int kSteps = 100;

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void complain(const std::string& name, const Result<void>& result) {
  if (!result) log("end of container " + name, result.error());
}

}  // namespace

Result<void> wait_in_steps(const std::function<Result<void>(std::chrono::milliseconds)>& wait,
                           const std::function<void()>& meanwhile) {
  Result<void> done;
  for (int i = 0; i < kSteps; ++i) {
    done = wait(kStep);
    if (done || done.error().code != Code::kTimedOut) break;
    meanwhile();
  }
  return done;
}

Result<std::unique_ptr<StartingContainer>> StartingContainer::begin(runtime::Sandbox& sandbox,
                                                                    wire::ContainerSpec spec,
                                                                    int target) {
  std::unique_ptr<StartingContainer> made(new StartingContainer());
  if (!spec.tty) {
    made->out_ = TRY(make_pipe());
    made->err_ = TRY(make_pipe());
    if (spec.stdin_open) made->in_ = TRY(make_pipe());
  }
  const runtime::Stdio stdio{made->in_.read.get(), made->out_.write.get(), made->err_.write.get()};
  made->start_ = TRY(runtime::ContainerStart::begin(sandbox, std::move(spec), stdio, target));
  made->in_.read.reset();  // init has its own
  made->out_.write.reset();
  made->err_.write.reset();
  return made;
}

Result<std::unique_ptr<StartingContainer>> StartingContainer::begin(runtime::Sandbox& sandbox,
                                                                    wire::ContainerSpec spec,
                                                                    ExpectedStart ready) {
  std::unique_ptr<StartingContainer> made(new StartingContainer());
  made->out_ = std::move(ready.out);
  made->err_ = std::move(ready.err);
  made->start_ =
      TRY(runtime::ContainerStart::begin(sandbox, std::move(spec), std::move(ready.init)));
  return made;
}

Result<ExpectedStart> ExpectedStart::make(runtime::Sandbox& sandbox,
                                          wire::ExpectedContainer expected) {
  ExpectedStart made;
  made.out = TRY(make_pipe());
  made.err = TRY(make_pipe());
  const runtime::Stdio stdio{-1, made.out.write.get(), made.err.write.get()};
  made.init = TRY(runtime::WaitingInit::begin(sandbox, std::move(expected), stdio));
  made.out.write.reset();  // init has its own
  made.err.write.reset();
  return made;
}

Result<void> StartingContainer::open_log(Loop& loop) {
  if (pump_) return {};
  const wire::ContainerSpec& spec = start_->spec();
  pump_ = std::make_unique<LogPump>(
      loop, TRY(CriLog::open(spec.log_path, spec.log_max_bytes, spec.log_max_files)));
  // Who is to talk to it attaches when it runs, and is to hear what it said first.
  if (spec.stdin_open) pump_->keep_beginning();
  return {};
}

Result<std::unique_ptr<LiveContainer>> StartingContainer::finish(Loop& loop) {
  TRY(open_log(loop));
  auto live = std::unique_ptr<LiveContainer>(
      new LiveContainer(start_->take(), std::move(pump_), std::move(in_.write)));
  if (live->container_.spec().tty) {
    TRY(live->pump_->attach(Stream::kStdout, live->container_.take_terminal()));
  } else {
    TRY(live->pump_->attach(Stream::kStdout, std::move(out_.read)));
    TRY(live->pump_->attach(Stream::kStderr, std::move(err_.read)));
  }
  return live;
}

Result<UniqueFd> LiveContainer::input(bool last) {
  if (!container_.spec().tty && last) return std::move(stdin_end_);
  const int own = container_.spec().tty ? pump_->terminal() : stdin_end_.get();
  if (own < 0) return UniqueFd();
  UniqueFd copy(::fcntl(own, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno(errno, "copy descriptor", "stdin");
  return copy;
}

wire::ExitRecord LiveContainer::end(const sys::Exit& exit, const std::function<void()>& meanwhile) {
  const wire::ContainerSpec& spec = container_.spec();
  wire::ExitRecord record{.id = spec.id,
                          .name = spec.name,
                          .attempt = spec.attempt,
                          .exit_code = exit.code,
                          .signal = exit.signal,
                          .started_wall_ns = container_.info().started_wall_ns,
                          .finished_wall_ns = runtime::wall_ns(),
                          .finished_ns = runtime::boot_ns()};
  complain(spec.name, container_.kill());
  complain(spec.name, wait_in_steps([&](auto step) { return container_.group().wait_empty(step); },
                                    meanwhile));
  pump_->drain();
  if (auto stats = container_.group().stats()) {
    record.oom_kills = stats->oom_kills;
    record.pids_max_events = stats->pids_max_events;
  } else {
    log("counters of " + spec.name, stats.error());
  }
  record.oom_killed_main = exit.signal == SIGKILL && record.oom_kills > 0;
  if (!spec.termination_path.empty()) {
    if (auto text = sys::read_file(spec.termination_path, kMaxTerminationMessage)) {
      record.termination_message = std::move(*text);
    }
  }
  return record;
}

}  // namespace podctl::shim
