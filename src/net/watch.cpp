#include "podctl/net/watch.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace podctl::net {

Result<LinkWatch> LinkWatch::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return fail_errno(errno, "open", "link events");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno(errno, "subscribe to", "link events");
  }
  return LinkWatch(std::move(fd));
}

Result<std::vector<std::string>> LinkWatch::read() {
  std::vector<std::string> names;
  alignas(nlmsghdr) std::array<char, 32U << 10> buffer;
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return names;
    if (got < 0 && errno == ENOBUFS)
      return fail_errno(ENOBUFS, "read", "link events", "events were lost");
    if (got < 0) return fail_errno(errno, "read", "link events");
    int left = static_cast<int>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(header, left);
         header = nlmsg_next(header, &left)) {
      if (header->nlmsg_type != RTM_DELLINK) continue;
      // A bridge tells by the same type (AF_BRIDGE) that a port has left; the link itself is
      // AF_UNSPEC.
      if (static_cast<const ifinfomsg*>(nlmsg_data(header))->ifi_family != AF_UNSPEC) continue;
      const nlattr* name = nlmsg_find_attr(header, sizeof(ifinfomsg), IFLA_IFNAME);
      if (name != nullptr) names.emplace_back(static_cast<const char*>(nla_data(name)));
    }
  }
}

bool link_exists(const std::string& name) { return ::if_nametoindex(name.c_str()) != 0; }

Result<void> wait_gone(const std::string& name, std::chrono::milliseconds bound) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + bound;
  LinkWatch watch = TRY(LinkWatch::open());
  while (link_exists(name)) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return fail(Code::kTimedOut, "wait for the end of link", name);
    pollfd wait{watch.fd(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(left));
    auto names = watch.read();
    if (!names && names.error().sys_errno != ENOBUFS) return Failure(std::move(names).error());
  }
  return {};
}

}  // namespace podctl::net
