// Datagrams with descriptors, bodies of every size, a slow and a gone peer.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "podctl/wire/socket.hpp"
#include "scratch.hpp"

namespace podctl::wire {
namespace {

Message message(std::uint16_t type, std::string body) {
  Message m;
  m.type = type;
  m.request = 77;
  m.body = std::move(body);
  return m;
}

TEST(WireSocket, CarriesTypeRequestBodyAndDescriptors) {
  auto [a, b] = MUST(Socket::pair());
  Message out = message(5, "hello");
  out.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  out.fds.emplace_back(::open("/", O_PATH | O_CLOEXEC));
  MUST(a.send(std::move(out)));
  const auto in = MUST(b.receive());
  ASSERT_TRUE(in.has_value());
  EXPECT_EQ(in->type, 5);
  EXPECT_EQ(in->request, 77U);
  EXPECT_EQ(in->body, "hello");
  ASSERT_EQ(in->fds.size(), 2U);
  for (const auto& fd : in->fds) EXPECT_EQ(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(WireSocket, CarriesLargeBodiesInASealedMemfd) {
  auto [a, b] = MUST(Socket::pair());
  for (const std::size_t size :
       {kMaxInline - 1, kMaxInline, kMaxInline + 1, std::size_t{3} << 20}) {
    Message out = message(1, std::string(size, 'x'));
    out.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    MUST(a.send(std::move(out)));
    const auto in = MUST(b.receive());
    ASSERT_TRUE(in.has_value());
    EXPECT_EQ(in->body.size(), size);
    EXPECT_EQ(in->fds.size(), 1U);
  }
}

TEST(WireSocket, TellsThatThePeerIsGone) {
  auto [a, b] = MUST(Socket::pair());
  MUST(a.send(message(1, "last words")));
  a = Socket();
  EXPECT_EQ(MUST(b.receive())->body, "last words");
  EXPECT_EQ(b.receive().error().code, Code::kUnavailable);
  EXPECT_EQ(b.send(message(1, "")).error().code, Code::kUnavailable);
}

TEST(WireSocket, QueuesForASlowPeerAndKeepsTheOrder) {
  auto [a, b] = MUST(Socket::pair());
  MUST(a.set_nonblocking());
  MUST(b.set_nonblocking());
  for (int i = 0; i < 100; ++i)
    MUST(a.send(message(static_cast<std::uint16_t>(i), std::string(60000, 'q'))));
  EXPECT_TRUE(a.pending());
  int next = 0;
  while (next < 100) {
    MUST(a.flush());
    while (auto in = MUST(b.receive())) EXPECT_EQ(in->type, next++);
  }
  EXPECT_FALSE(a.pending());
}

TEST(WireSocket, RefusesWhatIsNotADatagramOfOurs) {
  auto [a, b] = MUST(Socket::pair());
  for (const std::string& raw : {std::string("x"), std::string(16, 'x'), std::string(70000, 'x')}) {
    ASSERT_EQ(::send(a.fd(), raw.data(), raw.size(), 0), static_cast<ssize_t>(raw.size()));
    EXPECT_EQ(b.receive().error().code, Code::kCorrupt);
  }
}

TEST(WireSocket, RefusesABodyThatItsSenderCouldStillChange) {
  auto [a, b] = MUST(Socket::pair());
  const UniqueFd memfd(::memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::array<std::uint32_t, 4> header{0x50435457, 1U << 16 | 1, 0, 1};
  iovec part{header.data(), sizeof(header)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr out{};
  out.msg_iov = &part;
  out.msg_iovlen = 1;
  out.msg_control = control.data();
  out.msg_controllen = control.size();
  cmsghdr* c = CMSG_FIRSTHDR(&out);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = memfd.get();
  std::memcpy(CMSG_DATA(c), &fd, sizeof(fd));
  ASSERT_EQ(::sendmsg(a.fd(), &out, 0), 16);
  EXPECT_EQ(b.receive().error().code, Code::kCorrupt);
}

TEST(WireSocket, TellsThatThePeerIsGoneThoughItsMessageIsStillThere) {
  auto [a, b] = MUST(Socket::pair());
  EXPECT_FALSE(b.hung_up());
  MUST(a.send(message(1, "last")));
  a = Socket();
  EXPECT_TRUE(b.hung_up());
  EXPECT_EQ(MUST(b.receive())->body, "last");
}

TEST(WireSocket, WhoDoesNotAcceptHoldsNobodyUp) {
  const std::string directory = scratch_directory("wire");
  const UniqueFd listener = MUST(listen_at(directory, "s"));
  std::vector<Socket> waiting;
  for (int i = 0; i < 100; ++i) waiting.push_back(MUST(connect_at(directory, "s")));
  EXPECT_FALSE(waiting.back().hung_up());
  std::filesystem::remove_all(directory);
}

TEST(WireSocket, BindsAndConnectsInDirectoriesLongerThanASocketPath) {
  std::string pattern = std::filesystem::temp_directory_path() / "podctl-wire-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const std::string dir = pattern + "/" + std::string(120, 'd');
  ASSERT_EQ(::mkdir(dir.c_str(), 0700), 0);
  EXPECT_EQ(connect_at(dir, "s.sock").error().code, Code::kNotFound);
  {
    const UniqueFd listener = MUST(listen_at(dir, "s.sock"));
    EXPECT_EQ(accept_from(listener.get()).error().code, Code::kUnavailable);
    Socket client = MUST(connect_at(dir, "s.sock"));
    Socket server = MUST(accept_from(listener.get()));
    MUST(client.send(message(9, "hi")));
    EXPECT_EQ(MUST(server.receive())->type, 9);
  }
  EXPECT_EQ(connect_at(dir, "s.sock").error().code, Code::kUnavailable);
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace podctl::wire
