// A TCP connection to a host by address or name; and Go's words for what becomes of one, which are
// what the events of Kubernetes say. Private to probe.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "probe/resolve.hpp"

namespace podctl::probe {

using Socket = boost::asio::ip::tcp::socket;

// "10.0.0.2:80", "[fd00::2]:80".
std::string host_port(const std::string& host, std::uint16_t port);

// "dial tcp 10.0.0.2:80: connect: connection refused".
std::string dial_text(const std::string& host, std::uint16_t port,
                      const boost::system::error_code& error);

// "connection reset by peer".
std::string cause_text(const boost::system::error_code& error);

class Dialer {
 public:
  using Done = std::function<void(const boost::system::error_code&)>;
  explicit Dialer(boost::asio::io_context& io) : socket_(io), lookup_(io) {}

  // `owner` lives until `done` was called.
  void dial(const std::string& host, std::uint16_t port, std::shared_ptr<void> owner, Done done);
  void close();
  Socket& socket() { return socket_; }

 private:
  void connect(const Addresses& to, std::uint16_t port, std::shared_ptr<void> owner, Done done);

  Socket socket_;
  Lookup lookup_;
};

}  // namespace podctl::probe
