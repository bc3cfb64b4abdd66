#include "chunked_stream.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "podctl/base/text.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using UnixSocket = asio::local::stream_protocol::socket;

class ChunkedStream final : public Stream, public std::enable_shared_from_this<ChunkedStream> {
 public:
  explicit ChunkedStream(UnixSocket socket) : socket_(std::move(socket)) {}

  void begin(const std::string& content_type) {
    send("HTTP/1.1 200 OK\r\nContent-Type: " + content_type +
         "\r\nCache-Control: no-cache, private\r\nTransfer-Encoding: chunked\r\nConnection: "
         "close\r\n\r\n");
    listen();
  }

  void write(std::string chunk) override {
    if (chunk.empty() || ended_) return;
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    send(size + chunk + "\r\n");
  }

  void end() override {
    if (ended_) return;
    send("0\r\n\r\n");
    ended_ = true;
  }

  std::size_t pending() const override { return waiting_.size() + writing_.size(); }
  void on_close(std::function<void()> closed) override { closed_ = std::move(closed); }
  void on_drained(std::function<void()> drained) override { drained_ = std::move(drained); }

 private:
  void send(std::string bytes) {
    if (gone_) return;
    waiting_ += bytes;
    if (writing_.empty()) flush();
  }

  void flush() {
    writing_.swap(waiting_);
    asio::async_write(
        socket_, asio::buffer(writing_),
        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    writing_.clear();
    if (error) return close();
    if (!waiting_.empty()) return flush();
    if (ended_) return close();
    if (drained_) drained_();
  }

  // A client that leaves is noticed although nothing is being written.
  void listen() {
    socket_.async_read_some(asio::buffer(ignored_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->close();
                              self->listen();
                            });
  }

  void close() {
    if (std::exchange(gone_, true)) return;
    ended_ = true;
    error_code ignored;
    socket_.close(ignored);
    drained_ = nullptr;
    if (auto closed = std::exchange(closed_, nullptr)) closed();
  }

  UnixSocket socket_;
  std::string waiting_, writing_;
  std::array<char, 256> ignored_{};
  std::function<void()> closed_, drained_;
  bool ended_ = false, gone_ = false;
};

}  // namespace

std::shared_ptr<Stream> make_chunked_stream(UnixSocket socket, const std::string& content_type) {
  auto stream = std::make_shared<ChunkedStream>(std::move(socket));
  stream->begin(content_type);
  return stream;
}

}  // namespace podctl::server
