#include "channels.hpp"

#include <map>

#include "spdy_connection.hpp"

namespace podctl::server {
namespace {

using Ready = std::function<void(const std::shared_ptr<Socket>&)>;

constexpr std::size_t kMostEarly = 1U << 20;  // bytes before all streams are there

// Streams of a SPDY connection as channels. The kubelet's rules: a stream each that was asked for
// and one for the final Status, named by their header streamType.
class SpdyChannels final : public Socket, public std::enable_shared_from_this<SpdyChannels> {
 public:
  SpdyChannels(const std::shared_ptr<Socket>& socket, std::map<std::string, char> expected)
      : connection_(std::make_shared<SpdyConnection>(socket)), expected_(std::move(expected)) {}

  void begin(Ready ready) {
    ready_ = std::move(ready);
    auto self = shared_from_this();
    connection_->begin({
        .opened = [self](auto stream,
                         const auto& headers) { return self->opened(stream, headers); },
        .data = [self](auto stream, std::string data) { self->take(stream, std::move(data)); },
        .ended = [self](auto stream) { self->ended(stream); },
        .reset = [self](auto stream) { self->ended(stream); },
        .drained =
            [self] {
              if (self->drained_) self->drained_();
            },
        .closed = [self] { self->lost(); },
    });
  }

  const std::string& protocol() const override { return protocol_; }
  void send(std::string message) override {
    const auto stream = streams_.find(message[0]);
    if (stream != streams_.end())
      connection_->send(stream->second, std::string_view(message).substr(1));
  }
  void close() override {
    for (const auto& [channel, stream] : streams_) connection_->end(stream);
    connection_->close();
  }
  std::size_t pending() const override { return connection_->pending(); }
  void on_message(std::function<void(std::string)> message) override {
    message_ = std::move(message);
    for (auto& one : std::exchange(early_, {})) message_(std::move(one));
  }
  void on_close(std::function<void()> closed) override { closed_ = std::move(closed); }
  void on_drained(std::function<void()> drained) override { drained_ = std::move(drained); }
  void pause_reading(bool paused) override { connection_->pause_reading(paused); }

 private:
  bool opened(std::uint32_t stream, const spdy::Headers& headers) {
    const auto type = headers.find("streamtype");
    const auto channel = type == headers.end() ? expected_.end() : expected_.find(type->second);
    if (channel == expected_.end()) return false;
    streams_[channel->second] = stream;
    channels_[stream] = channel->second;
    expected_.erase(channel);
    if (expected_.empty()) {
      if (const Ready ready = std::exchange(ready_, nullptr)) ready(shared_from_this());
    }
    return true;
  }

  // What comes before the last stream has been opened is kept until somebody listens.
  void take(std::uint32_t stream, std::string data) {
    const auto channel = channels_.find(stream);
    if (channel != channels_.end()) deliver(channel->second + std::move(data));
  }

  void ended(std::uint32_t stream) {
    const auto channel = channels_.find(stream);
    if (channel != channels_.end()) deliver({kCloseChannel, channel->second});
  }

  void deliver(std::string message) {
    if (message_) return message_(std::move(message));
    early_bytes_ += message.size();
    if (early_bytes_ <= kMostEarly) return early_.push_back(std::move(message));
    early_.clear();
    connection_->close();
  }

  void lost() {
    ready_ = nullptr;
    message_ = nullptr;
    drained_ = nullptr;
    if (const auto closed = std::exchange(closed_, nullptr)) closed();
  }

  std::shared_ptr<SpdyConnection> connection_;
  std::map<std::string, char> expected_;  // by the stream's type; those that are not there yet
  std::map<char, std::uint32_t> streams_;
  std::map<std::uint32_t, char> channels_;
  std::vector<std::string> early_;
  std::size_t early_bytes_ = 0;
  Ready ready_;
  std::string protocol_ = "v5.channel.k8s.io";
  std::function<void(std::string)> message_;
  std::function<void()> closed_, drained_;
};

std::map<std::string, char> expected_streams(const Query& query) {
  const bool tty = query.flag("tty");
  std::map<std::string, char> expected{{"error", kStatus}};
  if (query.flag("stdin")) expected["stdin"] = kStdin;
  if (query.flag("stdout")) expected["stdout"] = kStdout;
  if (query.flag("stderr") && !tty) expected["stderr"] = kStderr;
  if (tty) expected["resize"] = kResize;
  return expected;
}

}  // namespace

void accept_channels(const ExchangePtr& exchange, Ready ready) {
  if (exchange->upgrade() == Upgrade::kWebSocket)
    return exchange->accept_websocket({"v5.channel.k8s.io", "v4.channel.k8s.io"}, std::move(ready));
  auto expected = expected_streams(exchange->request().target.query);
  exchange->accept_spdy({"v4.channel.k8s.io"},
                        [expected = std::move(expected),
                         ready = std::move(ready)](const std::shared_ptr<Socket>& socket) {
                          if (!socket) return ready(nullptr);
                          std::make_shared<SpdyChannels>(socket, expected)->begin(ready);
                        });
}

}  // namespace podctl::server
