#include "podctl/cli/websocket.hpp"

#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cerrno>

namespace podctl::cli {
namespace {

constexpr std::uint64_t kMaxMessage = 16U << 20;

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

using Words = std::array<std::uint32_t, 5>;

void sha1_block(const unsigned char* block, Words& h) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = static_cast<std::uint32_t>(block[4 * i]) << 24 |
           static_cast<std::uint32_t>(block[4 * i + 1]) << 16 |
           static_cast<std::uint32_t>(block[4 * i + 2]) << 8 | block[4 * i + 3];
  }
  for (std::size_t i = 16; i < 80; ++i)
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = h;
  for (std::size_t i = 0; i < 80; ++i) {
    std::uint32_t f = b ^ c ^ d, k = 0xCA62C1D6;
    if (i < 20) {
      f = (b & c) | (~b & d), k = 0x5A827999;
    } else if (i < 40) {
      k = 0x6ED9EBA1;
    } else if (i < 60) {
      f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
    }
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

// SHA-1 as the handshake asks for it (FIPS 180-4); no security rests on it.
std::string sha1(std::string_view text) {
  std::string padded(text);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int i = 7; i >= 0; --i) padded += static_cast<char>(text.size() * 8 >> (8 * i) & 255);
  Words h{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (std::size_t i = 0; i < padded.size(); i += 64) {
    sha1_block(reinterpret_cast<const unsigned char*>(padded.data()) + i, h);
  }
  std::string digest;
  for (std::uint32_t word : h) {
    for (int i = 3; i >= 0; --i) digest += static_cast<char>(word >> (8 * i) & 255);
  }
  return digest;
}

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  // getrandom gives up to 256 bytes whole once the pool is up, which it is long before podctl runs.
  if (::getrandom(bytes.data(), n, 0) != static_cast<ssize_t>(n)) bytes.assign(n, 'p');
  return bytes;
}

}  // namespace

std::string accept_key(std::string_view key) {
  return base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string encode_frame(Opcode opcode, std::string_view payload, std::uint32_t mask) {
  std::string frame(1, static_cast<char>(0x80 | static_cast<int>(opcode)));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    frame += static_cast<char>(0x80 | 126);
    for (int i = 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i) & 255);
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int i = 7; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i) & 255);
  }
  for (int i = 3; i >= 0; --i) frame += static_cast<char>(mask >> (8 * i) & 255);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(payload[i] ^ static_cast<char>(mask >> (24 - 8 * (i % 4)) & 255));
  }
  return frame;
}

Result<std::optional<Message>> FrameReader::next() {
  for (;;) {
    if (buffer_.size() < 2) return std::optional<Message>();
    const auto byte = [&](std::size_t i) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(buffer_[i]));
    };
    const bool final = (byte(0) & 0x80) != 0;
    const auto opcode = static_cast<Opcode>(byte(0) & 15);
    if ((byte(1) & 0x80) != 0)
      return fail(Code::kCorrupt, "read a websocket frame", {}, "the server masked it");
    std::uint64_t size = byte(1) & 127;
    std::size_t head = 2;
    const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (extended > 0) {
      if (buffer_.size() < head + extended) return std::optional<Message>();
      size = 0;
      for (std::size_t i = 0; i < extended; ++i) size = size << 8 | byte(head + i);
      head += extended;
    }
    if (size > kMaxMessage)
      return fail(Code::kCorrupt, "read a websocket frame", {}, "it is larger than 16 MiB");
    if (buffer_.size() < head + size) return std::optional<Message>();
    std::string payload = buffer_.substr(head, size);
    buffer_.erase(0, head + size);
    if (static_cast<int>(opcode) >= 8) return std::optional(Message{opcode, std::move(payload)});
    if (!partial_) {
      if (opcode == Opcode::kContinuation)
        return fail(Code::kCorrupt, "read a websocket frame", {}, "nothing to continue");
      partial_ = Message{opcode, {}};
    }
    partial_->payload += payload;
    if (!final) continue;
    Message whole = std::move(*partial_);
    partial_.reset();
    return std::optional(std::move(whole));
  }
}

Result<WebSocket> WebSocket::open(Client client, const std::string& target,
                                  std::string_view protocols, Reply& refused) {
  const std::string key = base64(random_bytes(16));
  Request request;
  request.target = target;
  request.headers = {{"Connection", "Upgrade"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", key},
                     {"Sec-WebSocket-Protocol", std::string(protocols)}};
  Reply reply = TRY(client.open(request));
  if (reply.status != 101) {
    refused = std::move(reply);
    return fail(Code::kFailedPrecondition, "open a stream", target, "refused");
  }
  if (reply.header("sec-websocket-accept") != accept_key(key)) {
    return fail(Code::kCorrupt, "open a stream", target, "the handshake's answer does not fit");
  }
  WebSocket socket;
  socket.protocol_ = std::string(reply.header("sec-websocket-protocol"));
  auto [fd, rest] = client.take();
  socket.fd_ = std::move(fd);
  socket.reader_.feed(rest);
  return socket;
}

void WebSocket::send(std::string_view payload) {
  std::uint32_t mask = 0;
  for (char c : random_bytes(4)) mask = mask << 8 | static_cast<unsigned char>(c);
  out_ += encode_frame(Opcode::kBinary, payload, mask);
}

void WebSocket::close() { out_ += encode_frame(Opcode::kClose, "\x03\xe8", 0); }

Result<void> WebSocket::flush() {
  while (!out_.empty()) {
    const ssize_t n = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (n < 0) return fail_errno(errno, "write to podctld", {});
    out_.erase(0, static_cast<std::size_t>(n));
  }
  return {};
}

Result<bool> WebSocket::receive() {
  char block[64U << 10];
  const ssize_t n = ::recv(fd_.get(), block, sizeof block, MSG_DONTWAIT);
  if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return true;
  if (n < 0 && errno == ECONNRESET) return false;
  if (n < 0) return fail_errno(errno, "read from podctld", {});
  reader_.feed({block, static_cast<std::size_t>(n)});
  return n > 0;
}

Result<std::optional<std::string>> WebSocket::message() {
  for (;;) {
    auto message = TRY(reader_.next());
    if (!message) return std::optional<std::string>();
    if (message->opcode == Opcode::kPing) {
      out_ += encode_frame(Opcode::kPong, message->payload, 0);
    } else if (message->opcode == Opcode::kClose) {
      closed_ = true;
      return std::optional<std::string>();
    } else if (message->opcode != Opcode::kPong) {
      return std::optional(std::move(message->payload));
    }
  }
}

}  // namespace podctl::cli
