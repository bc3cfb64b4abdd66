#include "spdy_forward.hpp"

#include <map>

#include "podctl/base/text.hpp"
#include "podctl/engine/engine.hpp"
#include "port_link.hpp"
#include "spdy_connection.hpp"

namespace podctl::server {
namespace {

// What a PortLink sees of its two streams: channel 0 is the connection's bytes, 1 its error.
class PairSocket final : public Socket {
 public:
  explicit PairSocket(std::shared_ptr<SpdyConnection> connection)
      : connection_(std::move(connection)) {}

  const std::string& protocol() const override { return protocol_; }
  void send(std::string message) override {
    connection_->send(message[0] == 0 ? data : error, std::string_view(message).substr(1));
  }
  void close() override {
    connection_->end(data);
    connection_->end(error);
  }
  std::size_t pending() const override { return connection_->pending(); }
  // The session listens to the connection as a whole.
  void on_message(std::function<void(std::string)>) override {}
  void on_close(std::function<void()>) override {}
  void on_drained(std::function<void()>) override {}
  void pause_reading(bool) override {}

  std::uint32_t data = 0, error = 0;  // streams; 0 before they are opened

 private:
  std::shared_ptr<SpdyConnection> connection_;
  // The pod's end is the end of all: kubectl waits for that of the error's stream before it tells
  // its own client.
  std::string protocol_ = "v4.channel.k8s.io";
};

class SpdyForward : public std::enable_shared_from_this<SpdyForward> {
 public:
  SpdyForward(node::Node& node, std::string uid, const std::shared_ptr<Socket>& socket)
      : node_(node), uid_(std::move(uid)), connection_(std::make_shared<SpdyConnection>(socket)) {}

  void begin() {
    auto self = shared_from_this();
    connection_->begin({
        .opened = [self](auto stream, const auto& headers) { return self->open(stream, headers); },
        .data = [self](auto stream, std::string data) { self->take(stream, std::move(data)); },
        .ended =
            [self](auto stream) {
              const auto pair = self->pair_of(stream);
              if (pair && pair->socket->data == stream) pair->link->end();
            },
        .reset =
            [self](auto stream) {
              if (const auto pair = self->pair_of(stream)) self->drop(*pair);
            },
        .drained =
            [self] {
              for (const auto& [request, pair] : self->pairs_) pair->link->drained();
            },
        .closed = [self] { self->close(); },
    });
  }

 private:
  struct Pair {
    std::string request;
    std::uint16_t port = 0;
    std::shared_ptr<PairSocket> socket;
    std::shared_ptr<PortLink> link;
  };
  using PairPtr = std::shared_ptr<Pair>;

  bool open(std::uint32_t stream, const spdy::Headers& headers) {
    const auto value = [&headers](std::string_view name) {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    };
    const std::string request = value("requestid"), type = value("streamtype");
    const auto port = text::parse_u64(value("port"));
    if (request.empty() || !port || *port == 0 || *port > 65535) return false;
    if (type != "data" && type != "error") return false;
    const PairPtr pair = pair_for(request, static_cast<std::uint16_t>(*port));
    auto& place = type == "data" ? pair->socket->data : pair->socket->error;
    if (place != 0 || pair->port != *port) return false;
    place = stream;
    by_stream_[stream] = pair;
    if (pair->socket->data != 0 && pair->socket->error != 0) dial(*pair);
    return true;
  }

  PairPtr pair_for(const std::string& request, std::uint16_t port) {
    PairPtr& pair = pairs_[request];
    if (pair) return pair;
    pair =
        std::make_shared<Pair>(Pair{request, port, std::make_shared<PairSocket>(connection_), {}});
    pair->link = std::make_shared<PortLink>(node_.context().io, pair->socket, port, '\0');
    pair->link->on_change = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->changed();
    };
    return pair;
  }

  void dial(const Pair& pair) {
    node_.engine().pod_sockets(uid_, [link = pair.link](Result<std::vector<UniqueFd>> sockets) {
      link->dial(std::move(sockets));
    });
  }

  PairPtr pair_of(std::uint32_t stream) {
    const auto found = by_stream_.find(stream);
    return found == by_stream_.end() ? nullptr : found->second;
  }

  // What comes on an error's stream is nothing to anybody.
  void take(std::uint32_t stream, std::string data) {
    const auto pair = pair_of(stream);
    if (pair && pair->socket->data == stream) pair->link->take(std::move(data));
    changed();
  }

  void changed() {
    bool slow = false;
    std::vector<PairPtr> over;
    for (const auto& [request, pair] : pairs_) {
      slow = slow || pair->link->waiting() > PortLink::kLag;
      if (pair->link->over()) over.push_back(pair);
    }
    for (const auto& pair : over) drop(*pair);
    if (slow != std::exchange(paused_, slow)) connection_->pause_reading(slow);
  }

  void drop(const Pair& pair) {
    const PairPtr last = pairs_[pair.request];  // it stays until this has returned
    by_stream_.erase(pair.socket->data);
    by_stream_.erase(pair.socket->error);
    pairs_.erase(pair.request);
    last->link->close();
    last->socket->close();
  }

  void close() {
    by_stream_.clear();
    for (const auto& [request, pair] : std::exchange(pairs_, {})) pair->link->close();
  }

  node::Node& node_;
  std::string uid_;
  std::shared_ptr<SpdyConnection> connection_;
  std::map<std::string, PairPtr> pairs_;  // by requestID
  std::map<std::uint32_t, PairPtr> by_stream_;
  bool paused_ = false;
};

}  // namespace

void begin_spdy_forward(node::Node& node, const std::string& uid,
                        const std::shared_ptr<Socket>& socket) {
  std::make_shared<SpdyForward>(node, uid, socket)->begin();
}

}  // namespace podctl::server
