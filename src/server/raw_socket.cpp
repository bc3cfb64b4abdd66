#include "raw_socket.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace podctl::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using UnixSocket = asio::local::stream_protocol::socket;

class RawSocket final : public Socket, public std::enable_shared_from_this<RawSocket> {
 public:
  RawSocket(UnixSocket socket, std::string read_already, std::string protocol)
      : socket_(std::move(socket)),
        read_already_(std::move(read_already)),
        protocol_(std::move(protocol)) {}

  // Reading begins when whoever asked for the socket has said who listens.
  void begin(const std::string& head) {
    send("HTTP/1.1 101 Switching Protocols\r\n" + head + "\r\n");
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->message_ && !self->read_already_.empty())
        self->message_(std::exchange(self->read_already_, {}));
      self->read();
    });
  }

  const std::string& protocol() const override { return protocol_; }

  void send(std::string message) override {
    if (closing_ || gone_) return;
    waiting_ += message;
    if (writing_.empty()) flush();
  }

  void close() override {
    closing_ = true;
    if (writing_.empty()) finish();
  }

  std::size_t pending() const override { return waiting_.size() + writing_.size(); }
  void on_message(std::function<void(std::string)> message) override {
    message_ = std::move(message);
  }
  void on_close(std::function<void()> closed) override { closed_ = std::move(closed); }
  void on_drained(std::function<void()> drained) override { drained_ = std::move(drained); }

  void pause_reading(bool paused) override {
    paused_ = paused;
    if (paused_) return await_end();
    read();
  }

 private:
  // Who is not read from may go all the same.
  void await_end() {
    if (gone_ || std::exchange(awaiting_end_, true)) return;
    socket_.async_wait(UnixSocket::wait_error, [self = shared_from_this()](error_code error) {
      self->awaiting_end_ = false;
      // Where it is read from, the end comes behind all that was sent.
      if (!error && self->paused_) self->lost();
    });
  }

  void read() {
    if (paused_ || gone_ || std::exchange(reading_, true)) return;
    socket_.async_read_some(asio::buffer(block_),
                            [self = shared_from_this()](error_code error, std::size_t n) {
                              self->reading_ = false;
                              if (error) return self->lost();
                              if (self->message_ && !self->closing_)
                                self->message_(std::string(self->block_.data(), n));
                              self->read();
                            });
  }

  void flush() {
    writing_.swap(waiting_);
    asio::async_write(
        socket_, asio::buffer(writing_),
        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    writing_.clear();
    if (error) return lost();
    if (!waiting_.empty()) return flush();
    if (closing_) return finish();
    if (drained_) drained_();
  }

  // The client reads what was sent to its end, then leaves; what it still sends is not heard.
  void finish() {
    error_code ignored;
    socket_.shutdown(UnixSocket::shutdown_send, ignored);
    paused_ = false;
    read();
  }

  void lost() {
    if (std::exchange(gone_, true)) return;
    message_ = nullptr;
    drained_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
    if (auto closed = std::exchange(closed_, nullptr)) closed();
  }

  UnixSocket socket_;
  std::string read_already_, protocol_;
  std::string waiting_, writing_;
  std::array<char, 32768> block_{};
  std::function<void(std::string)> message_;
  std::function<void()> closed_, drained_;
  bool reading_ = false, paused_ = false, closing_ = false, gone_ = false, awaiting_end_ = false;
};

}  // namespace

std::shared_ptr<Socket> make_raw_socket(UnixSocket socket, const std::string& head,
                                        std::string read_already, std::string protocol) {
  auto made =
      std::make_shared<RawSocket>(std::move(socket), std::move(read_already), std::move(protocol));
  made->begin(head);
  return made;
}

}  // namespace podctl::server
