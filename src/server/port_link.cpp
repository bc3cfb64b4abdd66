#include "port_link.hpp"

#include <boost/asio/write.hpp>
#include <utility>

#include "podctl/engine/adopt.hpp"

namespace podctl::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

PortLink::PortLink(asio::io_context& io, std::shared_ptr<Socket> socket, std::uint16_t port,
                   char channel)
    : socket_(std::move(socket)), port_(port), channel_(channel), tcp_(io), other_(io) {}

void PortLink::dial(Result<std::vector<UniqueFd>> sockets) {
  if (!socket_) return;
  if (!sockets || sockets->empty())
    return refuse(sockets ? "the pod has no network" : sockets.error().message());
  auto taken = engine::adopt(tcp_, std::move((*sockets)[0]), tcp::v4());
  if (taken && sockets->size() > 1)
    taken = engine::adopt(other_, std::move((*sockets)[1]), tcp::v6());
  if (!taken) return refuse(taken.error().message());
  tcp_.async_connect({asio::ip::address_v4::loopback(), port_},
                     [self = shared_from_this()](error_code error) {
                       if (!error) return self->connected();
                       self->dial_v6("IPv4: dial tcp4 127.0.0.1:" + std::to_string(self->port_) +
                                     ": " + error.message());
                     });
}

void PortLink::take(std::string data) {
  if (ended_ || over_) return;
  waiting_ += data.size();
  input_.push_back(std::move(data));
  write();
}

void PortLink::end() {
  if (over_) return;
  ended_ = true;
  write();
}

void PortLink::drained() {
  if (std::exchange(paused_, false)) read();
}

void PortLink::close() {
  socket_.reset();
  error_code ignored;
  tcp_.close(ignored);
  other_.close(ignored);
}

void PortLink::dial_v6(std::string cause) {
  if (!socket_) return;
  error_code ignored;
  tcp_.close(ignored);
  if (!other_.is_open()) return refuse(cause);
  tcp_ = std::move(other_);
  tcp_.async_connect({asio::ip::address_v6::loopback(), port_},
                     [self = shared_from_this(), cause = std::move(cause)](error_code error) {
                       if (!error) return self->connected();
                       self->refuse(cause + " IPv6: dial tcp6 [::1]:" +
                                    std::to_string(self->port_) + ": " + error.message());
                     });
}

void PortLink::refuse(const std::string& cause) {
  if (socket_) {
    socket_->send(
        static_cast<char>(channel_ + 1) +
        ("failed to connect to localhost:" + std::to_string(port_) + " in the pod, " + cause));
  }
  finish();
}

void PortLink::connected() {
  if (!socket_) return;
  error_code ignored;
  other_.close(ignored);
  tcp_.set_option(tcp::no_delay(true), ignored);
  connected_ = true;
  write();
  read();
}

void PortLink::write() {
  if (!connected_ || writing_) return;
  if (input_.empty()) {
    error_code ignored;
    if (ended_) tcp_.shutdown(tcp::socket::shutdown_send, ignored);
    if (ended_ && remote_ended_) finish();
    return;
  }
  writing_ = true;
  asio::async_write(tcp_, asio::buffer(input_.front()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->writing_ = false;
                      if (self->over_) return;
                      if (error) return self->finish();
                      self->waiting_ -= self->input_.front().size();
                      self->input_.pop_front();
                      if (self->on_change) self->on_change();
                      self->write();
                    });
}

void PortLink::read() {
  if (!socket_) return;
  if (socket_->pending() > kLag) {
    paused_ = true;
    return;
  }
  tcp_.async_read_some(asio::buffer(block_),
                       [self = shared_from_this()](error_code error, std::size_t n) {
                         if (!self->socket_) return;
                         if (error == asio::error::eof) return self->half_close();
                         if (error) return self->finish();
                         self->socket_->send(self->channel_ + std::string(self->block_.data(), n));
                         self->read();
                       });
}

// The pod has no more to send; the client may have.
void PortLink::half_close() {
  remote_ended_ = true;
  if (socket_->protocol().starts_with("v5")) {
    socket_->send(std::string{kCloseChannel, channel_});
    if (!ended_ || writing_) return;
  }
  finish();
}

void PortLink::finish() {
  if (std::exchange(over_, true)) return;
  waiting_ = 0;
  input_.resize(writing_ ? 1 : 0);  // a write under way still has the first
  error_code ignored;
  tcp_.close(ignored);
  other_.close(ignored);
  if (on_change) on_change();
}

}  // namespace podctl::server
