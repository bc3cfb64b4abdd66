// port-forward over a WebSocket, as the kubelet serves it (kubernetes/cri-streaming
// portforward/websocket.go): for the n-th port channel 2n carries a connection's bytes and 2n+1 the
// text of its error, each begun by the port's number in two bytes. In v5, 255 closes the channel
// named by the next byte: the end of one direction. kubectl tunnels SPDY through a WebSocket, or
// speaks it right away: spdy_forward.
//
// The sockets are made in the pod's network by its shim; dialling and all that follows is
// port_link's.
#include <boost/asio/io_context.hpp>

#include "handlers.hpp"
#include "podctl/base/text.hpp"
#include "podctl/engine/engine.hpp"
#include "port_link.hpp"
#include "spdy_forward.hpp"

namespace podctl::server {
namespace {

constexpr std::size_t kMostPorts = 100;  // channels are numbered by a byte

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
      announce(ports[i], static_cast<char>(2 * i));
      node.engine().pod_sockets(
          uid, [link](Result<std::vector<UniqueFd>> sockets) { link->dial(std::move(sockets)); });
    }
  }

 private:
  void announce(std::uint16_t port, char channel) {
    const std::string number{static_cast<char>(port & 255), static_cast<char>(port >> 8)};
    socket_->send(channel + number);
    socket_->send(static_cast<char>(channel + 1) + number);
  }

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
      slow = slow || link->waiting() > PortLink::kLag;
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

// The query's ports; kubectl names them stream by stream instead.
node::Answer<std::vector<std::uint16_t>> asked_ports(const Query& query) {
  std::vector<std::uint16_t> ports;
  for (const auto& value : query.all("ports")) {
    for (const auto word : text::split(value, ',')) {
      const auto port = text::parse_u64(word);
      if (!port || *port == 0 || *port > 65535)
        return node::Refused(node::bad_request("invalid port '" + std::string(word) + "'"));
      ports.push_back(static_cast<std::uint16_t>(*port));
    }
  }
  if (ports.size() > kMostPorts)
    return node::Refused(node::bad_request("you must specify at least 1 port, at most 100"));
  return ports;
}

// Channels need ports, a tunnel does not.
std::vector<std::string> spoken(const std::vector<std::uint16_t>& ports) {
  if (ports.empty()) return {std::string(kForwardTunnel)};
  return {"v5.channel.k8s.io", "v4.channel.k8s.io", std::string(kForwardTunnel)};
}

}  // namespace

void start_port_forward(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return;
  if (exchange->upgrade() == Upgrade::kNone)
    return exchange->refuse(node::bad_request("Upgrade request required"));
  const std::string& found = record->object->metadata.uid;
  if (const auto uid = exchange->request().target.query.get("uid"); uid && *uid != found) {
    return exchange->refuse(node::conflict(
        "pods", route.name,
        "Precondition failed: UID in precondition: " + *uid + ", UID in object meta: " + found));
  }
  auto ports = asked_ports(exchange->request().target.query);
  if (!ports) return exchange->refuse(ports.error());
  const auto* worker = node.worker(found);
  if (worker == nullptr || !worker->sandbox()) {
    return exchange->refuse(
        node::bad_request("unable to forward port because pod is not running. Current status=" +
                          record->object->status.phase));
  }
  const auto tunnel = [&node, uid = worker->uid()](const std::shared_ptr<Socket>& socket) {
    if (socket) begin_spdy_forward(node, uid, socket);
  };
  if (exchange->upgrade() == Upgrade::kSpdy)
    return exchange->accept_spdy({std::string(kForwardProtocol)}, tunnel);
  exchange->accept_websocket(spoken(*ports), [&node, tunnel, ports = *ports, uid = worker->uid()](
                                                 const std::shared_ptr<Socket>& socket) {
    if (!socket || socket->protocol() == kForwardTunnel) return tunnel(socket);
    std::make_shared<ForwardSession>(socket)->begin(node, uid, ports);
  });
}

}  // namespace podctl::server
