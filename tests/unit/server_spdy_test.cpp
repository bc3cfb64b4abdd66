// SPDY as Kubernetes' clients speak it: frames from bytes, and the streams of a connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/spdy_connection.hpp"

namespace podctl::server {
namespace {

using spdy::Frame;
using spdy::Reader;
using spdy::Type;
using spdy::Writer;
using ::testing::ElementsAre;

const spdy::Headers kData{{"port", "80"}, {"requestid", "0"}, {"streamtype", "data"}};

std::vector<Frame> frames(std::string_view bytes, std::size_t step) {
  Reader reader;
  std::vector<Frame> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    for (;;) {
      auto frame = reader.next();
      EXPECT_TRUE(frame);
      if (!frame || !*frame) break;
      out.push_back(std::move(**frame));
    }
  }
  return out;
}

TEST(ServerSpdyFrames, ComeWhereverTheBytesAreParted) {
  Writer writer;
  // Two blocks: the second leans on what the first said.
  std::string bytes = writer.syn_stream(1, kData, false);
  bytes += writer.syn_stream(3, kData, true);
  bytes += Writer::data(1, "hello", true) + Writer::ping(7) + Writer::reset(3, 5);
  for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{11}}) {
    const auto got = frames(bytes, step);
    ASSERT_GE(got.size(), 5U);
    EXPECT_EQ(got[0].headers, kData);
    EXPECT_EQ(got[1].headers, kData);
    EXPECT_TRUE(got[1].fin);
    std::string data;
    for (const auto& frame : got) data += frame.data;
    EXPECT_EQ(data, "hello");
    EXPECT_EQ(got[got.size() - 2].type, Type::kPing);
    EXPECT_EQ(got[got.size() - 2].stream, 7U);
    EXPECT_EQ(got.back().status, 5U);
  }
}

// The bytes of a kubectl: what it says names the dictionary by its checksum.
TEST(ServerSpdyFrames, TheDictionaryIsTheProtocols) {
  const std::string frame = Writer().syn_stream(1, kData, false);
  EXPECT_EQ(frame.substr(20, 4), std::string("\xe3\xc6\xa7\xc2", 4));
}

TEST(ServerSpdyFrames, WhatIsNoneOrTooLongEndsTheConnection) {
  const auto refused = [](std::string bytes) {
    Reader reader;
    reader.feed(bytes);
    return !reader.next();
  };
  EXPECT_TRUE(refused(std::string("\x80\x02\x00\x01\x00\x00\x00\x00", 8)));  // version 2
  EXPECT_TRUE(refused(std::string("\x80\x03\x00\x01\x00\xff\xff\xff", 8)));  // 16 MiB of headers
  EXPECT_TRUE(refused(std::string("\x80\x03\x00\x03\x00\x00\x00\x04....", 12)));
  // A block that swells: 100 bytes that become a megabyte.
  EXPECT_TRUE(refused(Writer().syn_stream(1, {{"a", std::string(1 << 20, 'x')}}, false)));
}

// A client's end of the connection: what it is sent, and what it says.
class Client final : public Socket {
 public:
  const std::string& protocol() const override { return protocol_; }
  void send(std::string message) override {
    reader_.feed(message);
    while (auto frame = *reader_.next()) got.push_back(std::move(*frame));
  }
  void close() override { closed = true; }
  std::size_t pending() const override { return 0; }
  void on_message(std::function<void(std::string)> message) override { says = std::move(message); }
  void on_close(std::function<void()> gone) override { goes = std::move(gone); }
  void on_drained(std::function<void()>) override {}
  void pause_reading(bool) override {}

  std::vector<Type> types() const {
    std::vector<Type> out;
    for (const auto& frame : got) out.push_back(frame.type);
    return out;
  }

  std::vector<Frame> got;
  std::function<void(std::string)> says;
  std::function<void()> goes;
  bool closed = false;

 private:
  Reader reader_;
  std::string protocol_;
};

class ServerSpdyConnection : public ::testing::Test {
 protected:
  ServerSpdyConnection() {
    connection_->begin({
        .opened =
            [this](std::uint32_t stream, const spdy::Headers& headers) {
              told_ += "opened " + std::to_string(stream) + ";";
              return headers.contains("port");
            },
        .data =
            [this](std::uint32_t stream, const std::string& data) {
              told_ += std::to_string(stream) + " " + data + ";";
            },
        .ended = [this](std::uint32_t stream) { told_ += "ended " + std::to_string(stream) + ";"; },
        .reset = [this](std::uint32_t stream) { told_ += "reset " + std::to_string(stream) + ";"; },
        .drained = {},
        .closed = [this] { told_ += "closed;"; },
    });
  }
  ~ServerSpdyConnection() override {
    if (client_->goes) client_->goes();
    client_->says = nullptr;
    client_->goes = nullptr;
  }

  std::string told_;
  std::shared_ptr<Client> client_ = std::make_shared<Client>();
  std::shared_ptr<SpdyConnection> connection_ = std::make_shared<SpdyConnection>(client_);
  Writer kubectl_;
};

TEST_F(ServerSpdyConnection, StreamsAreAnsweredBeforeAnythingIsSentOnThem) {
  client_->says(kubectl_.syn_stream(1, kData, false) + Writer::data(1, "in", false) +
                Writer::data(1, "", true));
  connection_->send(1, "out");
  connection_->end(1);
  connection_->send(1, "late");
  EXPECT_EQ(told_, "opened 1;1 in;ended 1;");
  EXPECT_THAT(client_->types(), ElementsAre(Type::kSynReply, Type::kData, Type::kData));
  EXPECT_EQ(client_->got[1].data, "out");
  EXPECT_TRUE(client_->got[2].fin);
}

TEST_F(ServerSpdyConnection, AStreamThatNobodyWantsIsResetAlone) {
  client_->says(kubectl_.syn_stream(1, {{"streamtype", "data"}}, false));
  client_->says(kubectl_.syn_stream(3, kData, false) + Writer::data(1, "lost", true) +
                Writer::data(3, "kept", false));
  EXPECT_EQ(told_, "opened 1;opened 3;3 kept;");
  EXPECT_THAT(client_->types(), ElementsAre(Type::kSynReply, Type::kReset, Type::kSynReply));
  EXPECT_EQ(client_->got[1].stream, 1U);
}

TEST_F(ServerSpdyConnection, PingsComeBackAndAResetEndsItsStream) {
  client_->says(Writer::ping(1) + Writer::ping(2) + kubectl_.syn_stream(1, kData, false));
  client_->says(Writer::reset(1, 5) + Writer::data(1, "late", false));
  EXPECT_EQ(told_, "opened 1;reset 1;");
  EXPECT_THAT(client_->types(), ElementsAre(Type::kPing, Type::kSynReply));
}

TEST_F(ServerSpdyConnection, AStreamOpenedTwiceEndsTheConnection) {
  client_->says(kubectl_.syn_stream(3, kData, false));
  client_->says(kubectl_.syn_stream(1, kData, false));
  EXPECT_EQ(told_, "opened 3;");
  EXPECT_THAT(client_->types(), ElementsAre(Type::kSynReply, Type::kReset, Type::kGoAway));
  EXPECT_TRUE(client_->closed);
}

TEST_F(ServerSpdyConnection, NothingIsSentToAClientThatIsGone) {
  client_->says(kubectl_.syn_stream(1, kData, false));
  client_->goes();
  connection_->send(1, "late");
  EXPECT_EQ(told_, "opened 1;closed;");
  EXPECT_EQ(client_->got.size(), 1U);
}

}  // namespace
}  // namespace podctl::server
