#include "podctl/net/report.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <chrono>
#include <cstring>
#include <type_traits>
#include <utility>

#include "net/messages.hpp"

namespace podctl::net {
namespace {

constexpr std::chrono::seconds kListBound{5};

// Walks the attributes behind the fixed part of a message.
template <class Each>
void attributes(const nlmsghdr* header, std::size_t fixed, Each each) {
  int left = nlmsg_attrlen(header, static_cast<int>(fixed));
  for (const nlattr* a = nlmsg_attrdata(header, static_cast<int>(fixed)); nla_ok(a, left);
       a = nla_next(a, &left)) {
    each(a);
  }
}

std::string attribute_text(const nlattr* a) {
  const auto* data = static_cast<const char*>(nla_data(a));
  return {data, ::strnlen(data, static_cast<std::size_t>(nla_len(a)))};
}

std::uint32_t attribute_u32(const nlattr* a) {
  std::uint32_t value = 0;
  if (nla_len(a) >= static_cast<int>(sizeof value)) std::memcpy(&value, nla_data(a), sizeof value);
  return value;
}

std::optional<IpAddress> attribute_address(const nlattr* a) {
  IpAddress address;
  if (nla_len(a) != 4 && nla_len(a) != 16) return std::nullopt;
  address.family = nla_len(a) == 4 ? 4 : 6;
  std::memcpy(address.bytes.data(), nla_data(a), static_cast<std::size_t>(nla_len(a)));
  return address;
}

std::string mac_text(const nlattr* a) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  const auto* bytes = static_cast<const unsigned char*>(nla_data(a));
  for (int i = 0; i < nla_len(a); ++i) {
    if (i > 0) out += ':';
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 0xF];
  }
  return out;
}

Link parse_link(const nlmsghdr* header) {
  const auto* info = static_cast<const ifinfomsg*>(nlmsg_data(header));
  Link out;
  out.index = info->ifi_index;
  out.up = (info->ifi_flags & IFF_UP) != 0;
  out.running = (info->ifi_flags & IFF_RUNNING) != 0;
  attributes(header, sizeof *info, [&out](const nlattr* a) {
    switch (nla_type(a)) {
      case IFLA_IFNAME:
        out.name = attribute_text(a);
        break;
      case IFLA_ADDRESS:
        out.mac = mac_text(a);
        break;
      case IFLA_MTU:
        out.mtu = attribute_u32(a);
        break;
      case IFLA_MASTER:
        out.master = static_cast<int>(attribute_u32(a));
        break;
      case IFLA_LINK:
        out.peer = static_cast<int>(attribute_u32(a));
        break;
      case IFLA_LINKINFO:
        if (const nlattr* kind =
                nla_find(static_cast<const nlattr*>(nla_data(a)), nla_len(a), IFLA_INFO_KIND)) {
          out.kind = attribute_text(kind);
        }
        break;
      default:
        break;
    }
  });
  return out;
}

const char* scope_name(int scope) {
  switch (scope) {
    case RT_SCOPE_UNIVERSE:
      return "global";
    case RT_SCOPE_LINK:
      return "link";
    case RT_SCOPE_HOST:
      return "host";
    default:
      return "site";
  }
}

std::optional<Address> parse_address(const nlmsghdr* header) {
  const auto* info = static_cast<const ifaddrmsg*>(nlmsg_data(header));
  Address out;
  out.index = static_cast<int>(info->ifa_index);
  out.prefix.length = info->ifa_prefixlen;
  out.scope = scope_name(info->ifa_scope);
  std::optional<IpAddress> local, remote;  // of a point-to-point link they differ
  attributes(header, sizeof *info, [&](const nlattr* a) {
    if (nla_type(a) == IFA_LOCAL) local = attribute_address(a);
    if (nla_type(a) == IFA_ADDRESS) remote = attribute_address(a);
  });
  if (!local && !remote) return std::nullopt;
  out.prefix.address = local ? *local : *remote;
  return out;
}

std::optional<Route> parse_route(const nlmsghdr* header) {
  const auto* info = static_cast<const rtmsg*>(nlmsg_data(header));
  if (info->rtm_family != af({4}) && info->rtm_family != af({6})) return std::nullopt;
  Route out;
  out.destination.length = info->rtm_dst_len;
  out.destination.address.family = info->rtm_family == af({4}) ? 4 : 6;
  out.table = info->rtm_table;
  attributes(header, sizeof *info, [&](const nlattr* a) {
    switch (nla_type(a)) {
      case RTA_DST:
        out.destination.address = attribute_address(a).value_or(out.destination.address);
        break;
      case RTA_GATEWAY:
        out.gateway = attribute_address(a);
        break;
      case RTA_OIF:
        out.index = static_cast<int>(attribute_u32(a));
        break;
      case RTA_TABLE:
        out.table = attribute_u32(a);
        break;
      case RTA_PRIORITY:
        out.metric = attribute_u32(a);
        break;
      default:
        break;
    }
  });
  if (out.table == RT_TABLE_LOCAL) return std::nullopt;
  return out;
}

template <class Body>
Message list_request(int type) {
  Message message(nlmsg_alloc_simple(type, NLM_F_DUMP));
  Body body{};
  nlmsg_append(message.get(), &body, sizeof body, NLMSG_ALIGNTO);
  return message;
}

// A list that changes while the kernel tells it is asked for anew: on a busy machine somebody's
// links and addresses always come and go. netlink(7), NLM_F_DUMP_INTR.
template <class Body, class Parse>
auto list(Socket& socket, int get, int item, const char* op, Parse parse)
    -> Result<std::vector<typename std::invoke_result_t<Parse, const nlmsghdr*>::value_type>> {
  const auto end = std::chrono::steady_clock::now() + kListBound;
  for (;;) {
    std::vector<typename std::invoke_result_t<Parse, const nlmsghdr*>::value_type> out;
    auto told = socket.dump(list_request<Body>(get), op, [&](const nlmsghdr* header) {
      if (header->nlmsg_type != item) return;
      if (auto parsed = parse(header)) out.push_back(std::move(*parsed));
    });
    if (told) return out;
    if (told.error().code != Code::kConflict || std::chrono::steady_clock::now() > end) {
      return Failure(std::move(told).error());
    }
  }
}

}  // namespace

Result<std::vector<Link>> links(Socket& socket) {
  return list<ifinfomsg>(socket, RTM_GETLINK, RTM_NEWLINK, "list links",
                         [](const nlmsghdr* header) { return std::optional(parse_link(header)); });
}

Result<Link> link(Socket& socket, const std::string& name) {
  std::optional<Link> out;
  auto asked = socket.dump(get_link(name), "look up link", [&out](const nlmsghdr* header) {
    if (header->nlmsg_type == RTM_NEWLINK) out = parse_link(header);
  });
  if (!asked && asked.error().code != Code::kNotFound) return Failure(std::move(asked).error());
  if (!out) return fail(Code::kNotFound, "look up link", name, "no such link");
  return *out;
}

Result<std::vector<Address>> addresses(Socket& socket) {
  return list<ifaddrmsg>(socket, RTM_GETADDR, RTM_NEWADDR, "list addresses", parse_address);
}

Result<std::vector<Route>> routes(Socket& socket) {
  return list<rtmsg>(socket, RTM_GETROUTE, RTM_NEWROUTE, "list routes", parse_route);
}

}  // namespace podctl::net
