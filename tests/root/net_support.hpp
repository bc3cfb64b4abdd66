// What the network tests share: a network namespace of their own that plays the host, and pods'
// namespaces. Nothing is made in the machine's own namespace, so nothing can be left there.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "podctl/base/ip.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl {

inline UniqueFd new_netns() {
  UniqueFd fd;
  std::thread maker([&fd] {
    if (::unshare(CLONE_NEWNET) == 0)
      fd = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  });
  maker.join();
  return fd;
}

// Runs `work` inside the namespace, on a thread of its own.
inline void inside(int netns, const std::function<void()>& work) {
  std::thread worker([&] {
    ASSERT_EQ(::setns(netns, CLONE_NEWNET), 0);
    work();
  });
  worker.join();
}

inline IpPrefix prefix(const char* text) { return IpPrefix::parse(text).value(); }
inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

inline sockaddr_storage socket_address(const IpAddress& address, std::uint16_t port,
                                       socklen_t& size) {
  sockaddr_storage out{};
  if (address.family == 4) {
    auto* in = reinterpret_cast<sockaddr_in*>(&out);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::copy_n(address.bytes.begin(), 4, reinterpret_cast<std::uint8_t*>(&in->sin_addr));
    size = sizeof *in;
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&out);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    std::copy_n(address.bytes.begin(), 16, reinterpret_cast<std::uint8_t*>(&in->sin6_addr));
    size = sizeof *in;
  }
  return out;
}

inline UniqueFd listener(const IpAddress& address, std::uint16_t port) {
  UniqueFd fd(::socket(address.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socklen_t size = 0;
  const auto where = socket_address(address, port, size);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
      ::listen(fd.get(), 8) != 0) {
    ADD_FAILURE() << "listen on " << address.str() << ": errno " << errno;
  }
  return fd;
}

// 0, or the errno of a connect that fails or takes more than two seconds.
inline int dial(const IpAddress& address, std::uint16_t port) {
  UniqueFd fd(::socket(address.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{2, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  socklen_t size = 0;
  const auto where = socket_address(address, port, size);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) == 0 ? 0 : errno;
}

// Microseconds of one call, for printed medians.
class Stopwatch {
 public:
  void start() { start_ = std::chrono::steady_clock::now(); }
  void stop() {
    samples_.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::steady_clock::now() - start_)
                           .count());
  }
  void print(const char* what) {
    if (samples_.empty()) return;
    std::sort(samples_.begin(), samples_.end());
    std::printf("%s, us: median %ld min %ld\n", what,
                static_cast<long>(samples_[samples_.size() / 2]),
                static_cast<long>(samples_.front()));
  }

 private:
  std::chrono::steady_clock::time_point start_;
  std::vector<std::int64_t> samples_;
};

class NetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    before_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  }
  void TearDown() override {
    if (!before_) return;
    ASSERT_EQ(::setns(before_.get(), CLONE_NEWNET), 0);
  }

 private:
  UniqueFd before_;
};

}  // namespace podctl
