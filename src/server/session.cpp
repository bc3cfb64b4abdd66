#include "session.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/file_posix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <optional>
#include <set>

#include "chunked_stream.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "raw_socket.hpp"
#include "web_socket.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::uint64_t kBodyLimit = 3U << 20;  // as the Kubernetes API server
constexpr std::uint64_t kUploadLimit = std::uint64_t{64}
                                       << 30;  // image::Limits decides before this

constexpr std::string_view kSpdy = "SPDY/3.1";
constexpr std::string_view kStreamProtocol = "X-Stream-Protocol-Version";

using FileBody = http::basic_file_body<beast::file_posix>;

// Of a header's warnings: kubectl and podctl read 64 KiB of head at least, Beast writes as much a
// line.
constexpr std::size_t kMaxWarning = 1024, kMaxWarnings = 24U << 10;

// RFC 9111 5.5: a quoted string; control characters may not stand in a header.
std::string quoted(std::string_view warning) {
  std::string text;
  for (const char c : warning) {
    if (c == '"' || c == '\\') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return text;
}

std::string shortened(std::string_view warning) {
  if (warning.size() <= kMaxWarning) return std::string(warning);
  return utf8::well_formed(std::string(warning.substr(0, kMaxWarning))) + "...";
}

// Equal ones once; what does not fit is counted, not passed over.
std::vector<std::string> warning_texts(const std::vector<std::string>& warnings) {
  std::vector<std::string> texts;
  std::set<std::string_view> said;
  std::size_t size = 0, more = 0;
  for (const auto& warning : warnings) {
    if (!said.insert(warning).second) continue;
    auto text = quoted(shortened(warning));
    if (more > 0 || size + text.size() > kMaxWarnings) {
      ++more;
      continue;
    }
    size += text.size();
    texts.push_back(std::move(text));
  }
  if (more > 0) texts.push_back("and " + std::to_string(more) + " more warnings");
  return texts;
}

class Session;

class HttpExchange final : public Exchange {
 public:
  HttpExchange(std::shared_ptr<Session> session, Request request)
      : session_(std::move(session)), request_(std::move(request)) {}
  ~HttpExchange() override;
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const Request& request() const override { return request_; }
  void reply(Response response) override;
  std::shared_ptr<Stream> stream(std::string content_type) override;
  Upgrade upgrade() const override;
  void accept_websocket(std::vector<std::string> protocols,
                        std::function<void(std::shared_ptr<Socket>)> ready) override;
  void accept_spdy(std::vector<std::string> protocols,
                   std::function<void(std::shared_ptr<Socket>)> ready) override;

 private:
  void refuse_protocols(const std::vector<std::string>& spoken);

  std::shared_ptr<Session> session_;
  Request request_;
  bool answered_ = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(UnixSocket socket, bool allowed, std::shared_ptr<const SessionContext> context)
      : socket_(std::move(socket)), allowed_(allowed), context_(std::move(context)) {}

  void read_header() {
    header_.emplace();
    header_->header_limit(64U << 10);
    header_->body_limit(kUploadLimit);
    body_.reset();
    file_.reset();
    http::async_read_header(
        socket_, buffer_, *header_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
  }

  Upgrade upgrade() const;
  UnixSocket take_socket() { return std::move(socket_); }
  std::string take_read() { return beast::buffers_to_string(buffer_.data()); }
  const http::request<http::empty_body>& head() const { return head_; }
  void write(Response response);
  std::shared_ptr<Stream> begin_stream(const std::string& content_type) {
    return make_chunked_stream(std::move(socket_), content_type);
  }

 private:
  void on_header(error_code error);
  void on_body(error_code error);
  void read_content();
  void read_body();
  void read_upload();
  void dispatch();
  void refuse_and_close(int status, std::string reason, std::string message);
  void take_head() {
    head_.method_string(header_->get().method_string());  // an unknown verb has only its text
    head_.target(header_->get().target());
    head_.version(header_->get().version());
    for (const auto& field : header_->get()) head_.insert(field.name_string(), field.value());
  }
  void after_write(error_code error, bool keep) {
    response_.reset();
    if (error || !keep) {
      error_code ignored;
      socket_.shutdown(UnixSocket::shutdown_send, ignored);
      return;
    }
    read_header();
  }

  UnixSocket socket_;
  bool allowed_;
  std::shared_ptr<const SessionContext> context_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> header_;
  std::optional<http::request_parser<http::string_body>> body_;
  std::optional<http::request_parser<FileBody>> file_;
  http::request<http::empty_body> head_;
  Request request_;
  std::optional<http::response<http::string_body>> response_;
  bool keep_alive_ = true;
};

Upgrade Session::upgrade() const {
  if (beast::websocket::is_upgrade(head_)) return Upgrade::kWebSocket;
  const bool spdy = http::token_list(head_[http::field::connection]).exists("upgrade") &&
                    beast::iequals(head_[http::field::upgrade], kSpdy);
  return spdy ? Upgrade::kSpdy : Upgrade::kNone;
}

void Session::on_header(error_code error) {
  if (error == http::error::end_of_stream || error == asio::error::eof ||
      error == asio::error::connection_reset || error == asio::error::operation_aborted) {
    return;
  }
  head_ = {};
  if (error)
    return refuse_and_close(400, "BadRequest", "malformed HTTP request: " + error.message());
  take_head();
  if (!allowed_) {
    return refuse_and_close(403, "Forbidden",
                            "only root and members of group \"podctl\" may speak to podctld");
  }
  keep_alive_ = header_->get().keep_alive();
  request_ = {};
  request_.method = std::string(head_.method_string());
  request_.accept = std::string(head_[http::field::accept]);
  request_.content_type = std::string(head_[http::field::content_type]);
  auto target = parse_target({head_.target().data(), head_.target().size()});
  if (!target) return refuse_and_close(400, "BadRequest", target.error().message());
  request_.target = std::move(*target);
  if (upgrade() == Upgrade::kWebSocket) return dispatch();
  if (!beast::iequals(head_[http::field::expect], "100-continue")) return read_content();
  // Not at once: answers that nobody has read may fill the socket.
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(kContinue),
                    [self = shared_from_this()](error_code failed, std::size_t) {
                      if (!failed) self->read_content();
                    });
}

void Session::read_content() {
  if (context_->options.is_upload(request_)) return read_upload();
  read_body();
}

// The parser compares an announced length with the limit that held when it read the header.
void Session::read_body() {
  if (header_->content_length().value_or(0) > kBodyLimit) {
    return on_body(http::make_error_code(http::error::body_limit));
  }
  body_.emplace(std::move(*header_));
  body_->body_limit(kBodyLimit);
  http::async_read(socket_, buffer_, *body_,
                   [self = shared_from_this()](error_code error, std::size_t) {
                     if (!error) self->request_.body = std::move(self->body_->get().body());
                     self->on_body(error);
                   });
}

void Session::read_upload() {
  std::string path = context_->options.upload_directory + "/upload-XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) {
    return refuse_and_close(507, "InternalError",
                            fail_errno(errno, "make upload file", path).value().message());
  }
  request_.upload = path;
  file_.emplace(std::move(*header_));
  file_->body_limit(kUploadLimit);
  beast::file_posix file;
  file.native_handle(fd);
  error_code error;
  file_->get().body().reset(std::move(file), error);
  http::async_read(socket_, buffer_, *file_,
                   [self = shared_from_this()](error_code read, std::size_t) {
                     self->file_->get().body().close();
                     if (read) ::unlink(self->request_.upload.c_str());
                     self->on_body(read);
                   });
}

void Session::on_body(error_code error) {
  if (error == http::error::body_limit) {
    return refuse_and_close(413, "RequestEntityTooLarge",
                            "the request is larger than " + std::to_string(kBodyLimit) + " bytes");
  }
  if (error == http::error::partial_message || error == asio::error::connection_reset ||
      error == asio::error::operation_aborted) {
    return;
  }
  if (error == boost::system::errc::no_space_on_device) {
    return refuse_and_close(
        507, "InternalError",
        "write what is received to " + context_->options.upload_directory + ": " + error.message());
  }
  if (error) return refuse_and_close(400, "BadRequest", "malformed HTTP body: " + error.message());
  dispatch();
}

void Session::dispatch() {
  context_->handler(std::make_shared<HttpExchange>(shared_from_this(), std::move(request_)));
}

void Session::refuse_and_close(int status, std::string reason, std::string message) {
  keep_alive_ = false;
  write({status, status_json({status, std::move(reason), std::move(message), {}, {}, {}})});
}

void Session::write(Response response) {
  auto& reply = response_.emplace();
  reply.version(11);
  reply.result(static_cast<unsigned>(response.status));
  reply.set(http::field::content_type, response.content_type);
  reply.set(http::field::cache_control, "no-cache, private");
  for (const auto& text : warning_texts(response.warnings))
    reply.insert(http::field::warning, "299 - \"" + text + "\"");
  reply.keep_alive(keep_alive_);
  if (head_.method() == http::verb::head) {
    reply.content_length(response.body.size());
  } else {
    reply.body() = std::move(response.body);
    reply.prepare_payload();
  }
  http::async_write(socket_, reply, [self = shared_from_this()](error_code error, std::size_t) {
    self->after_write(error, self->keep_alive_);
  });
}

HttpExchange::~HttpExchange() {
  if (!answered_)
    refuse(Error{Code::kInternal, 0, "answer", request_.method, "the request was dropped", {}});
  if (!request_.upload.empty()) ::unlink(request_.upload.c_str());
}

void HttpExchange::reply(Response response) {
  if (std::exchange(answered_, true)) return;
  session_->write(std::move(response));
}

std::shared_ptr<Stream> HttpExchange::stream(std::string content_type) {
  answered_ = true;
  return session_->begin_stream(content_type);
}

Upgrade HttpExchange::upgrade() const { return session_->upgrade(); }

void HttpExchange::refuse_protocols(const std::vector<std::string>& spoken) {
  refuse(
      node::bad_request("unable to upgrade: no supported subprotocol was offered; podctld speaks " +
                        text::join(spoken, ", ")));
}

void HttpExchange::accept_websocket(std::vector<std::string> protocols,
                                    std::function<void(std::shared_ptr<Socket>)> ready) {
  const std::string chosen = choose_protocol(
      session_->head(), http::to_string(http::field::sec_websocket_protocol), protocols);
  if (chosen.empty()) {
    refuse_protocols(protocols);
    return ready(nullptr);
  }
  answered_ = true;
  make_web_socket(session_->take_socket(), session_->head(), chosen, std::move(ready));
}

void HttpExchange::accept_spdy(std::vector<std::string> protocols,
                               std::function<void(std::shared_ptr<Socket>)> ready) {
  const std::string chosen = choose_protocol(session_->head(), kStreamProtocol, protocols);
  if (chosen.empty()) {
    refuse_protocols(protocols);
    return ready(nullptr);
  }
  answered_ = true;
  std::string head = "Connection: Upgrade\r\nUpgrade: " + std::string(kSpdy) + "\r\n";
  head += std::string(kStreamProtocol) + ": " + chosen + "\r\n";
  std::string read = session_->take_read();
  ready(make_raw_socket(session_->take_socket(), head, std::move(read), chosen));
}

}  // namespace

void start_session(UnixSocket socket, bool allowed, std::shared_ptr<const SessionContext> context) {
  std::make_shared<Session>(std::move(socket), allowed, std::move(context))->read_header();
}

}  // namespace podctl::server
