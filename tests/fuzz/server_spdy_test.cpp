#include <gtest/gtest.h>

#include "mutate.hpp"
#include "server/spdy_frames.hpp"

namespace podctl::server::spdy {
namespace {

// Whatever a client sends: frames come of it, or an error, and no more bytes than it sent.
TEST(FuzzServerSpdy, BytesBecomeFramesOrAnError) {
  Writer writer;
  const Headers headers{{"streamtype", "data"}, {"port", "8080"}, {"requestid", "0"}};
  const std::vector<std::string> seeds = {
      writer.syn_stream(1, headers, false) + Writer::data(1, "hello", true),
      Writer().syn_stream(1, headers, true) + Writer::ping(1),
      Writer().syn_stream(1, {}, false) + Writer::reset(1, 5) + Writer::go_away(1)};
  fuzz::run(seeds, [](const std::string& text) {
    Reader reader;
    std::size_t data = 0;
    for (std::size_t at = 0; at < text.size(); at += 13) {
      reader.feed(std::string_view(text).substr(at, 13));
      for (;;) {
        const auto frame = reader.next();
        if (!frame) return;
        if (!*frame) break;
        data += (*frame)->data.size();
      }
    }
    EXPECT_LE(data, text.size());
  });
}

}  // namespace
}  // namespace podctl::server::spdy
