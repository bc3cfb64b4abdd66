#include "podctl/wire/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "podctl/wire/codec.hpp"

namespace podctl::wire {
namespace {

constexpr std::uint32_t kMagic = 0x50435457;  // "WTCP" in memory: neither text nor a small number
constexpr std::uint32_t kBodyInMemfd = 1;
constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

struct Header {
  std::uint32_t magic = kMagic;
  std::uint16_t version = kVersion;
  std::uint16_t type = 0;
  std::uint32_t request = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(Header) == 16);

bool peer_gone(int err) { return err == EPIPE || err == ECONNRESET || err == ENOTCONN; }

Failure peer_closed(const char* op) {
  return fail(Code::kUnavailable, op, {}, "the peer has closed");
}

// The body behind a memfd that a peer sent; refused unless nobody can change it any more.
Result<std::string> read_sealed(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) {
    return fail(Code::kCorrupt, "receive message", {}, "body not sealed");
  }
  struct stat st {};
  if (::fstat(fd, &st) != 0) return fail_errno(errno, "stat message body", {});
  if (st.st_size < 0 || static_cast<std::size_t>(st.st_size) > kMaxBody) {
    return fail(Code::kCorrupt, "receive message", {}, "body too large");
  }
  std::string body(static_cast<std::size_t>(st.st_size), '\0');
  std::size_t done = 0;
  while (done < body.size()) {
    const ssize_t n = ::pread(fd, body.data() + done, body.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno(n < 0 ? errno : EIO, "read message body", {});
    done += static_cast<std::size_t>(n);
  }
  return body;
}

std::vector<UniqueFd> take_fds(msghdr& header) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

Result<sockaddr_un> address_at(int directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Code::kInvalidArgument, "name socket", name, "too long");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<UniqueFd> open_directory(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", directory);
  return fd;
}

Result<UniqueFd> new_socket(int flags) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail_errno(errno, "make socket", {});
  return fd;
}

// Room for the control data of a message.
using Control = std::array<char, CMSG_SPACE((kMaxFds + 1) * sizeof(int))>;

void attach_fds(msghdr& header, Control& control, const std::vector<int>& fds) {
  if (fds.empty()) return;
  header.msg_control = control.data();
  header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
}

// Bytes of the datagram that is next, which stays; nothing when none is there (non-blocking).
Result<std::optional<std::size_t>> next_size(int fd) {
  for (;;) {
    const ssize_t n = ::recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC);
    if (n >= 0) {
      if (static_cast<std::size_t>(n) > kMaxInline + sizeof(Header)) {
        return fail(Code::kCorrupt, "receive message", {}, "not a podctl datagram");
      }
      return std::optional<std::size_t>(static_cast<std::size_t>(n));
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return std::optional<std::size_t>();
    if (peer_gone(errno)) return peer_closed("receive message");
    return fail_errno(errno, "receive message", {});
  }
}

}  // namespace

Result<UniqueFd> sealed_memfd(const std::string& name, std::string_view contents) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno(errno, "make memfd", name);
  while (!contents.empty()) {
    const ssize_t n = ::write(fd.get(), contents.data(), contents.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write memfd", name);
    contents.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return fail_errno(errno, "seal memfd", name);
  return fd;
}

Result<std::pair<Socket, Socket>> Socket::pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return fail_errno(errno, "make socketpair", {});
  }
  return std::pair(Socket(UniqueFd(fds[0])), Socket(UniqueFd(fds[1])));
}

Result<void> Socket::set_nonblocking() {
  const int flags = ::fcntl(fd_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno(errno, "set non-blocking", "socket");
  }
  return {};
}

bool Socket::hung_up() const {
  pollfd end{.fd = fd_.get(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&end, 1, 0) != 0;
}

Result<void> Socket::send(Message message) {
  if (message.fds.size() > kMaxFds) {
    return fail(Code::kInvalidArgument, "send message", {}, "too many descriptors");
  }
  if (message.body.size() > kMaxBody) {
    return fail(Code::kInvalidArgument, "send message", {}, "body too large");
  }
  if (queue_.empty()) {
    if (TRY(try_send(message))) return {};
  }
  queue_.push_back(std::move(message));
  return {};
}

Result<void> Socket::flush() {
  while (!queue_.empty()) {
    if (!TRY(try_send(queue_.front()))) return {};
    queue_.pop_front();
  }
  return {};
}

Result<bool> Socket::try_send(const Message& message) {
  Header header;
  header.type = message.type;
  header.request = message.request;
  std::vector<int> fds;
  UniqueFd body;
  if (message.body.size() > kMaxInline) {
    body = TRY(sealed_memfd("podctl-message", message.body));
    header.flags = kBodyInMemfd;
    fds.push_back(body.get());
  }
  for (const UniqueFd& fd : message.fds) fds.push_back(fd.get());

  std::array<iovec, 2> parts{{{&header, sizeof(header)}, {nullptr, 0}}};
  if (!body) parts[1] = {const_cast<char*>(message.body.data()), message.body.size()};
  msghdr out{};
  out.msg_iov = parts.data();
  out.msg_iovlen = parts.size();
  alignas(cmsghdr) Control control{};
  attach_fds(out, control, fds);
  while (::sendmsg(fd_.get(), &out, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return false;
    if (peer_gone(errno)) return peer_closed("send message");
    return fail_errno(errno, "send message", {});
  }
  return true;
}

Result<std::optional<Message>> Socket::receive() {
  Header header;
  Message message;
  // Only as much memory as the datagram needs: for a process that lives for milliseconds, or one
  // that idles for days, the largest buffer would be most of what it holds.
  const auto size = TRY(next_size(fd_.get()));
  if (!size) return std::optional<Message>();
  message.body.resize(*size > sizeof(header) ? *size - sizeof(header) : 0);
  std::array<iovec, 2> parts{
      {{&header, sizeof(header)}, {message.body.data(), message.body.size()}}};
  alignas(cmsghdr) Control control{};
  msghdr in{};
  in.msg_iov = parts.data();
  in.msg_iovlen = parts.size();
  in.msg_control = control.data();
  in.msg_controllen = control.size();
  ssize_t n = -1;
  while ((n = ::recvmsg(fd_.get(), &in, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return std::optional<Message>();
    if (peer_gone(errno)) return peer_closed("receive message");
    return fail_errno(errno, "receive message", {});
  }
  message.fds = take_fds(in);
  if (n == 0) return peer_closed("receive message");
  if (static_cast<std::size_t>(n) < sizeof(header) || header.magic != kMagic ||
      (in.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return fail(Code::kCorrupt, "receive message", {}, "not a podctl datagram");
  }
  message.type = header.type;
  message.request = header.request;
  message.version = header.version;
  if ((header.flags & kBodyInMemfd) != 0) {
    if (message.fds.empty()) return fail(Code::kCorrupt, "receive message", {}, "no body");
    message.body = TRY(read_sealed(message.fds.front().get()));
    message.fds.erase(message.fds.begin());
  }
  return std::optional<Message>(std::move(message));
}

Result<UniqueFd> listen_at(const std::string& directory, const std::string& name) {
  UniqueFd dir = TRY(open_directory(directory));
  UniqueFd fd = TRY(new_socket(SOCK_NONBLOCK));
  const sockaddr_un address = TRY(address_at(dir.get(), name));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail_errno(errno, "bind socket", directory + "/" + name);
  }
  if (::fchmodat(dir.get(), name.c_str(), 0600, 0) != 0) {
    return fail_errno(errno, "set mode of socket", directory + "/" + name);
  }
  // One that is stopped accepts nobody: every podctld that dies meanwhile leaves a connection in
  // the queue, and connecting to a full one would hold the next podctld up for good.
  if (::listen(fd.get(), SOMAXCONN) != 0) {
    return fail_errno(errno, "listen on socket", directory + "/" + name);
  }
  return fd;
}

Result<Socket> connect_at(const std::string& directory, const std::string& name) {
  UniqueFd dir = TRY(open_directory(directory));
  UniqueFd fd = TRY(new_socket(0));
  const sockaddr_un address = TRY(address_at(dir.get(), name));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == ECONNREFUSED) {
      return fail(Code::kUnavailable, "connect", directory + "/" + name, "nobody listens");
    }
    return fail_errno(errno, "connect", directory + "/" + name);
  }
  return Socket(std::move(fd));
}

Result<Socket> accept_from(int listener) {
  UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) {
    if (errno == EAGAIN || errno == ECONNABORTED) {
      return fail(Code::kUnavailable, "accept connection", {}, "nobody waits");
    }
    return fail_errno(errno, "accept connection", {});
  }
  return Socket(std::move(fd));
}

}  // namespace podctl::wire
