// The HTTP client against a server of the test's own that answers what it is told, in pieces.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "cli/layout_tar.hpp"
#include "podctl/cli/http.hpp"

namespace podctl::cli {
namespace {

class Server {
 public:
  // Answers the first request with `pieces`, one write each, then closes.
  explicit Server(std::vector<std::string> pieces) {
    char name[] = "/tmp/podctl-cli-XXXXXX";
    directory_ = ::mkdtemp(name);
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this, pieces] { serve(pieces); });
  }
  ~Server() {
    thread_.join();
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  std::string path() const { return directory_ + "/s"; }
  std::string request;

 private:
  void serve(const std::vector<std::string>& pieces) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char block[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::read(fd.get(), block, sizeof block);
      if (n <= 0) return;
      request.append(block, static_cast<std::size_t>(n));
    }
    for (const std::string& piece : pieces) {
      EXPECT_EQ(::send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(piece.size()));
      ::usleep(2000);
    }
  }
  std::string directory_;
  UniqueFd listener_;
  std::thread thread_;
};

Result<Reply> answer(std::vector<std::string> pieces) {
  Server server(std::move(pieces));
  auto client = Client::connect(server.path());
  EXPECT_TRUE(client);
  Request request;
  request.target = "/x";
  return client->request(request);
}

TEST(Http, TellsARequestThatNobodyReadFromAnAnswerThatWasLost) {
  const auto lost = answer({});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::kUnavailable);
  EXPECT_FALSE(never_read(lost.error())) << "it has been read";

  char name[] = "/tmp/podctl-cli-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, (directory + "/s").c_str());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  auto client = Client::connect(directory + "/s");
  ASSERT_TRUE(client);
  std::thread killer([&] {
    ::usleep(2000);
    listener.reset();
  });
  Request request;
  request.method = "POST";
  const auto unread = client->request(request);
  killer.join();
  ASSERT_FALSE(unread);
  EXPECT_TRUE(never_read(unread.error())) << unread.error().message();
  ::unlink((directory + "/s").c_str());
  ::rmdir(directory.c_str());
}

TEST(Http, BodiesInEveryFraming) {
  auto sized = answer({"HTTP/1.1 200 OK\r\nContent-Le", "ngth: 5\r\n\r\nhe", "llo"});
  ASSERT_TRUE(sized);
  EXPECT_EQ(sized->status, 200);
  EXPECT_EQ(sized->body, "hello");
  auto chunked = answer({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", "\r",
                         "\n6;x=1\r\n wor", "ld\r\n0\r\n", "\r\n"});
  ASSERT_TRUE(chunked);
  EXPECT_EQ(chunked->body, "hello world");
  EXPECT_EQ(answer({"HTTP/1.1 200 OK\r\n\r\nall", " of it"})->body, "all of it");
  EXPECT_EQ(answer({"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"})->body, "{}");
}

TEST(Http, ABrokenAnswerIsAnError) {
  EXPECT_EQ(answer({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"}).error().code,
            Code::kUnavailable);
  EXPECT_EQ(answer({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"}).error().code,
            Code::kUnavailable);
  EXPECT_EQ(answer({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}).error().code,
            Code::kCorrupt);
  EXPECT_EQ(answer({"SMTP hello\r\n\r\n"}).error().code, Code::kCorrupt);
  EXPECT_EQ(answer({}).error().code, Code::kUnavailable);
}

TEST(Http, ADeadlineEndsAStream) {
  Server server({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"});
  auto client = Client::connect(server.path());
  ASSERT_TRUE(client);
  Request request;
  request.target = "/w";
  ASSERT_TRUE(client->open(request));
  EXPECT_EQ(*client->next(monotonic_ns() + 60'000'000'000), "a");
  EXPECT_FALSE(client->next(monotonic_ns() - 1));
}

TEST(Http, ReadingWithoutWaitingLosesNothing) {
  Server server({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2", "\r\nab\r", "\n0\r\n",
                 "\r", "\n"});
  auto client = Client::connect(server.path());
  ASSERT_TRUE(client);
  Request request;
  request.target = "/w";
  ASSERT_TRUE(client->open(request));
  std::string body;
  for (;;) {
    auto piece = client->next(1);
    if (!piece) {
      ASSERT_EQ(piece.error().code, Code::kTimedOut);
      continue;
    }
    if (!*piece) break;
    body += **piece;
  }
  EXPECT_EQ(body, "ab");
}

TEST(Http, NobodyThereIsTold) {
  EXPECT_EQ(Client::connect("/tmp/podctl-no-such-directory/s").error().code, Code::kNotFound);
}

TEST(Http, TargetsAndWarnings) {
  EXPECT_EQ(Target("/p").add("a", "x y/é").add_if("b", "").add("c", "1").str(),
            "/p?a=x%20y%2F%C3%A9&c=1");
  auto reply = parse_head("HTTP/1.1 201 Created\r\nWarning: 299 - \"say \\\"hi\\\"\"\r\nX: y");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->warnings(), std::vector<std::string>{"say \"hi\""});
  EXPECT_EQ(reply->header("x"), "y");
}

TEST(LayoutTar, SizesBeyondElevenOctalDigits) {
  const std::string small = ustar_header("index.json", 8);
  EXPECT_EQ(small.size(), 512u);
  EXPECT_EQ(small.substr(124, 12), std::string("00000000010\0", 12));
  EXPECT_EQ(small.substr(257, 8), std::string("ustar\0"
                                              "00",
                                              8));
  const std::string large = ustar_header("blob", 1ULL << 33);
  EXPECT_EQ(large.substr(124, 12), std::string("\x80\0\0\0\0\0\0\x02\0\0\0\0", 12));
  // The sum of all bytes, its own field counted as blanks.
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < small.size(); ++i)
    sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(small[i]);
  EXPECT_EQ(std::stoul(small.substr(148, 6), nullptr, 8), sum);
}

}  // namespace
}  // namespace podctl::cli
