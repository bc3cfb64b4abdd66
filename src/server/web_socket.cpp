#include "web_socket.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

#include "podctl/base/text.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using UnixSocket = asio::local::stream_protocol::socket;

constexpr std::size_t kMessageLimit = 4U << 20;

class WebSocket final : public Socket, public std::enable_shared_from_this<WebSocket> {
 public:
  WebSocket(UnixSocket socket, std::string protocol)
      : ws_(std::move(socket)), protocol_(std::move(protocol)) {}

  void accept(const UpgradeRequest& request, std::function<void(std::shared_ptr<Socket>)> ready) {
    ws_.binary(true);
    ws_.read_message_max(kMessageLimit);
    ws_.set_option(websocket::stream_base::decorator(
        [protocol = protocol_](websocket::response_type& response) {
          response.set(http::field::sec_websocket_protocol, protocol);
        }));
    ws_.async_accept(request,
                     [self = shared_from_this(), ready = std::move(ready)](error_code error) {
                       if (error) return ready(nullptr);
                       ready(self);
                       self->read();
                     });
  }

  const std::string& protocol() const override { return protocol_; }

  void send(std::string message) override {
    if (closing_ || gone_) return;
    pending_ += message.size();
    queue_.push_back(std::move(message));
    if (!writing_) write_next();
  }

  void close() override {
    closing_ = true;
    if (!writing_) finish();
  }

  std::size_t pending() const override { return pending_; }
  void on_message(std::function<void(std::string)> message) override {
    message_ = std::move(message);
  }
  void on_close(std::function<void()> closed) override { closed_ = std::move(closed); }
  void on_drained(std::function<void()> drained) override { drained_ = std::move(drained); }

  void pause_reading(bool paused) override {
    paused_ = paused;
    if (paused_) return await_end();
    if (!reading_) read();
  }

 private:
  // Who is not read from may go all the same.
  void await_end() {
    if (gone_ || std::exchange(awaiting_end_, true)) return;
    ws_.next_layer().async_wait(UnixSocket::wait_error,
                                [self = shared_from_this()](error_code error) {
                                  self->awaiting_end_ = false;
                                  // Where it is read from, the end comes behind all that was sent.
                                  if (!error && self->paused_) self->lost();
                                });
  }

  void read() {
    if (paused_ || gone_ || reading_) return;
    reading_ = true;
    ws_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      self->reading_ = false;
      if (error) return self->lost();
      std::string message = beast::buffers_to_string(self->buffer_.data());
      self->buffer_.consume(self->buffer_.size());
      if (self->message_) self->message_(std::move(message));
      self->read();
    });
  }

  void write_next() {
    writing_ = true;
    ws_.async_write(asio::buffer(queue_.front()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->writing_ = false;
                      if (error) return self->lost();
                      self->pending_ -= self->queue_.front().size();
                      self->queue_.pop_front();
                      if (!self->queue_.empty()) return self->write_next();
                      if (self->closing_) return self->finish();
                      if (self->drained_) self->drained_();
                    });
  }

  void finish() {
    if (gone_ || std::exchange(finishing_, true)) return;
    ws_.async_close(websocket::close_code::normal,
                    [self = shared_from_this()](error_code) { self->lost(); });
  }

  void lost() {
    if (std::exchange(gone_, true)) return;
    queue_.clear();
    message_ = nullptr;
    drained_ = nullptr;
    error_code ignored;
    ws_.next_layer().close(ignored);
    if (auto closed = std::exchange(closed_, nullptr)) closed();
  }

  websocket::stream<UnixSocket> ws_;
  std::string protocol_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  std::size_t pending_ = 0;
  std::function<void(std::string)> message_;
  std::function<void()> closed_, drained_;
  bool writing_ = false, reading_ = false, paused_ = false, closing_ = false, finishing_ = false,
       gone_ = false, awaiting_end_ = false;
};

}  // namespace

std::string choose_protocol(const UpgradeRequest& request, std::string_view field,
                            const std::vector<std::string>& protocols) {
  const auto [first, last] = request.equal_range(beast::string_view(field.data(), field.size()));
  for (const auto& protocol : protocols) {
    for (auto offered = first; offered != last; ++offered) {
      const auto value = offered->value();
      for (const auto word : text::split({value.data(), value.size()}, ',')) {
        if (text::trim(word) == protocol) return protocol;
      }
    }
  }
  return {};
}

void make_web_socket(UnixSocket socket, const UpgradeRequest& request, std::string protocol,
                     std::function<void(std::shared_ptr<Socket>)> ready) {
  std::make_shared<WebSocket>(std::move(socket), std::move(protocol))
      ->accept(request, std::move(ready));
}

}  // namespace podctl::server
