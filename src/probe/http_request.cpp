#include "probe/http_request.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <string_view>

#include "podctl/base/text.hpp"
#include "probe/dial.hpp"

namespace podctl::probe {
namespace {

constexpr std::uint16_t kHttp = 80, kHttps = 443;

// What no request line can hold is escaped, as Go's URL does with a path that it cannot parse.
std::string request_target(const std::string& path) {
  constexpr std::string_view kRefused = "\"<>\\^`{|}";
  std::string target = path.starts_with('/') ? "" : "/";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || kRefused.find(c) != std::string_view::npos) {
      target += "%" + text::hex(byte, 2);
    } else {
      target += c;
    }
  }
  return target.substr(0, target.find('#'));
}

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [lower](char x, char y) { return lower(x) == lower(y); });
}

const std::string* find(const HttpRequest& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (same(header, name)) return &value;
  }
  return nullptr;
}

bool fits(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

// Present and empty, it is not sent at all.
void usual(const HttpRequest& request, std::string_view name, const std::string& value,
           std::string& out) {
  const auto* given = find(request, name);
  const auto& sent = given == nullptr ? value : *given;
  if (!sent.empty()) out += std::string(name) + ": " + sent + "\r\n";
}

}  // namespace

std::string url_of(const HttpRequest& request) {
  return (request.tls ? "https://" : "http://") + host_port(request.host, request.port) +
         request_target(request.path);
}

Result<std::string> write_request(const HttpRequest& request) {
  std::string out = "GET " + request_target(request.path) + " HTTP/1.1\r\n";
  usual(request, "Host", host_port(request.host, request.port), out);
  usual(request, "User-Agent", request.agent, out);
  usual(request, "Accept", "*/*", out);
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || !fits(name) || name.find(':') != std::string::npos || !fits(value)) {
      return fail(Code::kInvalidArgument, "", "",
                  "net/http: invalid header field value for \"" + name + "\"");
    }
    if (same(name, "Host") || same(name, "User-Agent") || same(name, "Accept")) continue;
    out += name + ": " + value + "\r\n";
  }
  return out + "Connection: close\r\n\r\n";
}

std::optional<HttpRequest> redirected(const HttpRequest& request, const std::string& location) {
  namespace urls = boost::urls;
  const auto base = url_of(request);
  const auto from = urls::parse_uri(base);
  const auto to = urls::parse_uri_reference(location);
  if (!from || !to) return std::nullopt;
  urls::url resolved;
  if (!urls::resolve(*from, *to, resolved)) return std::nullopt;
  const bool tls = resolved.scheme_id() == urls::scheme::https;
  if (!tls && resolved.scheme_id() != urls::scheme::http) return std::nullopt;
  std::string host(resolved.encoded_host_address());
  if (!same(host, request.host)) return std::nullopt;
  HttpRequest next = request;
  next.tls = tls;
  next.port = resolved.has_port() ? resolved.port_number() : tls ? kHttps : kHttp;
  next.path = std::string(resolved.encoded_resource());
  // The server named another URL as a whole: the Host of the manifest was of the one before (Go
  // net/http client.go).
  if (to->has_scheme()) {
    std::erase_if(next.headers, [](const auto& header) { return same(header.first, "Host"); });
  }
  return next;
}

}  // namespace podctl::probe
