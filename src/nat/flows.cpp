#include "nat/flows.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

#include "podctl/base/unique_fd.hpp"

namespace podctl::nat {
namespace {

using Bytes = std::span<const char>;

// The payload of the attribute of that type; empty when there is none.
Bytes attribute(Bytes all, int type) {
  while (all.size() >= sizeof(nlattr)) {
    nlattr head{};
    std::memcpy(&head, all.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > all.size()) return {};
    if ((head.nla_type & NLA_TYPE_MASK) == type)
      return all.subspan(sizeof head, head.nla_len - sizeof head);
    all = all.subspan(std::min<std::size_t>(all.size(), NLA_ALIGN(head.nla_len)));
  }
  return {};
}

std::uint16_t port(Bytes value) {
  std::uint16_t number = 0;
  if (value.size() == sizeof number) std::memcpy(&number, value.data(), sizeof number);
  return ntohs(number);
}

IpAddress address(Bytes ip, int v4, int v6) {
  IpAddress out;
  for (const auto& [family, type, size] : {std::tuple{4, v4, 4U}, std::tuple{6, v6, 16U}}) {
    const Bytes value = attribute(ip, type);
    if (value.size() != size) continue;
    out.family = static_cast<std::uint8_t>(family);
    std::memcpy(out.bytes.data(), value.data(), size);
  }
  return out;
}

Flow flow_of(Bytes attributes) {
  const Bytes first = attribute(attributes, CTA_TUPLE_ORIG);
  const Bytes answer = attribute(attributes, CTA_TUPLE_REPLY);
  const Bytes to = attribute(first, CTA_TUPLE_IP), back = attribute(answer, CTA_TUPLE_IP);
  const Bytes proto = attribute(first, CTA_TUPLE_PROTO);
  const Bytes number = attribute(proto, CTA_PROTO_NUM);
  Flow flow;
  if (number.size() == 1) flow.protocol = static_cast<std::uint8_t>(number[0]);
  flow.source = address(to, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  flow.target = address(to, CTA_IP_V4_DST, CTA_IP_V6_DST);
  flow.target_port = port(attribute(proto, CTA_PROTO_DST_PORT));
  flow.answers_from = address(back, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  flow.answers_to = address(back, CTA_IP_V4_DST, CTA_IP_V6_DST);
  flow.answers_port = port(attribute(attribute(answer, CTA_TUPLE_PROTO), CTA_PROTO_SRC_PORT));
  return flow;
}

void append(std::string& message, int type, Bytes value) {
  nlattr head{};
  head.nla_len = static_cast<std::uint16_t>(sizeof head + value.size());
  head.nla_type = static_cast<std::uint16_t>(type);
  message.append(reinterpret_cast<const char*>(&head), sizeof head);
  message.append(value.data(), value.size());
  message.resize(NLMSG_ALIGN(message.size()));
}

std::string message(int type, int flags, std::uint8_t family, const std::string& attributes) {
  nlmsghdr head{};
  nfgenmsg body{};
  body.nfgen_family = family;
  body.version = NFNETLINK_V0;
  head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + sizeof body + attributes.size());
  head.nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_CTNETLINK << 8) | type);
  head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  out.append(reinterpret_cast<const char*>(&body), sizeof body);
  return out + attributes;
}

// What names one flow to the kernel: its first tuple, and its number, should another have taken its
// place.
std::string name_of(Bytes attributes) {
  std::string out;
  append(out, CTA_TUPLE_ORIG | NLA_F_NESTED, attribute(attributes, CTA_TUPLE_ORIG));
  if (const Bytes id = attribute(attributes, CTA_ID); !id.empty()) append(out, CTA_ID, id);
  return out;
}

// A kernel that cannot be asked says so by any of these.
Failure refused(int error) {
  if (error == EINVAL || error == EOPNOTSUPP || error == EPROTONOSUPPORT) {
    return fail(Code::kUnsupported, "ask the kernel for", "its flows",
                "it needs CONFIG_NF_CT_NETLINK for host ports of UDP");
  }
  return fail_errno(error, "ask the kernel for", "its flows");
}

// Calls `each` with the parts of every answer, until the last one.
template <class F>
Result<void> exchange(int fd, const std::string& asked, F each) {
  if (::send(fd, asked.data(), asked.size(), 0) < 0) return refused(errno);
  std::string buffer(64U << 10, '\0');
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(errno);
    auto left = static_cast<unsigned>(got);
    for (auto* head = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(head, left);
         head = NLMSG_NEXT(head, left)) {
      if (head->nlmsg_type == NLMSG_DONE) return {};
      if (head->nlmsg_type == NLMSG_ERROR) {
        const int error = -static_cast<nlmsgerr*>(NLMSG_DATA(head))->error;
        return error == 0 || error == ENOENT ? Result<void>() : refused(error);
      }
      const std::size_t skip = NLMSG_LENGTH(sizeof(nfgenmsg));
      if (head->nlmsg_len >= skip)
        each(*head, Bytes(reinterpret_cast<char*>(head), head->nlmsg_len).subspan(skip));
    }
  }
}

}  // namespace

Result<void> forget_flows(bool (*which)(const Flow&, const void*), const void* argument) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket) return refused(errno);
  std::vector<std::string> deletions;
  TRY(exchange(socket.get(), message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC, {}),
               [&](const nlmsghdr& head, Bytes attributes) {
                 if (!which(flow_of(attributes), argument)) return;
                 const auto* body = static_cast<const nfgenmsg*>(NLMSG_DATA(&head));
                 deletions.push_back(message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, body->nfgen_family,
                                             name_of(attributes)));
               }));
  for (const std::string& deletion : deletions)
    TRY(exchange(socket.get(), deletion, [](const nlmsghdr&, Bytes) {}));
  return {};
}

}  // namespace podctl::nat
