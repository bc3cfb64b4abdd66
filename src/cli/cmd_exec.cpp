// exec: a WebSocket with Kubernetes' channels (v5.channel.k8s.io) between this terminal and the
// workload.
//
//   channel  0 stdin   1 stdout   2 stderr   3 the final Status   4 terminal size   255 "channel
//   closed" (v5)
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <cerrno>
#include <csignal>
#include <optional>

#include "cli/container_choice.hpp"
#include "cli/terminal.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/websocket.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxPending = 256U << 10;  // bytes of stdin not yet taken by podctld

class ExecStream {
 public:
  ExecStream(Invocation& in, WebSocket socket, bool with_stdin, bool tty)
      : in_(in), socket_(std::move(socket)), stdin_open_(with_stdin), tty_(tty) {}

  // Runs to the end of the command; its exit status.
  int run() {
    auto signals = terminal_signals();
    if (!signals) return in_.failed(signals.error());
    std::optional<RawTerminal> raw;
    if (tty_) {
      raw.emplace(STDIN_FILENO);
      send_size();
    }
    auto ended = loop(signals->get());
    raw.reset();
    if (!ended) return in_.failed(ended.error());
    if (interrupted_ != 0) return 128 + interrupted_;
    return report();
  }

 private:
  Result<void> loop(int signals) {
    TRY(take_messages());  // some may have come with the handshake's answer
    while (!socket_.closed() && interrupted_ == 0) {
      TRY(socket_.flush());
      const bool read_stdin = stdin_open_ && socket_.pending() < kMaxPending;
      std::array<pollfd, 3> fds{{{socket_.fd(), POLLIN, 0},
                                 {read_stdin ? STDIN_FILENO : -1, POLLIN, 0},
                                 {signals, POLLIN, 0}}};
      if (socket_.pending() > 0) fds[0].events |= POLLOUT;
      if (::poll(fds.data(), fds.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return fail_errno(errno, "poll", {});
      }
      if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        if (!TRY(receive())) break;
      }
      if (fds[1].revents != 0) take_stdin();
      if (fds[2].revents != 0) take_signals(signals);
    }
    return {};
  }

  // False at the end of the stream.
  Result<bool> receive() {
    const bool open = TRY(socket_.receive());
    TRY(take_messages());
    return open;
  }

  Result<void> take_messages() {
    while (auto message = TRY(socket_.message())) {
      if (message->empty()) continue;
      const std::string_view data = std::string_view(*message).substr(1);
      switch ((*message)[0]) {
        case 1:
          in_.out(data);
          break;
        case 2:
          in_.err(data);
          break;
        case 3:
          status_ += data;
          break;
        default:
          break;
      }
    }
    return {};
  }

  void take_stdin() {
    std::string block(1 + (32U << 10), '\0');
    const ssize_t n = ::read(STDIN_FILENO, block.data() + 1, block.size() - 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) {
      block.resize(static_cast<std::size_t>(n) + 1);
      socket_.send(block);
      return;
    }
    stdin_open_ = false;
    if (socket_.protocol().starts_with("v5")) socket_.send(std::string("\xff\0", 2));
  }

  void take_signals(int fd) {
    while (int signal = take_signal(fd)) {
      if (signal == SIGWINCH) {
        if (tty_) send_size();
      } else {
        interrupted_ = signal;
      }
    }
  }

  void send_size() {
    winsize size{};
    if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return;
    socket_.send("\x04{\"Width\":" + std::to_string(size.ws_col) +
                 ",\"Height\":" + std::to_string(size.ws_row) + "}");
  }

  int report() {
    if (status_.empty()) return in_.failed("the stream ended before the command did");
    auto parsed = parse_json_value(status_);
    if (!parsed) return in_.failed(parsed.error());
    View status(*parsed);
    if (status["status"].str() == "Success") return kDone;
    if (status["reason"].str() == "NonZeroExitCode") {
      for (const auto& item : status["details"]["causes"].items()) {
        View cause(item);
        if (cause["reason"].str() != "ExitCode") continue;
        const auto code = text::parse_u64(cause["message"].str());
        if (!in_.args.flag("quiet")) {
          in_.err("command terminated with exit code " + std::string(cause["message"].str()) +
                  "\n");
        }
        return code && *code < 256 ? static_cast<int>(*code) : kFailed;
      }
    }
    return in_.failed(status["message"].str("the command failed"));
  }

  Invocation& in_;
  WebSocket socket_;
  bool stdin_open_, tty_;
  std::string status_;
  int interrupted_ = 0;
};

Result<std::string> target_of(Invocation& in, bool with_stdin, bool tty) {
  const std::string pod = TRY(parse_pod(in.args.operands[0]));
  std::string container(in.args.get("container"));
  if (container.empty()) {
    const auto choice = TRY(choose_container(TRY(in.fetch(pods_path(in.ns(), pod))), {}, false));
    if (!choice.remark.empty() && !in.args.flag("quiet")) in.err(choice.remark + "\n");
    container = choice.names[0];
  }
  Target target(pods_path(in.ns(), pod) + "/exec");
  target.add("container", container);
  for (const std::string& word : in.args.after_dashes) target.add("command", word);
  if (with_stdin) target.add("stdin", "true");
  target.add("stdout", "true");
  // A terminal has one output.
  if (tty) {
    target.add("tty", "true");
  } else {
    target.add("stderr", "true");
  }
  return target.str();
}

}  // namespace

int run_exec(Invocation& in) {
  if (in.args.after_dashes.empty())
    return in.usage("you must specify at least one command, after --");
  const bool with_stdin = in.args.flag("stdin");
  bool tty = in.args.flag("tty");
  if (tty && (!with_stdin || ::isatty(STDIN_FILENO) == 0)) {
    if (with_stdin)
      in.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    tty = tty && !with_stdin ? tty : false;
  }
  auto target = target_of(in, with_stdin, tty);
  if (!target) return in.failed(target.error());
  auto client = in.connect();
  if (!client) return in.failed(client.error());
  Reply refused;
  auto socket =
      WebSocket::open(std::move(*client), *target, "v5.channel.k8s.io, v4.channel.k8s.io", refused);
  if (!socket) return refused.status != 0 ? in.refused(refused) : in.failed(socket.error());
  const bool raw = tty && ::isatty(STDIN_FILENO) == 1 && with_stdin;
  return ExecStream(in, std::move(*socket), with_stdin, raw).run();
}

}  // namespace podctl::cli
