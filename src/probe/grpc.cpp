#include <array>
#include <boost/asio/write.hpp>

#include "probe/attempt.hpp"
#include "probe/dial.hpp"
#include "probe/grpc_exchange.hpp"

namespace podctl::probe {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string rpc_failed(const std::string& why) {
  return "error: health rpc probe failed: rpc error: code = Unavailable desc = " + why;
}

class GrpcCheck : public Attempt {
 public:
  GrpcCheck(asio::io_context& io, GrpcRequest request, Done done)
      : Attempt(io, std::move(done)),
        request_(std::move(request)),
        exchange_(request_),
        dialer_(io) {}

 private:
  void run() override {
    dialer_.dial(request_.host, request_.port, shared_from_this(), [this](const error_code& error) {
      if (over()) return;
      if (error) {
        return fail("error: failed to connect service at \"" + at() +
                    "\": " + dial_text(request_.host, request_.port, error));
      }
      connected_ = true;
      go_on();
    });
  }

  void close() override { dialer_.close(); }

  std::string at() const { return host_port(request_.host, request_.port); }
  std::string bound() const {
    using std::chrono::seconds;
    return std::to_string(std::chrono::duration_cast<seconds>(request_.timeout).count()) + "s";
  }
  std::string timeout_text() const override {
    if (connected_) return "timeout: health rpc did not complete within " + bound();
    return "timeout: failed to connect service \"" + at() + "\" within " + bound() +
           ": context deadline exceeded";
  }
  void fail(std::string why) { finish({Verdict::kFailure, std::move(why)}); }

  // Sends what is to be sent, then waits for the server.
  void go_on() {
    auto output = exchange_.take_output();
    if (!output) return fail(rpc_failed(output.error().detail));
    if (output->empty()) return read();
    output_ = std::move(*output);
    asio::async_write(dialer_.socket(), asio::buffer(output_),
                      [self = self<GrpcCheck>()](const error_code& error, std::size_t) {
                        if (self->over()) return;
                        if (error) return self->fail(rpc_failed("write: " + cause_text(error)));
                        self->read();
                      });
  }

  void read() {
    dialer_.socket().async_read_some(
        asio::buffer(block_), [self = self<GrpcCheck>()](const error_code& error, std::size_t n) {
          if (self->over()) return;
          if (error == asio::error::eof) {
            return self->fail(rpc_failed("error reading from server: EOF"));
          }
          if (error) return self->fail(rpc_failed("read: " + cause_text(error)));
          const auto ended = self->exchange_.take({self->block_.data(), n});
          if (!ended) return self->fail(rpc_failed(ended.error().detail));
          *ended ? self->finish(self->exchange_.judge()) : self->go_on();
        });
  }

  GrpcRequest request_;
  GrpcExchange exchange_;
  Dialer dialer_;
  bool connected_ = false;
  std::string output_;
  std::array<char, 4096> block_{};
};

}  // namespace

TryPtr grpc_check(asio::io_context& io, GrpcRequest request, Done done) {
  const auto timeout = request.timeout;
  return begin(std::make_shared<GrpcCheck>(io, std::move(request), std::move(done)), timeout);
}

}  // namespace podctl::probe
