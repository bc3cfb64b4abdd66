#include "cli/channel_stream.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <cerrno>
#include <csignal>

#include "cli/detach_keys.hpp"
#include "cli/terminal.hpp"
#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxPending = 256U << 10;  // bytes of stdin not yet taken by podctld

class ChannelStream {
 public:
  ChannelStream(WebSocket socket, const ChannelEnds& ends)
      : socket_(std::move(socket)),
        ends_(ends),
        keys_(ends.tty ? ends.detach : std::string()),
        stdin_open_(ends.in >= 0) {}

  Result<ChannelEnd> run() {
    const UniqueFd signals = TRY(terminal_signals());
    std::optional<RawTerminal> raw;
    if (ends_.tty) {
      raw.emplace(ends_.in);
      send_size();
    }
    TRY(loop(signals.get()));
    return end();
  }

 private:
  Result<void> loop(int signals) {
    TRY(take_messages());  // some may have come with the handshake's answer
    while (!socket_.closed() && interrupted_ == 0 && !left()) {
      TRY(socket_.flush());
      const bool read_stdin = stdin_open_ && !keys_.detached() && socket_.pending() < kMaxPending;
      std::array<pollfd, 3> fds{{{socket_.fd(), POLLIN, 0},
                                 {read_stdin ? ends_.in : -1, POLLIN, 0},
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

  // By the keys; what was typed before them has been sent.
  bool left() const { return keys_.detached() && socket_.pending() == 0; }

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
          TRY(ends_.out(data));
          break;
        case 2:
          TRY(ends_.err(data));
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
    std::array<char, 32U << 10> block;
    const ssize_t n = ::read(ends_.in, block.data(), block.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) {
      const auto typed = keys_.pass({block.data(), static_cast<std::size_t>(n)});
      if (!typed.empty()) socket_.send('\0' + typed);
      return;
    }
    stdin_open_ = false;
    if (socket_.protocol().starts_with("v5")) socket_.send(std::string("\xff\0", 2));
  }

  void take_signals(int fd) {
    while (int signal = take_signal(fd)) {
      if (signal == SIGWINCH) {
        if (ends_.tty) send_size();
      } else {
        interrupted_ = signal;
      }
    }
  }

  void send_size() {
    winsize size{};
    if (::ioctl(ends_.in, TIOCGWINSZ, &size) != 0) return;
    socket_.send("\x04{\"Width\":" + std::to_string(size.ws_col) +
                 ",\"Height\":" + std::to_string(size.ws_row) + "}");
  }

  Result<ChannelEnd> end() const {
    if (interrupted_ != 0) return ChannelEnd{.interrupted = interrupted_};
    if (keys_.detached()) return ChannelEnd{.detached = true};
    if (status_.empty())
      return fail(Code::kUnavailable, "the stream ended before the command did", {});
    const auto parsed = TRY(parse_json_value(status_));
    View status(parsed);
    if (status["status"].str() == "Success") return ChannelEnd{.success = true};
    ChannelEnd end{.message = std::string(status["message"].str("the command failed"))};
    if (status["reason"].str() != "NonZeroExitCode") return end;
    for (const auto& item : status["details"]["causes"].items()) {
      View cause(item);
      if (cause["reason"].str() != "ExitCode") continue;
      const auto code = text::parse_u64(cause["message"].str());
      end.exit_code = code && *code < 256 ? static_cast<int>(*code) : kFailed;
    }
    return end;
  }

  WebSocket socket_;
  const ChannelEnds& ends_;
  DetachFilter keys_;
  bool stdin_open_;
  std::string status_;
  int interrupted_ = 0;
};

}  // namespace

Result<WebSocket> open_channels(Invocation& in, const std::string& target, Reply& refused) {
  constexpr std::string_view kProtocols = "v5.channel.k8s.io, v4.channel.k8s.io";
  auto socket = WebSocket::open(TRY(in.connect()), target, kProtocols, refused);
  for (int i = 0; !socket && never_read(socket.error()) && i < kReconnects; ++i) {
    socket = WebSocket::open(TRY(in.connect()), target, kProtocols, refused);
  }
  return socket;
}

Result<ChannelEnd> serve_channels(WebSocket socket, const ChannelEnds& ends) {
  return ChannelStream(std::move(socket), ends).run();
}

}  // namespace podctl::cli
