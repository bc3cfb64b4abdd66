// A command run to its end for its exit code and output: what probes and hooks are made of.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

#include "engine/impl.hpp"
#include "podctl/engine/adopt.hpp"

namespace podctl::engine {
namespace {

using boost::system::error_code;

class Run : public std::enable_shared_from_this<Run> {
 public:
  // `kill`: SIGKILL to the exec of that number.
  Run(boost::asio::io_context& io, RunLimits limits, std::function<void(std::uint32_t)> kill,
      Callback<RunResult> done)
      : output_(io), timer_(io), limits_(limits), kill_(std::move(kill)), done_(std::move(done)) {}

  // One pipe for both: the order in which they were written is kept.
  Result<ExecStdio> open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
    ExecStdio stdio;
    stdio.out = UniqueFd(ends[1]);
    TRY(adopt(output_, UniqueFd(ends[0])));
    error_code failed;
    output_.non_blocking(true, failed);
    if (failed) return fail_errno(failed.value(), "make pipe non-blocking", {});
    stdio.err = UniqueFd(::fcntl(ends[1], F_DUPFD_CLOEXEC, 0));
    if (!stdio.err) return fail_errno(errno, "duplicate pipe", {});
    return stdio;
  }

  void begin() {
    read_later();
    if (limits_.timeout.count() == 0) return;
    timer_.expires_after(limits_.timeout);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->time_out();
    });
  }

  void started(const Result<ExecStarted>& started) {
    if (!started) return finish(Failure(started.error()));
    exec_ = started->exec;
    if (result_.timed_out) kill_(*exec_);
  }

  // What it wrote lies in the pipe. What it left behind may hold that open and is not waited for,
  // nor read for longer than what the pipe held takes: it may write as fast as it is read.
  void exited(const Result<int>& code) {
    if (!code) return finish(Failure(code.error()));
    if (output_.is_open()) read_rest();
    result_.exit_code = *code;
    finish(std::move(result_));
  }

 private:
  void read_later() {
    output_.async_wait(output_.wait_read, [self = shared_from_this()](error_code error) {
      if (!error && self->read_some()) self->read_later();
    });
  }

  void read_rest() {
    const int capacity = ::fcntl(output_.native_handle(), F_GETPIPE_SZ);
    for (int seen = 0; seen < capacity && result_.output.size() < limits_.output;) {
      const auto n = read_some();
      if (!n || *n == 0) return;
      seen += static_cast<int>(*n);
    }
  }

  // How much; 0: nothing is there now, for a wake-up may tell of what has been read already.
  // Nothing: its end.
  std::optional<std::size_t> read_some() {
    std::array<char, 16384> block;
    ssize_t n = 0;
    do {
      n = ::read(output_.native_handle(), block.data(), block.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) return std::nullopt;
    const auto room = limits_.output - result_.output.size();
    result_.output.append(block.data(), std::min(room, static_cast<std::size_t>(n)));
    return static_cast<std::size_t>(n);
  }

  void time_out() {
    result_.timed_out = true;
    if (exec_) kill_(*exec_);
    if (done_) std::exchange(done_, {})(RunResult{.timed_out = true, .exit_code = 0, .output = {}});
  }

  void finish(Result<RunResult> result) {
    timer_.cancel();
    error_code ignored;
    if (output_.is_open()) output_.close(ignored);
    if (done_) std::exchange(done_, {})(std::move(result));
  }

  boost::asio::posix::stream_descriptor output_;
  boost::asio::steady_timer timer_;
  RunLimits limits_;
  std::function<void(std::uint32_t)> kill_;
  Callback<RunResult> done_;
  std::optional<std::uint32_t> exec_;
  RunResult result_;
};

}  // namespace

std::weak_ptr<const void> Engine::run(const std::string& uid, wire::ExecSpec spec, RunLimits limits,
                                      Callback<RunResult> done) {
  auto kill = [impl = impl_->weak_from_this(), uid](std::uint32_t exec) {
    const auto self = impl.lock();
    if (self && self->engine != nullptr) {
      self->engine->kill_exec(uid, exec, [](const Result<void>&) {});
    }
  };
  const auto run = std::make_shared<Run>(impl_->io, limits, std::move(kill), done);
  auto stdio = run->open();
  if (!stdio) {
    impl_->answer_later<RunResult>(std::move(done), Failure(stdio.error()));
    return {};
  }
  run->begin();
  exec(
      uid, std::move(spec), std::move(*stdio),
      [run](const Result<ExecStarted>& started) { run->started(started); },
      [run](const Result<int>& exited) { run->exited(exited); });
  return run;
}

}  // namespace podctl::engine
