#include "net/messages.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <charconv>
#include <cstring>

namespace podctl::net {
namespace {

template <class T>
Message request(int type, int flags, const T& body) {
  Message message(nlmsg_alloc_simple(type, flags));
  T copy = body;
  nlmsg_append(message.get(), &copy, sizeof copy, NLMSG_ALIGNTO);
  return message;
}

void put_address(nl_msg* message, int attribute, const IpAddress& address) {
  nla_put(message, attribute, static_cast<int>(address.size()), address.bytes.data());
}

}  // namespace

Message link_request(int type, int flags, int index, unsigned up) {
  ifinfomsg info{};
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = index;
  info.ifi_flags = up;
  info.ifi_change = up;
  return request(type, flags, info);
}

void put_text(nl_msg* message, int attribute, const std::string& text) {
  nla_put_string(message, attribute, text.c_str());
}

void put_mac(nl_msg* message, const std::string& mac) {
  std::array<std::uint8_t, 6> bytes{};
  for (std::size_t i = 0; i < 6 && i * 3 + 2 <= mac.size(); ++i) {
    std::from_chars(mac.data() + i * 3, mac.data() + i * 3 + 2, bytes[i], 16);
  }
  nla_put(message, IFLA_ADDRESS, bytes.size(), bytes.data());
}

Message get_link(const std::string& name) {
  Message message = link_request(RTM_GETLINK, 0, 0, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  return message;
}

Message set_up(int index) { return link_request(RTM_SETLINK, 0, index, IFF_UP); }

Message new_address(int index, const IpPrefix& prefix) {
  ifaddrmsg info{};
  info.ifa_family = static_cast<std::uint8_t>(af(prefix.address));
  info.ifa_prefixlen = prefix.length;
  info.ifa_flags = prefix.address.family == 6 ? IFA_F_NODAD : 0;
  info.ifa_index = static_cast<unsigned>(index);
  Message message = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, info);
  put_address(message.get(), IFA_LOCAL, prefix.address);
  put_address(message.get(), IFA_ADDRESS, prefix.address);
  if (prefix.address.family == 4 && prefix.length < 31) {
    IpAddress broadcast = prefix.address;
    for (int bit = prefix.length; bit < 32; ++bit) {
      broadcast.bytes[static_cast<std::size_t>(bit / 8)] |=
          static_cast<std::uint8_t>(0x80 >> (bit % 8));
    }
    put_address(message.get(), IFA_BROADCAST, broadcast);
  }
  return message;
}

Message new_default_route(int index, const IpAddress& gateway) {
  rtmsg info{};
  info.rtm_family = static_cast<std::uint8_t>(af(gateway));
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_BOOT;
  info.rtm_scope = RT_SCOPE_UNIVERSE;
  info.rtm_type = RTN_UNICAST;
  Message message = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, info);
  put_address(message.get(), RTA_GATEWAY, gateway);
  nla_put_u32(message.get(), RTA_OIF, static_cast<std::uint32_t>(index));
  return message;
}

}  // namespace podctl::net
