// grpc.health.v1 against answers written frame by frame (RFC 9113, RFC 7541).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grpc_answers.hpp"
#include "probe/grpc_exchange.hpp"

namespace podctl::probe {
namespace {

using ::testing::HasSubstr;

GrpcRequest request(std::string service = {}) {
  return {.host = "10.0.0.2",
          .port = 50051,
          .service = std::move(service),
          .agent = "kube-probe/1.37",
          .timeout = std::chrono::seconds(2)};
}

Answer answer_to(const std::string& bytes, std::size_t piece = 1000) {
  GrpcExchange exchange(request());
  EXPECT_TRUE(exchange.take_output());
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto ended = exchange.take(std::string_view(bytes).substr(at, piece));
    if (!ended) return {Verdict::kError, ended.error().detail};
    if (*ended) return exchange.judge();
  }
  return {Verdict::kError, "no end"};
}

TEST(ProbeGrpc, TheRequestIsAHealthCheck) {
  GrpcExchange exchange(request("my.Service"));
  const auto out = exchange.take_output();
  ASSERT_TRUE(out) << out.error().message();
  EXPECT_TRUE(out->starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_TRUE(out->ends_with(std::string("\0\0\0\0\x0c\x0a\x0amy.Service", 17)));
  EXPECT_TRUE(exchange.take_output()->empty());
}

TEST(ProbeGrpc, OnlyServingIsASuccess) {
  for (const std::size_t piece : {1, 9, 1000}) {
    EXPECT_EQ(answer_to(grpc_health_answer(1), piece).verdict, Verdict::kSuccess);
  }
  const std::vector<std::pair<char, std::string>> table = {
      {0, "UNKNOWN"}, {2, "NOT_SERVING"}, {3, "SERVICE_UNKNOWN"}, {9, "9"}};
  for (const auto& [status, name] : table) {
    const auto answer = answer_to(grpc_health_answer(status));
    EXPECT_EQ(answer.verdict, Verdict::kFailure);
    EXPECT_EQ(answer.text, "service unhealthy (responded with \"" + name + "\")");
  }
}

TEST(ProbeGrpc, AnAbsentStatusIsUnknownAsProtobufHasIt) {
  const auto bytes = h2_settings() + h2_response_head() + h2_data(std::string(5, '\0')) +
                     h2_trailers("0", "");
  EXPECT_EQ(answer_to(bytes).text, "service unhealthy (responded with \"UNKNOWN\")");
}

TEST(ProbeGrpc, FieldsOfANewerServerAreSkipped) {
  const std::string message("\x12\x03new\x18\x96\x01\x08\x01", 11);
  const std::string frame = std::string("\0\0\0\0\x0a", 5) + message.substr(0, 10);
  const auto bytes = h2_settings() + h2_response_head() + h2_data(frame) + h2_trailers("0", "");
  EXPECT_EQ(answer_to(bytes).verdict, Verdict::kSuccess);
}

TEST(ProbeGrpc, ErrorsAreToldInGrpcsWords) {
  const auto refused = [](const std::string& status, const std::string& message) {
    return answer_to(h2_settings() + h2_refusal(status, message)).text;
  };
  EXPECT_EQ(refused("12", "unknown service grpc.health.v1.Health"),
            "error: this server does not implement the grpc health protocol "
            "(grpc.health.v1.Health): unknown service grpc.health.v1.Health");
  EXPECT_EQ(refused("5", "unknown%20service"),
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service");
  EXPECT_THAT(refused("77", ""), HasSubstr("code = Code(77)"));
}

TEST(ProbeGrpc, WhatIsNoGrpcIsAFailure) {
  EXPECT_EQ(answer_to("HTTP/1.1 400 Bad Request\r\n\r\n").verdict, Verdict::kError);
  const auto page = answer_to(h2_settings() + h2_frame(1, 5, "\x8d"));  // :status 404
  EXPECT_EQ(page.verdict, Verdict::kFailure);
  EXPECT_THAT(page.text, HasSubstr("unexpected HTTP status code received from server: 404"));
  const auto reset = answer_to(h2_settings() + h2_frame(3, 0, std::string("\0\0\0\x07", 4)));
  EXPECT_THAT(reset.text, HasSubstr("RST_STREAM"));
  const auto cut = answer_to(h2_settings() + h2_response_head() +
                             h2_data(std::string("\0\0\0\0\x09\x08\x01", 7)) + h2_trailers("0", ""));
  EXPECT_THAT(cut.text, HasSubstr("no HealthCheckResponse"));
}

}  // namespace
}  // namespace podctl::probe
