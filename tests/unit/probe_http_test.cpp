// Network tries against servers on loopback, and the pure halves of HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <thread>

#include "patience.hpp"
#include "podctl/probe/probe.hpp"
#include "probe/http_answer.hpp"
#include "probe/http_request.hpp"

namespace podctl::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::seconds;
using ::testing::HasSubstr;

HttpRequest request_to(std::string host, std::uint16_t port, std::string path) {
  HttpRequest request;
  request.host = std::move(host);
  request.port = port;
  request.path = std::move(path);
  request.agent = "kube-probe/1.37";
  return request;
}

// ---- what is asked ----

TEST(ProbeHttpRequest, LooksAsKubernetesAsks) {
  auto request = request_to("10.0.0.2", 8080, "/healthz?full=1");
  request.headers = {{"X-Team", "blue"}, {"X-Team", "green"}};
  EXPECT_EQ(*write_request(request),
            "GET /healthz?full=1 HTTP/1.1\r\nHost: 10.0.0.2:8080\r\nUser-Agent: kube-probe/1.37\r\n"
            "Accept: */*\r\nX-Team: blue\r\nX-Team: green\r\nConnection: close\r\n\r\n");
}

TEST(ProbeHttpRequest, HeadersOfTheManifestReplaceTheUsualOnesAndEmptyOnesDropThem) {
  auto request = request_to("10.0.0.2", 80, "/");
  request.headers = {{"host", "example.org"}, {"User-Agent", ""}, {"Accept", "text/plain"}};
  EXPECT_EQ(
      *write_request(request),
      "GET / HTTP/1.1\r\nHost: example.org\r\nAccept: text/plain\r\nConnection: close\r\n\r\n");
}

TEST(ProbeHttpRequest, NothingInAManifestMakesASecondRequest) {
  auto request = request_to("10.0.0.2", 80, "/a b\r\nX: y#end");
  EXPECT_THAT(*write_request(request),
              ::testing::StartsWith("GET /a%20b%0d%0aX:%20y HTTP/1.1\r\n"));
  request.headers = {{"X", "a\r\nHost: other"}};
  EXPECT_FALSE(write_request(request));
  request.headers = {{"X\r\n", "a"}};
  EXPECT_FALSE(write_request(request));
}

TEST(ProbeHttpRequest, UrlsHoldAddressesOfBothFamilies) {
  EXPECT_EQ(url_of(request_to("10.0.0.2", 80, "/x")), "http://10.0.0.2:80/x");
  auto request = request_to("fd00::2", 8443, "x");
  request.tls = true;
  EXPECT_EQ(url_of(request), "https://[fd00::2]:8443/x");
}

TEST(ProbeHttpRequest, RedirectsStayOnTheirHost) {
  const auto request = request_to("10.0.0.2", 8080, "/a/b");
  EXPECT_EQ(redirected(request, "/c?d")->path, "/c?d");
  EXPECT_EQ(redirected(request, "c")->path, "/a/c");
  EXPECT_EQ(redirected(request, "http://10.0.0.2:9090/x")->port, 9090);
  const auto tls = redirected(request, "https://10.0.0.2/x");
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->port, 443);
  for (const auto* other : {"http://10.0.0.3:8080/", "http://example.org/", "ftp://10.0.0.2/",
                            "//10.0.0.3/x", "http://["}) {
    EXPECT_FALSE(redirected(request, other)) << other;
  }
}

TEST(ProbeHttpRequest, ARedirectToAWholeUrlForgetsTheHostOfTheManifest) {
  auto request = request_to("10.0.0.2", 8080, "/");
  request.headers = {{"host", "example.org"}, {"X-Team", "blue"}};
  EXPECT_THAT(*write_request(*redirected(request, "/x")), HasSubstr("Host: example.org\r\n"));
  const auto next = write_request(*redirected(request, "http://10.0.0.2:8080/x"));
  EXPECT_THAT(*next, HasSubstr("Host: 10.0.0.2:8080\r\n"));
  EXPECT_THAT(*next, HasSubstr("X-Team: blue\r\n"));
}

// ---- what is answered ----

Answer judged(const std::string& text, std::size_t piece = 1) {
  HttpAnswer answer;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto done = answer.take(std::string_view(text).substr(at, piece));
    if (!done) return {Verdict::kError, done.error().detail};
    if (*done) return answer.judge();
  }
  const auto whole = answer.end();
  return whole ? answer.judge() : Answer{Verdict::kError, whole.error().detail};
}

TEST(ProbeHttpAnswer, From200To399IsASuccess) {
  const std::vector<std::pair<int, Verdict>> table = {
      {200, Verdict::kSuccess}, {204, Verdict::kSuccess}, {299, Verdict::kSuccess},
      {302, Verdict::kWarning}, {399, Verdict::kWarning}, {400, Verdict::kFailure},
      {503, Verdict::kFailure}, {101, Verdict::kFailure}};
  for (const auto& [status, verdict] : table) {
    const auto head = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n";
    for (const std::size_t piece : {1, 7, 1000}) EXPECT_EQ(judged(head, piece).verdict, verdict);
  }
  EXPECT_EQ(judged("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy").text,
            "HTTP probe failed with statuscode: 503");
  EXPECT_EQ(judged("HTTP/1.1 302 Found\r\nContent-Length: 4\r\n\r\naway").text,
            "Probe terminated redirects, Response body: away");
}

TEST(ProbeHttpAnswer, EndsByLengthByChunksOrByTheConnection) {
  EXPECT_EQ(judged("HTTP/1.0 200 OK\r\n\r\nuntil it closes").verdict, Verdict::kSuccess);
  EXPECT_EQ(
      judged("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").verdict,
      Verdict::kSuccess);
  EXPECT_EQ(judged("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").text, "unexpected EOF");
  EXPECT_EQ(judged("").text, "EOF");
  EXPECT_THAT(judged("SSH-2.0-OpenSSH\r\n").text, HasSubstr("malformed HTTP response"));
}

// As CGI programs write it, and many a shell script.
TEST(ProbeHttpAnswer, ALineFeedAloneEndsALineOfTheHead) {
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    EXPECT_EQ(judged("HTTP/1.1 200 OK\r\nContent-Type: text/plain\n\nfine\n", piece).verdict,
              Verdict::kSuccess);
    EXPECT_EQ(judged("HTTP/1.0 503 Busy\nX: y\n\r\nbusy", piece).verdict, Verdict::kFailure);
    EXPECT_EQ(judged("HTTP/1.1 200 OK\nContent-Length: 9\n\nabc\n\n", piece).text,
              "unexpected EOF");
  }
  EXPECT_EQ(judged("HTTP/1.1 200 OK\nX: y\n").text, "unexpected EOF");
  EXPECT_THAT(judged("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), 4096).text,
              HasSubstr("malformed HTTP response"));
}

TEST(ProbeHttpAnswer, WhatComesBeforeTheAnswerIsPassedOver) {
  const std::string wait = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
  const std::string end = "HTTP/1.1 204 No Content\r\n\r\n";
  for (const std::size_t piece : {1, 7, 1000}) {
    EXPECT_EQ(judged(wait + hints + "HTTP/1.1 199 X\r\n\r\n" + end, piece).verdict,
              Verdict::kSuccess);
    EXPECT_EQ(judged(wait + wait + wait + wait + wait + end, piece).verdict, Verdict::kSuccess);
    EXPECT_EQ(judged(hints + wait + wait + wait + wait + wait + end, piece).text,
              "net/http: too many 1xx informational responses");
  }
  EXPECT_EQ(judged(wait).text, "EOF");
  EXPECT_THAT(judged(wait + "SSH-2.0\r\n").text, HasSubstr("malformed HTTP response"));
}

// No memory is set aside for what is only announced.
TEST(ProbeHttpAnswer, ABodyIsKeptAsFarAsItComes) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5999999999999999999\r\n\r\n";
  EXPECT_EQ(judged(head + "hello").text, "unexpected EOF");
  EXPECT_EQ(judged(head + std::string(20'000, 'x'), 4096).verdict, Verdict::kSuccess);
}

TEST(ProbeHttpAnswer, NobodyWaitsForTheEndOfALongBody) {
  const auto answer = judged("HTTP/1.1 301 X\r\n\r\n" + std::string(100'000, 'x'), 4096);
  EXPECT_EQ(answer.verdict, Verdict::kWarning);
  EXPECT_LT(answer.text.size(), 11'000U);
}

// ---- the tries ----

// Answers each connection in turn with one of these texts; an empty one stays silent.
class Server {
 public:
  // `end`: of a request.
  explicit Server(std::vector<std::string> answers, std::string end = "\r\n\r\n")
      : end_(std::move(end)),
        acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, answers = std::move(answers)] { serve(answers); }) {}
  ~Server() {
    boost::system::error_code ignored;
    tcp::socket wake(io_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string requests;

 private:
  void serve(const std::vector<std::string>& answers) {
    std::vector<tcp::socket> silent;
    for (const auto& answer : answers) {
      boost::system::error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      std::string request;
      if (!error) asio::read_until(socket, asio::dynamic_buffer(request), end_, error);
      if (error) return;
      requests += request;
      if (answer.empty()) {
        silent.push_back(std::move(socket));
      } else {
        asio::write(socket, asio::buffer(answer), error);
      }
    }
    boost::system::error_code error;
    tcp::socket last(io_);
    acceptor_.accept(last, error);
  }

  const std::string end_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

template <class Begin>
Answer answer_of(Begin begin) {
  asio::io_context io;
  std::optional<Answer> got;
  const auto attempt = begin(io, [&got](Answer answer) { got = std::move(answer); });
  const auto end = std::chrono::steady_clock::now() + patience(seconds(20));
  while (!got && std::chrono::steady_clock::now() < end) io.run_one_for(std::chrono::seconds(1));
  return got.value_or(Answer{Verdict::kError, "no answer"});
}

Answer get(HttpRequest request, std::chrono::nanoseconds timeout = seconds(20)) {
  return answer_of([&](asio::io_context& io, Done done) {
    return http_get(io, std::move(request), timeout, std::move(done));
  });
}

TEST(ProbeHttp, AServerIsAskedAndItsAnswerJudged) {
  Server server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                 "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(request_to("127.0.0.1", server.port(), "/a")).verdict, Verdict::kSuccess);
  EXPECT_EQ(get(request_to("127.0.0.1", server.port(), "/b")).text,
            "HTTP probe failed with statuscode: 500");
}

TEST(ProbeHttp, AHookTakesAnyStatus) {
  Server server({"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"});
  auto request = request_to("127.0.0.1", server.port(), "/");
  request.any_status = true;
  EXPECT_EQ(get(std::move(request)).verdict, Verdict::kSuccess);
}

TEST(ProbeHttp, RedirectsOnTheHostAreFollowedNineTimes) {
  const std::string away = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
  std::vector<std::string> answers(9, away);
  answers.emplace_back("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Server nine(answers);
  EXPECT_EQ(get(request_to("127.0.0.1", nine.port(), "/")).verdict, Verdict::kSuccess);

  Server for_ever(std::vector<std::string>(10, away));
  const auto answer = get(request_to("127.0.0.1", for_ever.port(), "/"));
  EXPECT_EQ(answer.verdict, Verdict::kFailure);
  EXPECT_THAT(answer.text, HasSubstr("stopped after 10 redirects"));
}

TEST(ProbeHttp, SilenceIsAFailureOnceTheTimeIsUp) {
  Server server({""});
  const auto answer =
      get(request_to("127.0.0.1", server.port(), "/"), std::chrono::milliseconds(50));
  EXPECT_EQ(answer.verdict, Verdict::kFailure);
  EXPECT_EQ(answer.text,
            "Get \"http://127.0.0.1:" + std::to_string(server.port()) +
                "/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
}

// A port that was free a moment ago.
std::uint16_t closed_port() {
  asio::io_context io;
  return tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

TEST(ProbeHttp, RefusedConnectionsAreToldInGosWords) {
  const auto port = closed_port();
  const auto at = "127.0.0.1:" + std::to_string(port);
  EXPECT_EQ(get(request_to("127.0.0.1", port, "/x")).text,
            "Get \"http://" + at + "/x\": dial tcp " + at + ": connect: connection refused");
  const auto tcp = answer_of([&](asio::io_context& io, Done done) {
    return tcp_connect(io, "127.0.0.1", port, seconds(20), std::move(done));
  });
  EXPECT_EQ(tcp.verdict, Verdict::kFailure);
  EXPECT_EQ(tcp.text, "dial tcp " + at + ": connect: connection refused");
}

TEST(ProbeHttp, TlsToAServerThatSpeaksNoneIsAFailure) {
  const struct {
    const char *answer, *text;
  } kRows[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "http: server gave HTTP response to HTTPS client"},
      {"220 mail.example ESMTP\r\n", "tls: first record does not look like a TLS handshake"},
  };
  for (const auto& row : kRows) {
    Server server({row.answer}, "\x01");  // a ClientHello holds one
    auto request = request_to("127.0.0.1", server.port(), "/");
    request.tls = true;
    const auto answer = get(std::move(request));
    EXPECT_EQ(answer.verdict, Verdict::kFailure);
    EXPECT_EQ(answer.text,
              "Get \"https://127.0.0.1:" + std::to_string(server.port()) + "/\": " + row.text);
  }
}

TEST(ProbeTcp, AnAcceptedConnectionIsASuccess) {
  Server server({});
  const auto answer = answer_of([&](asio::io_context& io, Done done) {
    return tcp_connect(io, "localhost", server.port(), seconds(20), std::move(done));
  });
  EXPECT_EQ(answer.verdict, Verdict::kSuccess) << answer.text;
}

TEST(ProbeTcp, ATryThatIsDroppedAnswersNothing) {
  asio::io_context io;
  bool answered = false;
  tcp_connect(io, "127.0.0.1", closed_port(), seconds(20), [&](const Answer&) {
    answered = true;
  }).reset();
  io.run();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace podctl::probe
