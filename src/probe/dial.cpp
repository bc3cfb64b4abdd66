#include "probe/dial.hpp"

#include <boost/asio/connect.hpp>

namespace podctl::probe {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string host_port(const std::string& host, std::uint16_t port) {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string cause_text(const error_code& error) {
  if (error == asio::error::connection_refused) return "connection refused";
  if (error == asio::error::connection_reset) return "connection reset by peer";
  if (error == asio::error::host_unreachable) return "no route to host";
  if (error == asio::error::network_unreachable) return "network is unreachable";
  if (error == asio::error::timed_out) return "i/o timeout";
  if (error == asio::error::host_not_found) return "no such host";
  return error.message();
}

std::string dial_text(const std::string& host, std::uint16_t port, const error_code& error) {
  const bool by_name =
      error == asio::error::host_not_found || error == asio::error::host_not_found_try_again;
  if (by_name) return "dial tcp: lookup " + host + ": " + cause_text(error);
  const bool timeout = error == asio::error::timed_out;
  return "dial tcp " + host_port(host, port) + (timeout ? ": " : ": connect: ") + cause_text(error);
}

void Dialer::dial(const std::string& host, std::uint16_t port, std::shared_ptr<void> owner,
                  Done done) {
  const auto known = known_addresses(host);
  if (!known.empty()) return connect(known, port, std::move(owner), std::move(done));
  lookup_.begin(host, [this, port, owner = std::move(owner),
                       done = std::move(done)](const Found& found) mutable {
    if (found.error) return done(found.error);
    connect(found.addresses, port, std::move(owner), std::move(done));
  });
}

// One after the other until one accepts; the error is the last one's.
void Dialer::connect(const Addresses& to, std::uint16_t port, std::shared_ptr<void> owner,
                     Done done) {
  std::vector<tcp::endpoint> endpoints;
  for (const auto& address : to) endpoints.emplace_back(address, port);
  asio::async_connect(socket_, endpoints,
                      [owner = std::move(owner), done = std::move(done)](
                          const error_code& error, const tcp::endpoint&) { done(error); });
}

void Dialer::close() {
  error_code ignored;
  lookup_.cancel();
  socket_.close(ignored);
}

}  // namespace podctl::probe
