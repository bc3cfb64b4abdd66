#include "peer.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace podctl::server {

int podctl_group() {
  std::vector<char> buffer(16384);
  struct group group {};
  struct group* found = nullptr;
  if (getgrnam_r("podctl", &group, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return -1;
  return static_cast<int>(found->gr_gid);
}

bool peer_allowed(int fd) {
  struct ucred peer {};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == geteuid()) return true;
  const int group = podctl_group();
  if (group < 0) return false;
  if (peer.gid == static_cast<gid_t>(group)) return true;
  std::vector<gid_t> groups(65536);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::find(groups.begin(), groups.end(), static_cast<gid_t>(group)) != groups.end();
}

}  // namespace podctl::server
