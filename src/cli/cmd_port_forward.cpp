// port-forward: listens here; each connection becomes a stream of its own to a port of the pod,
// which podctld dials from within the pod's network.
//
// The stream is a WebSocket with Kubernetes' channels: 0 the connection's bytes, 1 an error's text,
// each begun by the port's two bytes; 255 "channel closed" carries the end of one direction.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <list>

#include "cli/forward_spec.hpp"
#include "cli/pod_actions.hpp"
#include "cli/pod_end.hpp"
#include "cli/terminal.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/websocket.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kLag = 256U << 10;  // bytes under way in a direction before it pauses

struct Listener {
  UniqueFd fd;
  ForwardedPort port;
};

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

socklen_t fill(Address& address, const std::string& ip, std::uint16_t port) {
  std::memset(&address, 0, sizeof address);
  if (::inet_pton(AF_INET, ip.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    return sizeof address.v4;
  }
  ::inet_pton(AF_INET6, ip.c_str(), &address.v6.sin6_addr);
  address.v6.sin6_family = AF_INET6;
  address.v6.sin6_port = htons(port);
  return sizeof address.v6;
}

// "127.0.0.1:8080", "[::1]:8080"
std::string shown(const std::string& ip, std::uint16_t port) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

// A port of 0 becomes the one that the kernel has chosen.
Result<UniqueFd> listen_on(const std::string& ip, std::uint16_t& port) {
  Address address;
  socklen_t size = fill(address, ip, port);
  UniqueFd fd(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::string where = shown(ip, port);
  if (!fd) return fail_errno(errno, "listen", where);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.any.sa_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), &address.any, size) != 0 || ::listen(fd.get(), 128) != 0)
    return fail_errno(errno, "listen", where);
  if (::getsockname(fd.get(), &address.any, &size) != 0) return fail_errno(errno, "listen", where);
  port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
  return fd;
}

// One connection between here and the pod.
class Tunnel {
 public:
  Tunnel(UniqueFd local, WebSocket socket, ForwardedPort port)
      : local_(std::move(local)), socket_(std::move(socket)), port_(port) {}

  void fill(std::array<pollfd, 2>& fds) const {
    const bool read_local = !local_ended_ && socket_.pending() < kLag;
    const bool read_remote = !over_ && out_.size() < kLag;
    fds[0] = {.fd = local_.get(), .events = 0, .revents = 0};
    if (read_local) fds[0].events |= POLLIN;
    if (!out_.empty()) fds[0].events |= POLLOUT;
    if (fds[0].events == 0) fds[0].fd = -1;  // else POLLHUP would be told again and again
    fds[1] = {.fd = socket_.fd(), .events = 0, .revents = 0};
    if (read_remote) fds[1].events |= POLLIN;
    if (socket_.pending() > 0) fds[1].events |= POLLOUT;
    if (fds[1].events == 0) fds[1].fd = -1;
  }

  // Moves what there is; false when the connection is over.
  bool serve(Invocation& in, const std::array<pollfd, 2>& fds) {
    if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive(in)) over_ = true;
    if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !local_ended_) read_local();
    return flush();
  }
  // What came with the handshake's answer.
  bool begin(Invocation& in) { return take_messages(in) && flush(); }

 private:
  bool receive(Invocation& in) {
    const auto open = socket_.receive();
    return take_messages(in) && open && *open;
  }

  bool take_messages(Invocation& in) {
    for (;;) {
      const auto message = socket_.message();
      if (!message) return false;
      if (!*message) return !socket_.closed();
      if ((*message)->size() < 2) continue;
      take(in, (*message)->front(), std::string_view(**message).substr(1));
    }
  }

  void take(Invocation& in, char channel, std::string_view data) {
    if (channel == '\xff') {
      if (data[0] == 0) remote_ended_ = true;
      return;
    }
    if (channel != 0 && channel != 1) return;
    // The first message of a channel is the port's number.
    if (!begun_[static_cast<std::size_t>(channel)]) {
      begun_[static_cast<std::size_t>(channel)] = true;
      return;
    }
    if (channel == 0) {
      out_ += data;
      return;
    }
    in.err("error: an error occurred forwarding " + std::to_string(port_.local) + " -> " +
           std::to_string(port_.remote) + ": " + utf8::printable(data) + "\n");
  }

  void read_local() {
    std::string block(1 + (32U << 10), '\0');
    const auto n = ::recv(local_.get(), block.data() + 1, block.size() - 1, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) {
      block.resize(static_cast<std::size_t>(n) + 1);
      return socket_.send(block);
    }
    local_ended_ = true;
    if (n < 0) over_ = true;  // reset
    socket_.send(std::string("\xff\0", 2));
  }

  bool flush() {
    while (!out_.empty()) {
      const auto n = ::send(local_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) return false;
      out_.erase(0, static_cast<std::size_t>(n));
    }
    if (out_.empty() && remote_ended_ && !told_) {
      told_ = true;
      ::shutdown(local_.get(), SHUT_WR);
    }
    if (!socket_.flush()) return false;
    if (over_) return !out_.empty();
    return !(told_ && local_ended_ && socket_.pending() == 0);
  }

  UniqueFd local_;
  WebSocket socket_;
  ForwardedPort port_;
  std::string out_;  // for the local end
  std::array<bool, 2> begun_{};
  bool local_ended_ = false, remote_ended_ = false, told_ = false, over_ = false;
};

class Forwarding {
 public:
  Forwarding(Invocation& in, const std::string& ns, const std::string& pod, std::string uid)
      : in_(in), target_(pods_path(ns, pod) + "/portforward"), uid_(uid), pod_(in, ns, pod, uid) {}

  // Whether the port is served; what cannot be listened on is told in kubectl's words.
  bool listen(const std::vector<ListenAddress>& addresses, ForwardedPort port) {
    std::vector<bool> listens;
    std::string problems;
    for (const ListenAddress& address : addresses) {
      auto fd = listen_on(address.ip, port.local);
      listens.push_back(static_cast<bool>(fd));
      if (!fd) {
        problems += problems.empty() ? "" : " ";
        problems += "unable to create listener: Error " + fd.error().message();
        continue;
      }
      in_.out("Forwarding from " + shown(address.ip, port.local) + " -> " +
              std::to_string(port.remote) + "\n");
      listeners_.push_back({std::move(*fd), port});
    }
    if (port_listens(addresses, listens)) return true;
    in_.err("Unable to listen on port " + std::to_string(port.local) +
            ": Listeners failed to create with the following errors: [" + problems + "]\n");
    return false;
  }

  // Until one of these signals ends it, or the pod does.
  int run(int signals) {
    lost_ = !pod_.follow().value_or(false);
    while (!lost_) {
      if (!round(signals)) return kDone;
    }
    return in_.failed("lost connection to pod");
  }

 private:
  // False when a signal ends it.
  bool round(int signals) {
    std::vector<pollfd> fds{{signals, POLLIN, 0}, {pod_.fd(), POLLIN, 0}};
    const std::size_t before = fds.size();
    for (const Listener& l : listeners_) fds.push_back({l.fd.get(), POLLIN, 0});
    for (const Tunnel& tunnel : tunnels_) {
      std::array<pollfd, 2> own{};
      tunnel.fill(own);
      fds.insert(fds.end(), own.begin(), own.end());
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) return errno == EINTR;
    while (const int signal = take_signal(signals)) {
      if (signal != SIGWINCH) return false;
    }
    std::size_t at = before + listeners_.size();
    for (auto tunnel = tunnels_.begin(); tunnel != tunnels_.end(); at += 2) {
      const bool more = tunnel->serve(in_, {fds[at], fds[at + 1]});
      tunnel = more ? std::next(tunnel) : tunnels_.erase(tunnel);
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (fds[before + i].revents != 0) take_connection(listeners_[i]);
    }
    if (fds[1].revents != 0 && !pod_.take().value_or(false)) lost_ = true;
    return true;
  }

  void take_connection(const Listener& listener) {
    UniqueFd local(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!local) return;
    in_.out("Handling connection for " + std::to_string(listener.port.local) + "\n");
    auto client = in_.connect();
    Reply refused;
    Target target(target_);
    target.add("ports", std::to_string(listener.port.remote)).add("uid", uid_);
    auto socket =
        client ? WebSocket::open(std::move(*client), target.str(), "v5.channel.k8s.io", refused)
               : Result<WebSocket>(Failure(client.error()));
    if (!socket) {
      in_.err("error: an error occurred forwarding " + std::to_string(listener.port.local) +
              " -> " + std::to_string(listener.port.remote) + ": " +
              (refused.status != 0 ? refusal_text(refused) : socket.error().message()) + "\n");
      lost_ = refused.status != 0;
      return;
    }
    Tunnel tunnel(std::move(local), std::move(*socket), listener.port);
    if (tunnel.begin(in_)) tunnels_.push_back(std::move(tunnel));
  }

  Invocation& in_;
  std::string target_, uid_;
  PodEnd pod_;
  std::vector<Listener> listeners_;
  std::list<Tunnel> tunnels_;
  bool lost_ = false;
};

}  // namespace

int run_port_forward(Invocation& in) {
  const auto pod = parse_pod(in.args.operands[0]);
  if (!pod) return in.usage(pod.error().message());
  if (in.args.operands.size() < 2) return in.usage("at least 1 PORT is required for port-forward");
  const auto addresses = parse_addresses(in.args.get("address", "localhost"));
  if (!addresses) return in.usage(addresses.error().message());
  const auto until = running_deadline(in);
  if (!until) return in.usage(until.error().message());
  const auto object = running_pod(
      in, *pod, [](View) { return false; }, *until);
  if (!object) return in.failed(object.error());
  std::vector<ForwardedPort> ports;
  for (std::size_t i = 1; i < in.args.operands.size(); ++i) {
    auto port = parse_forwarded_port(in.args.operands[i], *object);
    if (!port) return in.usage(port.error().message());
    ports.push_back(*port);
  }
  const std::string_view phase = View(*object)["status"]["phase"].str();
  if (phase != "Running") {
    return in.failed("unable to forward port because pod is not running. Current status=" +
                     std::string(phase));
  }
  // Before anybody is told that it listens, and may want it to end.
  const auto signals = terminal_signals();
  if (!signals) return in.failed(signals.error());
  Forwarding forwarding(in, in.ns(), *pod, std::string(View(*object)["metadata"]["uid"].str()));
  bool any = false;
  std::string asked;
  for (const ForwardedPort& port : ports) {
    any = forwarding.listen(*addresses, port) || any;
    asked += asked.empty() ? "" : " ";
    asked += "{" + std::to_string(port.local) + " " + std::to_string(port.remote) + "}";
  }
  if (!any) return in.failed("unable to listen on any of the requested ports: [" + asked + "]");
  return forwarding.run(signals->get());
}

}  // namespace podctl::cli
