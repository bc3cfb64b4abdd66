// port-forward over a WebSocket, as the kubelet serves it (kubernetes/cri-streaming
// portforward/websocket.go): for the n-th port channel 2n carries a connection's bytes and 2n+1 the
// text of its error, each begun by the port's number in two bytes. In v5, 255 closes the channel
// named by the next byte: the end of one direction.
//
// The sockets are made in the pod's network by its shim; dialling and all that follows is done
// here.
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "handlers.hpp"
#include "podctl/base/text.hpp"
#include "podctl/engine/engine.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kLag = 1U << 20;  // bytes under way in a direction before it pauses
constexpr char kCloseChannel = '\xff';
constexpr std::size_t kMostPorts = 100;  // channels are numbered by a byte

// One port of a session: one connection.
class PortLink : public std::enable_shared_from_this<PortLink> {
 public:
  PortLink(asio::io_context& io, std::shared_ptr<Socket> socket, std::uint16_t port, char channel)
      : socket_(std::move(socket)), port_(port), channel_(channel), tcp_(io), other_(io) {
    const std::string number{static_cast<char>(port & 255), static_cast<char>(port >> 8)};
    socket_->send(channel_ + number);
    socket_->send(static_cast<char>(channel_ + 1) + number);
  }

  // localhost of the pod: IPv4, then IPv6, as containerd dials it.
  void dial(Result<std::vector<UniqueFd>> sockets) {
    if (!socket_) return;
    if (!sockets || sockets->empty())
      return refuse(sockets ? "the pod has no network" : sockets.error().message());
    assign(tcp_, tcp::v4(), (*sockets)[0]);
    if (sockets->size() > 1) assign(other_, tcp::v6(), (*sockets)[1]);
    tcp_.async_connect({asio::ip::address_v4::loopback(), port_},
                       [self = shared_from_this()](error_code error) {
                         if (!error) return self->connected();
                         self->dial_v6("IPv4: dial tcp4 127.0.0.1:" + std::to_string(self->port_) +
                                       ": " + error.message());
                       });
  }

  void take(std::string data) {
    if (ended_) return;
    waiting_ += data.size();
    input_.push_back(std::move(data));
    write();
  }
  // The client has no more to send.
  void end() {
    ended_ = true;
    write();
  }
  std::size_t waiting() const { return waiting_; }
  void drained() {
    if (std::exchange(paused_, false)) read();
  }
  void close() {
    socket_.reset();
    error_code ignored;
    tcp_.close(ignored);
    other_.close(ignored);
  }
  bool over() const { return over_; }
  std::function<void()> on_change;

 private:
  static void assign(tcp::socket& socket, const tcp& protocol, UniqueFd& fd) {
    error_code error;
    socket.assign(protocol, fd.get(), error);
    if (!error) (void)fd.release();
  }

  void dial_v6(std::string cause) {
    if (!socket_) return;
    error_code ignored;
    tcp_.close(ignored);
    if (!other_.is_open()) return refuse(cause);
    tcp_ = std::move(other_);
    tcp_.async_connect({asio::ip::address_v6::loopback(), port_},
                       [self = shared_from_this(), cause = std::move(cause)](error_code error) {
                         if (!error) return self->connected();
                         self->refuse(cause + " IPv6: dial tcp6 [::1]:" +
                                      std::to_string(self->port_) + ": " + error.message());
                       });
  }

  void refuse(const std::string& cause) {
    if (socket_) {
      socket_->send(
          static_cast<char>(channel_ + 1) +
          ("failed to connect to localhost:" + std::to_string(port_) + " in the pod, " + cause));
    }
    finish();
  }

  void connected() {
    if (!socket_) return;
    error_code ignored;
    other_.close(ignored);
    tcp_.set_option(tcp::no_delay(true), ignored);
    connected_ = true;
    write();
    read();
  }

  void write() {
    if (!connected_ || writing_) return;
    if (input_.empty()) {
      error_code ignored;
      if (ended_) tcp_.shutdown(tcp::socket::shutdown_send, ignored);
      if (ended_ && remote_ended_) finish();
      return;
    }
    writing_ = true;
    asio::async_write(tcp_, asio::buffer(input_.front()),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->writing_ = false;
                        if (error) return self->finish();
                        self->waiting_ -= self->input_.front().size();
                        self->input_.pop_front();
                        if (self->on_change) self->on_change();
                        self->write();
                      });
  }

  void read() {
    if (!socket_) return;
    if (socket_->pending() > kLag) {
      paused_ = true;
      return;
    }
    tcp_.async_read_some(
        asio::buffer(block_), [self = shared_from_this()](error_code error, std::size_t n) {
          if (!self->socket_) return;
          if (error == asio::error::eof) return self->half_close();
          if (error) return self->finish();
          self->socket_->send(self->channel_ + std::string(self->block_.data(), n));
          self->read();
        });
  }

  // The pod has no more to send; the client may have.
  void half_close() {
    remote_ended_ = true;
    if (socket_->protocol().starts_with("v5")) {
      socket_->send(std::string{kCloseChannel, channel_});
      if (!ended_) return;
    }
    finish();
  }

  void finish() {
    over_ = true;
    error_code ignored;
    tcp_.close(ignored);
    if (on_change) on_change();
  }

  std::shared_ptr<Socket> socket_;
  std::uint16_t port_;
  char channel_;
  tcp::socket tcp_, other_;
  std::array<char, 32768> block_{};
  std::deque<std::string> input_;
  std::size_t waiting_ = 0;
  bool connected_ = false, writing_ = false, ended_ = false, paused_ = false, over_ = false;
  bool remote_ended_ = false;
};

class ForwardSession : public std::enable_shared_from_this<ForwardSession> {
 public:
  explicit ForwardSession(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}

  void begin(node::Node& node, const std::string& uid, const std::vector<std::uint16_t>& ports) {
    auto self = shared_from_this();
    socket_->on_message([self](std::string message) { self->on_message(std::move(message)); });
    socket_->on_close([self] { self->close(); });
    socket_->on_drained([self] {
      for (const auto& link : self->links_) link->drained();
    });
    for (std::size_t i = 0; i < ports.size(); ++i) {
      auto link = std::make_shared<PortLink>(node.context().io, socket_, ports[i],
                                             static_cast<char>(2 * i));
      link->on_change = [weak = weak_from_this()] {
        if (const auto session = weak.lock()) session->changed();
      };
      links_.push_back(link);
      node.engine().pod_sockets(
          uid, [link](Result<std::vector<UniqueFd>> sockets) { link->dial(std::move(sockets)); });
    }
  }

 private:
  PortLink* link(char channel) {
    const auto number = static_cast<unsigned char>(channel);
    return number % 2 == 0 && number / 2 < links_.size() ? links_[number / 2].get() : nullptr;
  }

  void on_message(std::string message) {
    if (message.size() < 2) return;
    const char channel = message[0];
    if (channel == kCloseChannel) {
      if (auto* to = link(message[1])) to->end();
    } else if (auto* to = link(channel)) {
      message.erase(0, 1);
      to->take(std::move(message));
    }
    changed();
  }

  void changed() {
    if (!socket_) return;
    bool slow = false, over = true;
    for (const auto& link : links_) {
      slow = slow || link->waiting() > kLag;
      over = over && link->over();
    }
    if (over) return socket_->close();
    if (slow != std::exchange(paused_, slow)) socket_->pause_reading(slow);
  }

  void close() {
    socket_.reset();
    for (const auto& link : std::exchange(links_, {})) link->close();
  }

  std::shared_ptr<Socket> socket_;
  std::vector<std::shared_ptr<PortLink>> links_;
  bool paused_ = false;
};

}  // namespace

void start_port_forward(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return;
  if (!exchange->wants_websocket())
    return exchange->refuse(node::bad_request("Upgrade request required"));
  std::vector<std::uint16_t> ports;
  for (const auto& value : exchange->request().target.query.all("ports")) {
    for (const auto word : text::split(value, ',')) {
      const auto port = text::parse_u64(word);
      if (!port || *port == 0 || *port > 65535)
        return exchange->refuse(node::bad_request("invalid port '" + std::string(word) + "'"));
      ports.push_back(static_cast<std::uint16_t>(*port));
    }
  }
  if (ports.empty() || ports.size() > kMostPorts)
    return exchange->refuse(node::bad_request("you must specify at least 1 port, at most 100"));
  const auto* worker = node.worker(record->object->metadata.uid);
  if (worker == nullptr || !worker->sandbox()) {
    return exchange->refuse(
        node::bad_request("unable to forward port because pod is not running. Current status=" +
                          record->object->status.phase));
  }
  exchange->accept_websocket({"v5.channel.k8s.io", "v4.channel.k8s.io"},
                             [&node, ports, uid = worker->uid()](const std::shared_ptr<Socket>& s) {
                               if (s) std::make_shared<ForwardSession>(s)->begin(node, uid, ports);
                             });
}

}  // namespace podctl::server
