// What the API's handlers see of HTTP: a parsed request and the ways to answer it. No Beast, no
// sockets.
//
// Used by every file of server, on podctld's loop. A handler keeps its Exchange for as long as it
// needs; an Exchange that is dropped unanswered answers 500. Never touches node.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/node/refusal.hpp"

namespace podctl::server {

// The parameters of a target, decoded, in order.
class Query {
 public:
  Query() = default;
  explicit Query(std::vector<std::pair<std::string, std::string>> pairs)
      : pairs_(std::move(pairs)) {}
  std::optional<std::string> get(std::string_view name) const;
  std::string get_or(std::string_view name, std::string_view otherwise) const;
  std::vector<std::string> all(std::string_view name) const;
  // "1", "true", "t" (any case) and a bare name are true, as Kubernetes reads them.
  bool flag(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Target {
  std::vector<std::string> segments;  // decoded; none is empty, "." or ".."
  Query query;
};

// kInvalidArgument for a broken percent escape, a NUL, an empty or dot segment. A final slash is
// dropped.
Result<Target> parse_target(std::string_view target);

struct Request {
  std::string method;  // "GET"
  Target target;
  std::string accept, content_type;
  std::string body;    // empty for uploads
  std::string upload;  // path of a temporary file that holds the body; removed with the exchange
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::string> warnings;  // each becomes `Warning: 299 - "…"`
};

// A body that is written bit by bit (watch, log).
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void write(std::string chunk) = 0;
  virtual void end() = 0;
  // Bytes handed to write() and not yet taken by the kernel.
  virtual std::size_t pending() const = 0;
  // Called once when the client is gone or the stream has ended; set it before the first write.
  virtual void on_close(std::function<void()> closed) = 0;
  // Called whenever everything written has been taken.
  virtual void on_drained(std::function<void()> drained) = 0;
};

// The first byte of a message of exec and attach.
enum Channel : char {
  kStdin = 0,
  kStdout = 1,
  kStderr = 2,
  kStatus = 3,  // the final one
  kResize = 4,
  kCloseChannel = '\xff'  // in v5: closes the channel named by the next byte
};

// What the client wants the connection to become.
enum class Upgrade : std::uint8_t { kNone, kWebSocket, kSpdy };

// A connection after its upgrade: a WebSocket, whose messages are binary, or what lies over one.
class Socket {
 public:
  virtual ~Socket() = default;
  virtual const std::string& protocol() const = 0;  // the subprotocol that was agreed on
  virtual void send(std::string message) = 0;
  virtual void close() = 0;  // after what was sent
  virtual std::size_t pending() const = 0;
  virtual void on_message(std::function<void(std::string)> message) = 0;
  virtual void on_close(std::function<void()> closed) = 0;
  virtual void on_drained(std::function<void()> drained) = 0;
  // Stops (or takes up) reading, so that a slow reader of stdin slows the client.
  virtual void pause_reading(bool paused) = 0;
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;
  virtual void reply(Response response) = 0;
  // Answers 200 with a chunked body.
  virtual std::shared_ptr<Stream> stream(std::string content_type) = 0;
  virtual Upgrade upgrade() const = 0;
  // Finishes the handshake with the first of `protocols` that the client offers; an empty pointer
  // to `ready` when it offers none or is gone (the client has its answer by then).
  virtual void accept_websocket(std::vector<std::string> protocols,
                                std::function<void(std::shared_ptr<Socket>)> ready) = 0;
  // The same with SPDY/3.1; the socket's messages are bytes of frames, parted anywhere.
  virtual void accept_spdy(std::vector<std::string> protocols,
                           std::function<void(std::shared_ptr<Socket>)> ready) = 0;

  void refuse(const node::Refusal& refusal);
  void refuse(const Error& error) { refuse(node::refusal_from(error)); }
};

using Handler = std::function<void(std::shared_ptr<Exchange>)>;

// The Status object of a refusal, and of a success.
std::string status_json(const node::Refusal& refusal);
std::string success_json(std::string_view kind, std::string_view name, std::string_view uid);

}  // namespace podctl::server
