#include <gtest/gtest.h>

#include "grpc_answers.hpp"
#include "mutate.hpp"
#include "probe/grpc_exchange.hpp"

namespace podctl::probe {
namespace {

// Whatever a container answers: it is judged or refused.
TEST(FuzzProbeGrpc, AnswersAreJudgedOrRefused) {
  const std::vector<std::string> seeds = {
      grpc_health_answer(1), grpc_health_answer(2),
      h2_settings() + h2_refusal("12", "unknown%20service"),
      h2_settings() + h2_frame(3, 0, std::string("\0\0\0\x07", 4))};
  fuzz::run(seeds, [](const std::string& text) {
    GrpcExchange exchange({.host = "10.0.0.2", .port = 1, .service = "s", .agent = "a"});
    for (std::size_t at = 0; at < text.size(); at += 29) {
      ASSERT_TRUE(exchange.take_output());
      const auto ended = exchange.take(std::string_view(text).substr(at, 29));
      if (!ended) return;
      if (!*ended) continue;
      const auto answer = exchange.judge();
      EXPECT_EQ(answer.verdict == Verdict::kSuccess, answer.text.empty());
      return;
    }
  });
}

}  // namespace
}  // namespace podctl::probe
