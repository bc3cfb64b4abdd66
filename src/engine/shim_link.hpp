// The engine's connection to one shim: requests with their callbacks, events, and its loss.
//
// Lives on the io_context's thread. Knows messages, not what they are for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/messages.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::engine {

class ShimLink : public std::enable_shared_from_this<ShimLink> {
 public:
  using Reply = std::function<void(Result<wire::Message>)>;

  ShimLink(boost::asio::io_context& io, std::string uid, wire::Socket socket);
  ~ShimLink();

  std::function<void(wire::Message)> on_event;
  std::function<void()> on_lost;  // once; every open request has failed before

  Result<void> open();
  // The reply's callback comes exactly once, never from within. The number names the request in
  // events. With a bound: kUnavailable when there is no answer by then.
  std::uint32_t request(wire::Type type, std::string body, Reply reply,
                        std::vector<UniqueFd> fds = {}, std::chrono::seconds bound = {});
  // The shim's process, once it is known; then it can be killed when it does not answer.
  void set_process(UniqueFd pidfd) { process_ = std::move(pidfd); }
  void kill_process();
  // Events are kept back until release_events(): nobody may hear of a pod before recover() has told
  // of it.
  void hold_events() { held_ = true; }
  void release_events();
  // Says Bye (the shim then does not bring podctld back) and closes.
  void close();
  bool lost() const { return lost_; }
  // The same before it has been noticed: what could not be sent may be answered earlier.
  bool hung_up() const { return lost_ || socket_.hung_up(); }
  const std::string& uid() const { return uid_; }

 private:
  struct Open {
    Reply reply;
    std::unique_ptr<boost::asio::steady_timer> late;
  };

  void read();
  void readable();
  void answer_late(std::uint32_t number, std::chrono::seconds bound);
  void take(wire::Message message);
  void write_pending();
  void lose();

  boost::asio::io_context& io_;
  std::string uid_;
  wire::Socket socket_;
  boost::asio::posix::stream_descriptor descriptor_;  // watches socket_, does not own it
  UniqueFd process_;
  std::map<std::uint32_t, Open> open_requests_;
  std::vector<wire::Message> events_;
  std::uint32_t next_request_ = 1;
  bool held_ = false, lost_ = false, writing_ = false;
};

// A kError reply becomes its Error.
Result<wire::Message> check_reply(Result<wire::Message> reply);

}  // namespace podctl::engine
