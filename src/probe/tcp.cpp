#include "probe/attempt.hpp"
#include "probe/dial.hpp"

namespace podctl::probe {
namespace {

class TcpConnect : public Attempt {
 public:
  TcpConnect(boost::asio::io_context& io, std::string host, std::uint16_t port, Done done)
      : Attempt(io, std::move(done)), host_(std::move(host)), port_(port), dialer_(io) {}

 private:
  void run() override {
    dialer_.dial(host_, port_, shared_from_this(), [this](const boost::system::error_code& error) {
      if (over()) return;
      if (error) return finish({Verdict::kFailure, dial_text(host_, port_, error)});
      finish({Verdict::kSuccess, {}});
    });
  }
  void close() override { dialer_.close(); }
  std::string timeout_text() const override {
    return dial_text(host_, port_, boost::asio::error::timed_out);
  }

  std::string host_;
  std::uint16_t port_;
  Dialer dialer_;
};

}  // namespace

TryPtr tcp_connect(boost::asio::io_context& io, std::string host, std::uint16_t port,
                   std::chrono::nanoseconds timeout, Done done) {
  return begin(std::make_shared<TcpConnect>(io, std::move(host), port, std::move(done)), timeout);
}

}  // namespace podctl::probe
