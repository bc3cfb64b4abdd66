// One forwarded port: dialled with the pod's sockets or not at all, and no burden once it is over.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "patience.hpp"
#include "podctl/engine/adopt.hpp"
#include "server/port_link.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A client that keeps what it is sent.
class Client : public Socket {
 public:
  const std::string& protocol() const override { return protocol_; }
  void send(std::string message) override { sent.push_back(std::move(message)); }
  void close() override {}
  std::size_t pending() const override { return 0; }
  void on_message(std::function<void(std::string)>) override {}
  void on_close(std::function<void()>) override {}
  void on_drained(std::function<void()>) override {}
  void pause_reading(bool) override {}

  std::vector<std::string> sent;

 private:
  std::string protocol_ = "v5.channel.k8s.io";
};

class ServerPortLink : public ::testing::Test {
 protected:
  // A server on a free port of this machine's localhost, as the pod's.
  ServerPortLink() : server_(io_, {asio::ip::address_v4::loopback(), 0}) {
    link_ = std::make_shared<PortLink>(io_, client_, server_.local_endpoint().port(), '\0');
  }
  ~ServerPortLink() override { link_->close(); }

  template <class Until>
  bool run(Until until) {
    io_.restart();
    while (!until()) {
      if (io_.run_one_for(patience(std::chrono::seconds(10))) == 0) return false;
    }
    return true;
  }
  static std::vector<UniqueFd> sockets(UniqueFd v4) {
    std::vector<UniqueFd> out;
    out.push_back(std::move(v4));
    return out;
  }
  tcp::socket connect() {
    tcp::socket pod(io_);
    server_.async_accept(pod, [this](boost::system::error_code error) { accepted_ = !error; });
    link_->dial(sockets(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
    EXPECT_TRUE(run([this] { return accepted_; }));
    return pod;
  }

  asio::io_context io_;
  tcp::acceptor server_;
  std::shared_ptr<Client> client_ = std::make_shared<Client>();
  std::shared_ptr<PortLink> link_;
  bool accepted_ = false;
};

// Asio would open a socket of its own then, and reach this machine's localhost.
TEST_F(ServerPortLink, ASocketThatCannotBeUsedIsNotReplacedByOneOfPodctlds) {
  server_.async_accept(
      [this](boost::system::error_code error, tcp::socket) { accepted_ = !error; });
  link_->dial(sockets(UniqueFd()));
  EXPECT_TRUE(link_->over());
  EXPECT_NE(client_->sent.back().find("failed to connect to localhost:"), std::string::npos);
  io_.poll();
  EXPECT_FALSE(accepted_);
}

TEST_F(ServerPortLink, WhatComesAfterTheEndIsNotKept) {
  tcp::socket pod = connect();
  boost::system::error_code ignored;
  pod.set_option(asio::socket_base::linger(true, 0), ignored);
  pod.close(ignored);  // a reset
  ASSERT_TRUE(run([this] { return link_->over(); }));
  link_->take(std::string(2 * PortLink::kLag, 'x'));
  EXPECT_EQ(link_->waiting(), 0U);
}

TEST_F(ServerPortLink, WhatWaitsIsDroppedWithTheConnection) {
  tcp::socket pod = connect();
  for (int i = 0; i < 64; ++i) link_->take(std::string(PortLink::kLag, 'x'));
  EXPECT_GT(link_->waiting(), PortLink::kLag);
  std::size_t told = 1;
  link_->on_change = [&] { told = link_->waiting(); };
  boost::system::error_code ignored;
  pod.set_option(asio::socket_base::linger(true, 0), ignored);
  pod.close(ignored);
  ASSERT_TRUE(run([this] { return link_->over(); }));
  EXPECT_EQ(told, 0U);
  link_->on_change = {};
  io_.poll();  // the write that was under way
}

TEST(EngineAdopt, WhatCannotBeWaitedOnIsRefused) {
  asio::io_context io;
  tcp::socket socket(io);
  EXPECT_FALSE(engine::adopt(socket, UniqueFd(), tcp::v4()));
  EXPECT_FALSE(socket.is_open());
}

}  // namespace
}  // namespace podctl::server
