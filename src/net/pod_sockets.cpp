#include "podctl/net/pod_sockets.hpp"

#include <sys/socket.h>

#include "net/netns.hpp"

namespace podctl::net {

Result<std::vector<UniqueFd>> tcp_sockets(int netns) {
  return in_netns(netns, []() -> Result<std::vector<UniqueFd>> {
    std::vector<UniqueFd> sockets;
    for (const int family : {AF_INET, AF_INET6}) {
      UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!fd && errno == EAFNOSUPPORT) continue;
      if (!fd) return fail_errno(errno, "make socket", "of the pod");
      sockets.push_back(std::move(fd));
    }
    return sockets;
  });
}

}  // namespace podctl::net
