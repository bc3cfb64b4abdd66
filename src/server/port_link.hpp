// One connection of a port-forward session, between two channels of a Socket and the pod's
// localhost.
//
// Used by port_forward, spdy_forward and tests, on podctld's loop. It dials with the sockets it is
// given, made in the pod's network, and never with one of its own.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

class PortLink : public std::enable_shared_from_this<PortLink> {
 public:
  // Bytes under way in a direction before it pauses.
  static constexpr std::size_t kLag = 1U << 20;

  // `channel` carries the connection's bytes, the next one the text of its error.
  PortLink(boost::asio::io_context& io, std::shared_ptr<Socket> socket, std::uint16_t port,
           char channel);

  // localhost of the pod: IPv4, then IPv6, as containerd dials it. The sockets are of these
  // families, the second may be absent.
  void dial(Result<std::vector<UniqueFd>> sockets);
  // Bytes from the client; what comes when there is nobody to take it is dropped.
  void take(std::string data);
  // The client has no more to send.
  void end();
  // Bytes taken and not yet given to the pod; 0 once the connection is over.
  std::size_t waiting() const { return waiting_; }
  // The client has taken everything sent.
  void drained();
  // The client is gone.
  void close();
  bool over() const { return over_; }
  // Called when waiting() or over() may have changed.
  std::function<void()> on_change;

 private:
  using tcp = boost::asio::ip::tcp;

  void dial_v6(std::string cause);
  void refuse(const std::string& cause);
  void connected();
  void write();
  void read();
  void half_close();
  void finish();

  std::shared_ptr<Socket> socket_;
  std::uint16_t port_;
  char channel_;
  tcp::socket tcp_, other_;
  std::array<char, 32768> block_{};
  std::deque<std::string> input_;
  std::size_t waiting_ = 0;
  bool connected_ = false, writing_ = false, ended_ = false, paused_ = false, over_ = false;
  bool remote_ended_ = false;
};

}  // namespace podctl::server
