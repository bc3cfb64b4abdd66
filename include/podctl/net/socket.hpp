// A routing-netlink socket and one exchange over it. Used by the rest of net and by ipam (host
// routes).
//
// Works in the calling thread, in any process; blocks only for the kernel's answer. A socket
// belongs for life to the network namespace it was opened in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

struct nl_msg;
struct nlmsghdr;

namespace podctl::net {

struct MessageDeleter {
  void operator()(nl_msg* message) const;
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

class Socket {
 public:
  // In the caller's network namespace.
  static Result<Socket> open();
  // In the namespace behind `netns`: the calling thread enters it for the socket(2) call and comes
  // back; if it cannot come back the process aborts, since nothing after that would be true.
  static Result<Socket> open_in(int netns);

  int fd() const { return fd_.get(); }

  // Sends one request and waits for its acknowledgement. The error carries the kernel's errno and
  // its own words (NETLINK_EXT_ACK). `op` and `subject` are for the error.
  Result<void> call(Message message, const std::string& op, const std::string& subject);
  // Sends all in one datagram and waits for every acknowledgement; the first failure is returned,
  // and names its step. The kernel goes on after a failed one: callers undo the whole.
  struct Step {
    Message message;
    std::string op, subject;
    int ignore_errno = 0;  // this failure is success (EEXIST for what may be there)
  };
  Result<void> batch(std::vector<Step> steps);
  // A request with answers: a dump (NLM_F_DUMP set by the caller) or a single object.
  Result<void> dump(Message message, const std::string& op,
                    const std::function<void(const nlmsghdr*)>& each);

 private:
  explicit Socket(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<void> send(const void* data, std::size_t size, const std::string& op);
  // Hands over messages until `each` says that it has all.
  Result<void> receive(const std::function<bool(const nlmsghdr*)>& each, const std::string& op);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<char[]> buffer_;  // only what an answer fills is ever touched
};

}  // namespace podctl::net
