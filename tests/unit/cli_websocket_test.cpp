// RFC 6455 as a client speaks it.
#include <gtest/gtest.h>

#include "podctl/cli/websocket.hpp"

namespace podctl::cli {
namespace {

TEST(WebSocket, TheRfcsOwnHandshake) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocket, TheRfcsMaskedHello) {
  EXPECT_EQ(encode_frame(Opcode::kText, "Hello", 0x37fa213d),
            std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
  EXPECT_EQ(encode_frame(Opcode::kBinary, std::string(200, 'x'), 0).substr(0, 4),
            std::string("\x82\xfe\x00\xc8", 4));
  EXPECT_EQ(encode_frame(Opcode::kBinary, std::string(70000, 'x'), 0).substr(0, 10),
            std::string("\x82\xff\x00\x00\x00\x00\x00\x01\x11\x70", 10));
}

TEST(WebSocket, MessagesComeByteByByteAndInFragments) {
  FrameReader reader;
  const std::string bytes("\x02\x03Hel\x89\x00\x80\x02lo", 11);  // a ping between two fragments
  std::vector<std::string> got;
  for (char c : bytes) {
    reader.feed({&c, 1});
    auto message = reader.next();
    ASSERT_TRUE(message);
    if (*message) got.push_back((*message)->opcode == Opcode::kPing ? "ping" : (*message)->payload);
  }
  EXPECT_EQ(got, (std::vector<std::string>{"ping", "Hello"}));
}

TEST(WebSocket, BrokenFramesEndTheConnection) {
  for (const std::string& bytes : {std::string("\x82\x80\0\0\0\0", 6), std::string("\x80\x00", 2),
                                   std::string("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10)}) {
    FrameReader reader;
    reader.feed(bytes);
    EXPECT_EQ(reader.next().error().code, Code::kCorrupt);
  }
}

}  // namespace
}  // namespace podctl::cli
