#include "podctl/net/socket.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/netns.hpp"

namespace podctl::net {
namespace {

constexpr std::size_t kBufferSize = 64U << 10;  // a dump datagram is at most 32 KiB (netlink(7))

// The kernel's own words behind an error, when it sent some (NLMSGERR_ATTR_MSG).
std::string kernel_words(const nlmsghdr* header) {
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(header));
  std::size_t offset = sizeof(nlmsgerr);
  // The failed request follows the errno, whole unless NETLINK_CAP_ACK shortened it.
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0)
    offset += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
  const auto* data = static_cast<const char*>(nlmsg_data(header));
  const auto total = static_cast<std::size_t>(nlmsg_datalen(header));
  if (offset >= total) return {};
  const auto* attributes = reinterpret_cast<const nlattr*>(data + offset);
  const nlattr* text = nla_find(attributes, static_cast<int>(total - offset), NLMSGERR_ATTR_MSG);
  if (text == nullptr) return {};
  const auto* words = static_cast<const char*>(nla_data(text));
  return {words, ::strnlen(words, static_cast<std::size_t>(nla_len(text)))};
}

Result<UniqueFd> make_socket() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return fail_errno(errno, "open", "netlink socket");
  // The answer to a failed request need not carry the request, but shall carry words.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  return fd;
}

}  // namespace

void MessageDeleter::operator()(nl_msg* message) const { nlmsg_free(message); }

Result<Socket> Socket::open() { return Socket(TRY(make_socket())); }

Result<Socket> Socket::open_in(int netns) {
  return TRY(in_netns(netns, [] { return Socket::open(); }));
}

Result<void> Socket::send(const void* data, std::size_t size, const std::string& op) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd_.get(), data, size, 0, reinterpret_cast<const sockaddr*>(&kernel),
                    sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_errno(errno, op, "netlink request");
  return {};
}

Result<void> Socket::receive(const std::function<bool(const nlmsghdr*)>& each,
                             const std::string& op) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  for (;;) {
    sockaddr_nl from{};
    socklen_t length = sizeof from;
    const ssize_t got = ::recvfrom(fd_.get(), buffer_.get(), kBufferSize, 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, op, "netlink answer");
    if (from.nl_pid != 0) continue;  // only the kernel's word counts
    int left = static_cast<int>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(header, left);
         header = nlmsg_next(header, &left)) {
      if (each(header)) return {};
    }
  }
}

Result<void> Socket::call(Message message, const std::string& op, const std::string& subject) {
  std::vector<Step> steps;
  steps.push_back({std::move(message), op, subject});
  return batch(std::move(steps));
}

Result<void> Socket::batch(std::vector<Step> steps) {
  if (steps.empty()) return {};
  std::vector<char> datagram;
  const std::uint32_t first = sequence_ + 1;
  for (Step& step : steps) {
    nlmsghdr* header = nlmsg_hdr(step.message.get());
    header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    header->nlmsg_seq = ++sequence_;
    header->nlmsg_pid = 0;
    const auto* bytes = reinterpret_cast<const char*>(header);
    datagram.insert(datagram.end(), bytes, bytes + header->nlmsg_len);
    datagram.resize(NLMSG_ALIGN(datagram.size()));
  }
  TRY(send(datagram.data(), datagram.size(), steps.front().op));
  std::size_t answered = 0;
  Result<void> outcome;
  TRY(receive(
      [&](const nlmsghdr* header) {
        const std::size_t index = header->nlmsg_seq - first;
        if (header->nlmsg_type != NLMSG_ERROR || index >= steps.size()) return false;
        const int err = -static_cast<const nlmsgerr*>(nlmsg_data(header))->error;
        const Step& step = steps[index];
        if (err != 0 && err != step.ignore_errno && outcome) {
          outcome = fail_errno(err, step.op, step.subject, kernel_words(header));
        }
        return ++answered == steps.size();
      },
      steps.front().op));
  return outcome;
}

Result<void> Socket::dump(Message message, const std::string& op,
                          const std::function<void(const nlmsghdr*)>& each) {
  nlmsghdr* request = nlmsg_hdr(message.get());
  const bool many = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  request->nlmsg_flags |= NLM_F_REQUEST;
  if (!many) request->nlmsg_flags |= NLM_F_ACK;
  const std::uint32_t sequence = request->nlmsg_seq = ++sequence_;
  request->nlmsg_pid = 0;
  TRY(send(request, request->nlmsg_len, op));
  Result<void> outcome;
  bool interrupted = false;
  TRY(receive(
      [&](const nlmsghdr* header) {
        if (header->nlmsg_seq != sequence) return false;
        if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
        if (header->nlmsg_type == NLMSG_DONE) return true;
        if (header->nlmsg_type != NLMSG_ERROR) {
          each(header);
          return false;
        }
        const int err = -static_cast<const nlmsgerr*>(nlmsg_data(header))->error;
        if (err != 0) outcome = fail_errno(err, op, "netlink request", kernel_words(header));
        return true;
      },
      op));
  if (outcome && interrupted) {
    return fail(Code::kConflict, op, "netlink dump",
                "the list changed while it was read; ask again");
  }
  return outcome;
}

}  // namespace podctl::net
