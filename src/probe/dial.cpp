#include "probe/dial.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

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
  error_code by_name;
  const auto address = asio::ip::make_address(host, by_name);
  if (!by_name) return connect({address, port}, std::move(owner), std::move(done));
  resolver_.async_resolve(
      host, std::to_string(port),
      [this, owner = std::move(owner), done = std::move(done)](
          const error_code& error, const tcp::resolver::results_type& found) mutable {
        if (error) return done(error);
        asio::async_connect(socket_, found,
                            [owner = std::move(owner), done = std::move(done)](
                                const error_code& failed, const tcp::endpoint&) { done(failed); });
      });
}

void Dialer::connect(tcp::endpoint to, std::shared_ptr<void> owner, Done done) {
  socket_.async_connect(to, [owner = std::move(owner),
                             done = std::move(done)](const error_code& error) { done(error); });
}

void Dialer::close() {
  error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

}  // namespace podctl::probe
