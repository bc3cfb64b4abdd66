#include "probe/http_answer.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <optional>

namespace podctl::probe {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kBody = std::size_t{10} * 1024;  // K pkg/probe/http maxRespBodyLength
constexpr std::string_view kBegin = "HTTP/";
constexpr std::uint32_t kHead = 64 * 1024;
constexpr int kInterim = 5;  // Go net/http transport.go max1xxResponses
constexpr int kContinue = 100, kSwitching = 101, kOk = 200;

// Keeps the beginning of a body. Beast's own sets as much memory aside as a Content-Length
// announces, which a container may choose.
struct Beginning {
  using value_type = std::string;
  class reader {
   public:
    template <bool kRequest, class Fields>
    reader(http::header<kRequest, Fields>&, value_type& body) : body_(body) {}
    static void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) {
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers); ++at) {
        const boost::asio::const_buffer piece(*at);
        body_.append(static_cast<const char*>(piece.data()),
                     std::min(piece.size(), kBody - body_.size()));
        taken += piece.size();
      }
      return taken;
    }
    static void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

Failure malformed(const std::string& why) {
  return fail(Code::kCorrupt, "read response", "", "malformed HTTP response: " + why);
}

}  // namespace

struct HttpAnswer::Parser {
  Parser() { begin(); }
  void begin() {
    parser.emplace();
    looked = 0;
    parser->eager(true);
    parser->header_limit(kHead);
    parser->body_limit(boost::none);
  }
  // An answer before the answer. One that changes the protocol is the last.
  bool is_interim() const {
    const auto status = static_cast<int>(parser->get().result_int());
    return parser->is_done() && status >= kContinue && status < kOk && status != kSwitching;
  }

  // Whether the head has come whole. A line feed alone ends its lines too, as simple servers and
  // CGI programs write them: Go's reader takes that (net/textproto Reader.ReadLine), Beast does
  // not.
  bool mend_head() {
    auto at = pending.find('\n', looked - std::min<std::size_t>(looked, 2));
    for (; at != std::string::npos; at = pending.find('\n', at + 1)) {
      const auto rest = std::string_view(pending).substr(at + 1);
      if (rest.starts_with("\n") || rest.starts_with("\r\n")) break;
    }
    looked = pending.size();
    if (at == std::string::npos) return false;
    const auto end = pending.find('\n', at + 1) + 1;
    std::string head;
    for (std::size_t i = 0; i < end; ++i) {
      if (pending[i] == '\n' && !head.ends_with('\r')) head += '\r';
      head += pending[i];
    }
    pending.replace(0, end, head);
    return true;
  }

  std::optional<http::response_parser<Beginning>> parser;
  std::string pending;     // a head or a chunk that has not come whole
  std::size_t looked = 0;  // so far no end of the head was found in it
  int interim = 0;
};

HttpAnswer::HttpAnswer() : parser_(std::make_unique<Parser>()) {}
HttpAnswer::~HttpAnswer() = default;

Result<bool> HttpAnswer::take(std::string_view bytes) {
  parser_->pending.append(bytes);
  while (true) {
    const auto done = TRY(go_on());
    if (!done || !parser_->is_interim()) return done;
    if (++parser_->interim > kInterim) {
      return fail(Code::kCorrupt, "read response", "",
                  "net/http: too many 1xx informational responses");
    }
    parser_->begin();
  }
}

// As far as what has come goes; true: one answer is there.
Result<bool> HttpAnswer::go_on() {
  auto& parser = *parser_->parser;
  auto& pending = parser_->pending;
  if (!parser.got_some() &&
      !std::string_view(pending).starts_with(kBegin.substr(0, pending.size()))) {
    return malformed("\"" + pending.substr(0, pending.find_first_of("\r\n")) + "\"");
  }
  if (!parser.got_some() && !parser_->mend_head()) {
    if (pending.size() > kHead) return malformed("its head is too long");
    return false;
  }
  while (!parser.is_done() && !pending.empty()) {
    boost::system::error_code error;
    const auto used = parser.put(boost::asio::buffer(pending), error);
    pending.erase(0, used);
    if (error == http::error::need_more) {
      if (pending.size() > kHead) return malformed("a line is too long");
      break;
    }
    if (error) return malformed(error.message());
    if (used == 0) break;
  }
  return parser.is_done() || parser.get().body().size() >= kBody;
}

Result<void> HttpAnswer::end() {
  auto& parser = *parser_->parser;
  boost::system::error_code error;
  if (!parser.got_some()) {
    return fail(Code::kCorrupt, "read response", "",
                parser_->pending.empty() ? "EOF" : "unexpected EOF");
  }
  parser.put_eof(error);
  if (error) return fail(Code::kCorrupt, "read response", "", "unexpected EOF");
  return {};
}

int HttpAnswer::status() const { return static_cast<int>(parser_->parser->get().result_int()); }

std::string HttpAnswer::location() const {
  constexpr std::array kFollowed = {301, 302, 303, 307, 308};
  if (std::find(kFollowed.begin(), kFollowed.end(), status()) == kFollowed.end()) return {};
  return std::string(parser_->parser->get()[http::field::location]);
}

std::string_view HttpAnswer::body() const { return parser_->parser->get().body(); }

Answer HttpAnswer::judge() const {
  const auto code = status();
  if (code < 200 || code >= 400) {
    return {Verdict::kFailure, "HTTP probe failed with statuscode: " + std::to_string(code)};
  }
  if (code < 300) return {Verdict::kSuccess, {}};
  return {Verdict::kWarning, "Probe terminated redirects, Response body: " + std::string(body())};
}

}  // namespace podctl::probe
