#include <gtest/gtest.h>

#include "mutate.hpp"
#include "probe/http_answer.hpp"
#include "probe/http_request.hpp"

namespace podctl::probe {
namespace {

// Whatever a container answers: it is judged or refused, and never more than its beginning is kept.
TEST(FuzzProbeHttp, AnswersAreJudgedOrRefused) {
  const std::vector<std::string> seeds = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
      "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2:80/a?b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: "
      "y\r\n\r\n",
      "HTTP/1.0 503 Busy\r\n\r\nuntil the end", "HTTP/1.1 200 OK\r\nX: y\nZ:\n\nas CGI writes it"};
  fuzz::run(seeds, [](const std::string& text) {
    HttpAnswer answer;
    bool over = false;
    for (std::size_t at = 0; at < text.size() && !over; at += 13) {
      const auto done = answer.take(std::string_view(text).substr(at, 13));
      if (!done) return;
      over = *done;
    }
    if (!over && !answer.end()) return;
    EXPECT_LE(answer.body().size(), 10U * 1024);
    const auto verdict = answer.judge().verdict;
    EXPECT_EQ(verdict == Verdict::kFailure, answer.status() < 200 || answer.status() >= 400);
    const auto next = redirected({.host = "10.0.0.2", .port = 80, .path = "/"}, answer.location());
    if (!next) return;
    EXPECT_EQ(next->host, "10.0.0.2");
    EXPECT_TRUE(write_request(*next));
  });
}

}  // namespace
}  // namespace podctl::probe
