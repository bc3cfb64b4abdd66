// The rtnetlink messages podctl sends, one function each (rtnetlink(7)). Private to net.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/base/ip.hpp"
#include "podctl/net/socket.hpp"

namespace podctl::net {

Message link_request(int type, int flags, int index, unsigned up);
void put_text(nl_msg* message, int attribute, const std::string& text);
void put_mac(nl_msg* message, const std::string& mac);  // "aa:bb:cc:dd:ee:ff"

Message get_link(const std::string& name);
Message set_up(int index);
// With NODAD for IPv6 and the prefix's route; EEXIST when it is there.
Message new_address(int index, const IpPrefix& prefix);
// A default route by `gateway` out of `index`.
Message new_default_route(int index, const IpAddress& gateway);

inline int af(const IpAddress& address) {
  return address.family == 4 ? 2 /* AF_INET */ : 10 /* AF_INET6 */;
}

}  // namespace podctl::net
