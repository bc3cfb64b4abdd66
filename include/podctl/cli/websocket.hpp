// The client's end of a WebSocket (RFC 6455) after an HTTP upgrade: frames out (masked) and
// messages in.
//
// Used by `exec`. The codec is pure and fed with bytes; the socket does not block on writing,
// because a workload that reads no stdin must not keep its output from being shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/http.hpp"

namespace podctl::cli {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

// One whole frame, masked with `mask` as a client must.
std::string encode_frame(Opcode opcode, std::string_view payload, std::uint32_t mask);

struct Message {
  Opcode opcode = Opcode::kBinary;
  std::string payload;
};

// Puts messages together from bytes; control frames come between fragments.
class FrameReader {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  // The next whole message; nothing when more bytes are needed. kCorrupt breaks the connection.
  Result<std::optional<Message>> next();

 private:
  std::string buffer_;
  std::optional<Message> partial_;
};

// Sec-WebSocket-Accept for a key: base64(SHA-1(key + the RFC's GUID)).
std::string accept_key(std::string_view key);

class WebSocket {
 public:
  // Upgrades `client`'s connection. A refusal (Status object) comes as its Reply in `refused`.
  static Result<WebSocket> open(Client client, const std::string& target,
                                std::string_view protocols, Reply& refused);

  const std::string& protocol() const { return protocol_; }
  int fd() const { return fd_.get(); }
  // Queues one binary message; flush() sends what the kernel takes.
  void send(std::string_view payload);
  void close();
  Result<void> flush();
  std::size_t pending() const { return out_.size(); }
  // Reads what is there; false at the end of the connection.
  Result<bool> receive();
  // The next data message; pings are answered on the way. Nothing: call receive() again.
  Result<std::optional<std::string>> message();
  bool closed() const { return closed_; }

 private:
  UniqueFd fd_;
  std::string protocol_;
  FrameReader reader_;
  std::string out_;
  bool closed_ = false;
};

}  // namespace podctl::cli
