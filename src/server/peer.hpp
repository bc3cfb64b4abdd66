// Who may speak to podctld, decided from the socket's own credentials.
#pragma once

namespace podctl::server {

// Whether the peer of a connected unix socket is root, this process' user, or in group "podctl".
bool peer_allowed(int fd);
// The group's id; -1 where there is none.
int podctl_group();

}  // namespace podctl::server
