#include "spdy_connection.hpp"

#include <utility>

namespace podctl::server {

using spdy::Frame;
using spdy::Type;
using spdy::Writer;

void SpdyConnection::begin(Events events) {
  events_ = std::move(events);
  auto self = shared_from_this();
  socket_->on_drained([self] {
    if (self->events_.drained) self->events_.drained();
  });
  socket_->on_close([self] {
    self->socket_.reset();
    const Events last = std::exchange(self->events_, {});
    if (last.closed) last.closed();
  });
  socket_->on_message([self](const std::string& bytes) { self->take(bytes); });
}

void SpdyConnection::send(std::uint32_t stream, std::string_view data) {
  const auto found = streams_.find(stream);
  if (!socket_ || found == streams_.end() || found->second.our_end) return;
  socket_->send(Writer::data(stream, data, false));
}

void SpdyConnection::end(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (!socket_ || found == streams_.end() || std::exchange(found->second.our_end, true)) return;
  socket_->send(Writer::data(stream, {}, true));
  forget_if_over(stream);
}

void SpdyConnection::close() {
  if (!socket_) return;
  socket_->send(Writer::go_away(last_));
  socket_->close();
}

void SpdyConnection::pause_reading(bool paused) {
  if (socket_) socket_->pause_reading(paused);
}

void SpdyConnection::take(const std::string& bytes) {
  reader_.feed(bytes);
  while (socket_) {
    auto frame = reader_.next();
    if (!frame) return close();
    if (!*frame) return;
    take_frame(std::move(**frame));
    // Of answers to who reads none of them; what containers write stops at far less.
    if (pending() > kMostPending) return close();
  }
}

void SpdyConnection::take_frame(Frame frame) {
  switch (frame.type) {
    case Type::kSynStream:
      return open(frame);
    case Type::kData:
      return data(std::move(frame));
    case Type::kReset:
      if (streams_.erase(frame.stream) != 0) events_.reset(frame.stream);
      return;
    case Type::kPing:
      // A client's are odd; an even one answers one of ours, and we send none.
      if (frame.stream % 2 == 1) socket_->send(Writer::ping(frame.stream));
      return;
    default:
      return;  // settings, windows and more headers change nothing here
  }
}

void SpdyConnection::open(const Frame& frame) {
  // A client's streams are odd and rise (section 2.3.2).
  if (frame.stream % 2 == 0 || frame.stream <= last_) {
    socket_->send(Writer::reset(frame.stream, spdy::kProtocolError));
    return close();
  }
  last_ = frame.stream;
  streams_.emplace(frame.stream, Stream{});
  socket_->send(writer_.syn_reply(frame.stream, {}));  // nothing is sent on a stream before it
  if (streams_.size() > kMostStreams || !events_.opened(frame.stream, frame.headers)) {
    streams_.erase(frame.stream);
    socket_->send(Writer::reset(frame.stream, spdy::kRefusedStream));
    return;
  }
  if (frame.fin) their_end(frame.stream);
}

void SpdyConnection::data(Frame frame) {
  const auto found = streams_.find(frame.stream);
  if (found == streams_.end() || found->second.their_end) return;
  if (!frame.data.empty()) events_.data(frame.stream, std::move(frame.data));
  if (frame.fin) their_end(frame.stream);
}

void SpdyConnection::their_end(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  found->second.their_end = true;
  if (events_.ended) events_.ended(stream);
  forget_if_over(stream);
}

void SpdyConnection::forget_if_over(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (found != streams_.end() && found->second.our_end && found->second.their_end)
    streams_.erase(found);
}

}  // namespace podctl::server
