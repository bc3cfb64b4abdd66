// One end of a SOCK_SEQPACKET connection that carries typed messages and descriptors.
//
// Used by engine and shim (non-blocking, with a queue) and by shim and init (blocking socketpair).
// Knows nothing of what a message means: messages.hpp and launch.hpp do.
//
//   datagram  = magic (u32) | version (u16) | type (u16) | request id (u32) | flags (u32) | body
//   SCM_RIGHTS: the message's descriptors. A body over 64 KiB travels as one more, the first: a
//   memfd sealed against every change, so that nobody can alter it while it is read. flags bit 0
//   says so.
// A datagram ends at 212,960 bytes and SCM_RIGHTS at 253 descriptors (measured, Linux 6.18).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::wire {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kMaxInline = 64U << 10;  // bytes of a body inside the datagram
inline constexpr std::size_t kMaxFds = 128;           // descriptors of one message

struct Message {
  std::uint16_t type = 0;
  std::uint32_t request = 0;
  std::string body;
  std::vector<UniqueFd> fds;
  std::uint16_t version = kVersion;  // the sender's; set by send
};

class Socket {
 public:
  Socket() = default;
  explicit Socket(UniqueFd fd) : fd_(std::move(fd)) {}
  // Two connected ends, CLOEXEC, blocking.
  static Result<std::pair<Socket, Socket>> pair();

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd release() { return std::move(fd_); }
  Result<void> set_nonblocking();
  // The peer has closed or is dead, though messages of it may still be there to be received.
  bool hung_up() const;

  // Takes the message. On a non-blocking socket whose peer is slow it is queued: see pending().
  // kUnavailable: the peer is gone.
  Result<void> send(Message message);
  // True while messages wait for the socket to become writable; then call flush().
  bool pending() const { return !queue_.empty(); }
  Result<void> flush();

  // The next message, its descriptors CLOEXEC. Nothing: none is there now (non-blocking only).
  // kUnavailable: the peer has closed. kCorrupt: not ours, or cut.
  Result<std::optional<Message>> receive();

 private:
  // False when the socket is full.
  Result<bool> try_send(const Message& message);

  UniqueFd fd_;
  std::deque<Message> queue_;
};

// Binds (and listens) or connects through a descriptor of the socket's directory: a socket path
// ends at 108 bytes, /proc/self/fd/N/name never gets there. The directory must exist; `name` is one
// component.
Result<UniqueFd> listen_at(const std::string& directory, const std::string& name);
Result<Socket> connect_at(const std::string& directory, const std::string& name);
// kUnavailable when nobody waits (non-blocking listener).
Result<Socket> accept_from(int listener);

// A memfd with the contents, sealed against writing, growing, shrinking and further seals.
Result<UniqueFd> sealed_memfd(const std::string& name, std::string_view contents);

}  // namespace podctl::wire
