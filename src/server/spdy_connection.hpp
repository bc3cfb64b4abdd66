// The server's end of a SPDY connection: the streams that a client opens, answers and keeps apart.
//
// Used by port_forward and spdy_command, on podctld's loop. It lies over a Socket: the connection
// itself, or a WebSocket that the frames are tunnelled through. There is no flow control, as
// Kubernetes' clients have none: who is slow holds up the whole connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "podctl/server/http.hpp"
#include "spdy_frames.hpp"

namespace podctl::server {

class SpdyConnection : public std::enable_shared_from_this<SpdyConnection> {
 public:
  static constexpr std::size_t kMostStreams = 2000, kMostPending = 64U << 20;

  // What the client does; none is called after `closed`, which lets go of them all.
  struct Events {
    // False refuses the stream.
    std::function<bool(std::uint32_t stream, const spdy::Headers& headers)> opened;
    std::function<void(std::uint32_t stream, std::string data)> data;
    std::function<void(std::uint32_t stream)> ended;  // the client has no more to send
    std::function<void(std::uint32_t stream)> reset;  // the client wants no more of it
    std::function<void()> drained, closed;
  };

  explicit SpdyConnection(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  void begin(Events events);

  void send(std::uint32_t stream, std::string_view data);
  // No more is sent on the stream.
  void end(std::uint32_t stream);
  // After what was sent.
  void close();
  std::size_t pending() const { return socket_ ? socket_->pending() : 0; }
  void pause_reading(bool paused);

 private:
  struct Stream {
    bool their_end = false, our_end = false;
  };

  void take(const std::string& bytes);
  void take_frame(spdy::Frame frame);
  void open(const spdy::Frame& frame);
  void data(spdy::Frame frame);
  void their_end(std::uint32_t stream);
  void forget_if_over(std::uint32_t stream);

  std::shared_ptr<Socket> socket_;  // null once the client is gone
  Events events_;
  spdy::Reader reader_;
  spdy::Writer writer_;
  std::map<std::uint32_t, Stream> streams_;
  std::uint32_t last_ = 0;  // the last stream that the client has opened
};

}  // namespace podctl::server
