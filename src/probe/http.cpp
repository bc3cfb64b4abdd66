#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "probe/attempt.hpp"
#include "probe/dial.hpp"
#include "probe/http_answer.hpp"
#include "probe/http_request.hpp"

namespace podctl::probe {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tls = asio::ssl::stream<Socket&>;

constexpr int kRequests = 10;  // Go net/http defaultCheckRedirect: nine redirects

// Certificates are not looked at: who answers at the pod's address is the pod.
asio::ssl::context& tls_context() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    made.set_verify_mode(asio::ssl::verify_none);
    return made;
  }();
  return context;
}

// One connection and its answer; a redirect begins anew.
struct Exchange {
  Exchange(asio::io_context& io) : dialer(io) {}
  Dialer dialer;
  std::optional<Tls> tls;
  std::string hello;  // the first bytes of the server's in the handshake
  HttpAnswer answer;
  std::string text;  // of the request
  std::array<char, 8192> block{};
};

// OpenSSL tells of each record's header before it judges it; the first one shows who speaks no TLS.
void note_hello(int written, int /*version*/, int type, const void* bytes, std::size_t size, SSL*,
                void* exchange) {
  auto& hello = static_cast<Exchange*>(exchange)->hello;
  if (written == 0 && type == SSL3_RT_HEADER && hello.empty())
    hello.assign(static_cast<const char*>(bytes), size);
}

// Why a handshake failed, in the words of Go's crypto/tls and net/http.
std::string handshake_text(const error_code& error, std::string_view hello) {
  if (hello == "HTTP/") return "http: server gave HTTP response to HTTPS client";
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return "EOF";
  if (error.category() != asio::error::get_ssl_category()) return "read: " + cause_text(error);
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (reason == SSL_R_WRONG_VERSION_NUMBER)
    return "tls: first record does not look like a TLS handshake";
  return (reason > SSL_AD_REASON_OFFSET ? "remote error: tls: " : "tls: ") + error.message();
}

class HttpGet : public Attempt {
 public:
  HttpGet(asio::io_context& io, HttpRequest request, Done done)
      : Attempt(io, std::move(done)),
        io_(io),
        request_(std::move(request)),
        url_(url_of(request_)) {}

 private:
  void run() override {
    auto text = write_request(request_);
    exchange_ = std::make_shared<Exchange>(io_);
    if (!text) return fail_later(std::move(text).error().detail);
    exchange_->text = std::move(*text);
    exchange_->dialer.dial(request_.host, request_.port, shared_from_this(),
                           [this, x = exchange_](const error_code& error) {
                             if (over()) return;
                             if (error) return fail(dial_text(request_.host, request_.port, error));
                             request_.tls ? shake_hands(x) : send(x);
                           });
  }

  void close() override {
    if (exchange_) exchange_->dialer.close();
  }

  std::string timeout_text() const override {
    return said("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
  }
  std::string said(const std::string& why) const { return "Get \"" + url_ + "\": " + why; }
  void fail(const std::string& why) { finish({Verdict::kFailure, said(why)}); }
  void fail_later(std::string why) {
    asio::post(io_, [self = self<HttpGet>(), why = std::move(why)] { self->fail(why); });
  }

  void shake_hands(const std::shared_ptr<Exchange>& x) {
    x->tls.emplace(x->dialer.socket(), tls_context());
    error_code by_name;
    asio::ip::make_address(request_.host, by_name);
    if (by_name) ::SSL_set_tlsext_host_name(x->tls->native_handle(), request_.host.c_str());
    ::SSL_set_msg_callback(x->tls->native_handle(), note_hello);
    ::SSL_set_msg_callback_arg(x->tls->native_handle(), x.get());
    x->tls->async_handshake(Tls::client, [self = self<HttpGet>(), x](const error_code& error) {
      if (self->over()) return;
      if (error) return self->fail(handshake_text(error, x->hello));
      self->send(x);
    });
  }

  void send(const std::shared_ptr<Exchange>& x) {
    auto sent = [self = self<HttpGet>(), x](const error_code& error, std::size_t) {
      if (self->over()) return;
      if (error) return self->fail("write: " + cause_text(error));
      self->read(x);
    };
    const auto text = asio::buffer(x->text);
    if (x->tls) return asio::async_write(*x->tls, text, std::move(sent));
    asio::async_write(x->dialer.socket(), text, std::move(sent));
  }

  void read(const std::shared_ptr<Exchange>& x) {
    auto come = [self = self<HttpGet>(), x](const error_code& error, std::size_t n) {
      if (!self->over()) self->received(x, error, n);
    };
    const auto block = asio::buffer(x->block);
    if (x->tls) return x->tls->async_read_some(block, std::move(come));
    x->dialer.socket().async_read_some(block, std::move(come));
  }

  void received(const std::shared_ptr<Exchange>& x, const error_code& error, std::size_t n) {
    const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    if (error && !ended) return fail("read: " + cause_text(error));
    if (ended) {
      const auto whole = x->answer.end();
      return whole ? answered(x->answer) : fail(whole.error().detail);
    }
    const auto done = x->answer.take({x->block.data(), n});
    if (!done) return fail(done.error().detail);
    *done ? answered(x->answer) : read(x);
  }

  void answered(const HttpAnswer& answer) {
    const auto location = answer.location();
    auto next = location.empty() ? std::nullopt : redirected(request_, location);
    if (!next) return finish(request_.any_status ? Answer{Verdict::kSuccess, {}} : answer.judge());
    if (++requests_ > kRequests) return fail("stopped after 10 redirects");
    request_ = std::move(*next);
    close();
    run();
  }

  asio::io_context& io_;
  HttpRequest request_;
  const std::string url_;
  std::shared_ptr<Exchange> exchange_;
  int requests_ = 1;
};

}  // namespace

TryPtr http_get(asio::io_context& io, HttpRequest request, std::chrono::nanoseconds timeout,
                Done done) {
  return begin(std::make_shared<HttpGet>(io, std::move(request), std::move(done)), timeout);
}

}  // namespace podctl::probe
