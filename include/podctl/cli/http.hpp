// A small HTTP/1.1 client over podctld's unix socket: one request at a time, kept alive, bodies
// whole or bit by bit (watch, log), and the handshake of a WebSocket.
//
// Used by the commands only, in the process podctl. Plain blocking sockets with deadlines, because
// a general library costs more to start than the whole of `get pods`. It starts nothing and prints
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::cli {

// Escapes a path segment or a query value (RFC 3986 unreserved characters stay).
std::string url_escape(std::string_view text);

// Builds "path?a=b&c=d".
class Target {
 public:
  explicit Target(std::string path) : text_(std::move(path)) {}
  Target& add(std::string_view name, std::string_view value);
  // Adds only what is not empty.
  Target& add_if(std::string_view name, std::string_view value);
  const std::string& str() const { return text_; }

 private:
  std::string text_;
  bool query_ = false;
};

// A body that is read while it is sent.
struct Upload {
  std::function<Result<std::string>()> next;  // a piece; empty at the end
  std::optional<std::uint64_t> size;          // unknown: sent in chunks

  explicit operator bool() const { return static_cast<bool>(next); }
};

// What is left to read of a descriptor (borrowed).
Upload file_upload(int fd);

struct Request {
  std::string_view method = "GET";
  std::string target;
  std::string body;
  std::string_view content_type = "application/json";
  std::vector<std::pair<std::string_view, std::string>> headers;
  Upload upload = {};  // sent as the body instead
};

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view name) const;
  // Texts of `Warning: 299 - "…"` headers.
  std::vector<std::string> warnings() const;
};

// Parses status line and headers, without the empty line. kCorrupt when it is not HTTP. Pure, for
// tests.
Result<Reply> parse_head(std::string_view head);

// Whether a request failed because podctld ended before it had read it: nothing has come of it, and
// it may be sent again, whatever it asks for.
bool never_read(const Error& error);

class Client {
 public:
  // kNotFound (no socket), kUnavailable (nobody listens), kPermissionDenied.
  static Result<Client> connect(const std::string& socket_path);

  // Sends and reads the whole reply. A reply of 300 and above is a reply, not an error.
  Result<Reply> request(const Request& request);

  // Sends and reads the head; the body follows through next(). Not ok() replies come with their
  // body.
  Result<Reply> open(const Request& request);
  // The next piece of the body; nothing at its end. kTimedOut at the deadline (CLOCK_MONOTONIC ns,
  // 0: none).
  Result<std::optional<std::string>> next(std::int64_t deadline_ns = 0);
  // True while next() can work without waiting.
  bool buffered() const { return !buffer_.empty(); }

  int fd() const { return fd_.get(); }
  // Hands out the socket and what was read beyond the head, after status 101.
  std::pair<UniqueFd, std::string> take() { return {std::move(fd_), std::move(buffer_)}; }
  // The process that listens (SO_PEERCRED); 0 if unknown.
  int peer_pid() const;

 private:
  Result<void> send(const Request& request);
  Result<void> send_all(std::string_view data);
  Result<void> send_body(const Upload& upload);
  Result<bool> fill(std::int64_t deadline_ns);
  Result<Reply> read_head();
  Result<std::optional<std::string>> next_chunk(std::int64_t deadline_ns);
  Result<std::optional<std::string>> next_plain(std::int64_t deadline_ns);

  UniqueFd fd_;
  std::string buffer_;
  bool chunked_ = false;
  std::optional<std::uint64_t>
      left_;  // of the body or chunk; absent: until the end of the connection
  bool in_chunk_ = false;
  bool done_ = true;
  bool reset_ = false;  // the connection ended with something unread at the other end
};

// CLOCK_MONOTONIC, ns.
std::int64_t monotonic_ns();

}  // namespace podctl::cli
