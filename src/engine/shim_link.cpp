#include "engine/shim_link.hpp"

#include <boost/asio/post.hpp>
#include <csignal>

#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::engine {

using Descriptor = boost::asio::posix::stream_descriptor;

Result<wire::Message> check_reply(Result<wire::Message> reply) {
  if (!reply || reply->type == static_cast<std::uint16_t>(wire::Type::kOk)) return reply;
  return Failure(wire::from_wire(TRY(wire::decode<wire::ErrorBody>(reply->body))));
}

ShimLink::ShimLink(boost::asio::io_context& io, std::string uid, wire::Socket socket)
    : io_(io), uid_(std::move(uid)), socket_(std::move(socket)), descriptor_(io) {}

ShimLink::~ShimLink() {
  if (descriptor_.is_open()) (void)descriptor_.release();
}

Result<void> ShimLink::open() {
  TRY(socket_.set_nonblocking());
  boost::system::error_code failed;
  descriptor_.assign(socket_.fd(), failed);
  if (failed) return fail_errno(failed.value(), "watch shim", uid_);
  read();
  return {};
}

std::uint32_t ShimLink::request(wire::Type type, std::string body, Reply reply,
                                std::vector<UniqueFd> fds, std::chrono::seconds bound) {
  const std::uint32_t number = next_request_++;
  wire::Message message;
  message.type = static_cast<std::uint16_t>(type);
  message.request = number;
  message.body = std::move(body);
  message.fds = std::move(fds);
  Result<void> sent = lost_ ? fail(Code::kUnavailable, "ask shim", uid_, "it has died")
                            : socket_.send(std::move(message));
  if (!sent) {
    boost::asio::post(io_, [reply = std::move(reply), error = std::move(sent).error()]() mutable {
      reply(Failure(std::move(error)));
    });
    return number;
  }
  open_requests_.emplace(number, Open{.reply = std::move(reply), .late = nullptr});
  if (bound.count() > 0) answer_late(number, bound);
  write_pending();
  return number;
}

void ShimLink::answer_late(std::uint32_t number, std::chrono::seconds bound) {
  auto& late = open_requests_.at(number).late;
  late = std::make_unique<boost::asio::steady_timer>(io_, bound);
  late->async_wait([weak = weak_from_this(), number, bound](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    const auto at = self->open_requests_.extract(number);
    if (at.empty()) return;
    at.mapped().reply(fail(Code::kUnavailable, "ask shim", self->uid_,
                           "no answer in " + std::to_string(bound.count()) +
                               " s: it is stopped, or waits for a file system"));
  });
}

void ShimLink::kill_process() {
  if (process_) (void)sys::send_signal(process_.get(), SIGKILL);
}

void ShimLink::read() {
  descriptor_.async_wait(Descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error && !self->lost_) self->readable();
                         });
}

void ShimLink::readable() {
  while (!lost_) {
    auto message = socket_.receive();
    if (!message) return lose();  // gone, or no shim of ours
    if (!*message) return read();
    take(std::move(**message));
  }
}

void ShimLink::take(wire::Message message) {
  const auto type = static_cast<wire::Type>(message.type);
  if (type != wire::Type::kOk && type != wire::Type::kError) {
    if (held_) {
      events_.push_back(std::move(message));
    } else if (on_event) {
      on_event(std::move(message));
    }
    return;
  }
  const auto at = open_requests_.find(message.request);
  if (at == open_requests_.end()) return;
  const Reply reply = std::move(at->second.reply);
  open_requests_.erase(at);
  reply(check_reply(std::move(message)));
}

void ShimLink::release_events() {
  held_ = false;
  for (wire::Message& message : std::exchange(events_, {})) {
    if (on_event) on_event(std::move(message));
  }
}

void ShimLink::write_pending() {
  if (writing_ || !socket_.pending()) return;
  writing_ = true;
  descriptor_.async_wait(Descriptor::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           self->writing_ = false;
                           if (error || self->lost_) return;
                           if (!self->socket_.flush()) return self->lose();
                           self->write_pending();
                         });
}

void ShimLink::lose() {
  if (lost_) return;
  lost_ = true;
  if (descriptor_.is_open()) (void)descriptor_.release();
  socket_ = wire::Socket();
  for (auto& [number, open] : std::exchange(open_requests_, {})) {
    open.reply(fail(Code::kUnavailable, "ask shim", uid_, "it has died"));
  }
  if (on_lost) on_lost();
}

void ShimLink::close() {
  on_lost = nullptr;
  on_event = nullptr;
  if (lost_) return;
  wire::Message bye;
  bye.type = static_cast<std::uint16_t>(wire::Type::kBye);
  (void)socket_.send(std::move(bye));
  lose();
}

}  // namespace podctl::engine
