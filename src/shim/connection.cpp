// The shim's connections: the one it was born with, and those of later podctlds.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/sys/files.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {

Shim::Shim(Loop& loop, Layout layout, std::string uid, runtime::Programs programs)
    : loop_(loop),
      layout_(std::move(layout)),
      uid_(std::move(uid)),
      programs_(programs),
      reviver_(loop_, layout_),
      records_(layout_.pod_run(uid_) + "/exits") {}

// Made by mkdir alone, so that two shims never share a pod.
Result<void> Shim::make_run_directory() {
  const std::string run = layout_.pod_run(uid_);
  TRY(sys::make_directories(layout_.pods_run(), 0700));
  if (::mkdir(run.c_str(), 0700) != 0) return fail_errno(errno, "make run directory", run);
  TRY(sys::make_directories(run + "/exits", 0700));
  TRY(sys::make_directories(run + "/spec", 0700));
  return {};
}

// Its successor finds a shim by its directory. One that came to be after that look would be known
// to nobody, and what it makes by the requests that are still in its socket would be in the way of
// the pod's next shim.
Result<void> Shim::expect_podctld(const wire::Socket& first) const {
  if (!first.hung_up()) return {};
  return fail(Code::kUnavailable, "serve", uid_, "podctld died before its shim stood");
}

Result<void> Shim::open(wire::Socket first) {
  TRY(expect_podctld(first));
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  child_signal_ = UniqueFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!child_signal_) return fail_errno(errno, "make signalfd", {});
  TRY(loop_.watch(child_signal_.get(), EPOLLIN, [this](std::uint32_t) { reap_children(); }));

  TRY(make_run_directory());
  const std::string run = layout_.pod_run(uid_);
  log_into(run + "/shim.log");
  listener_ = TRY(wire::listen_at(run, "shim.sock"));
  TRY(loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { on_listener(); }));
  TRY(sys::write_file(run + "/shim.pid", std::to_string(::getpid()) + "\n", 0644));
  if (auto there = expect_podctld(first); !there) {
    TRY(sys::remove_tree(run));
    return there;
  }
  adopt(std::move(first));
  return {};
}

void Shim::on_listener() {
  auto connection = wire::accept_from(listener_.get());
  if (!connection) {
    if (connection.error().code != Code::kUnavailable) log("accept", connection.error());
    return;
  }
  adopt(std::move(*connection));
}

// The newest connection is the one: its podctld holds the lock, the older one's is dead or dying.
void Shim::adopt(wire::Socket connection) {
  if (connection_) loop_.forget(connection_.fd());
  connection_ = std::move(connection);
  said_bye_ = false;
  Result<void> ready = connection_.set_nonblocking();
  if (ready) {
    ready = loop_.watch(connection_.fd(), EPOLLIN,
                        [this](std::uint32_t events) { on_connection(events); });
  }
  if (!ready) {
    log("adopt connection", ready.error());
    connection_ = wire::Socket();
  }
}

void Shim::on_connection(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!connection_.flush()) return lose_connection();
    watch_writable();
  }
  // One message a round: container output and ends are served between requests. But starts are only
  // begun, and wait for nothing so little as for each other.
  for (bool start = true; start && connection_ && !ending_;) {
    auto message = connection_.receive();
    if (!message && message.error().code == Code::kUnavailable) return lose_connection();
    if (!message) {
      log("podctld spoke nonsense", message.error());
      return lose_connection();
    }
    if (!*message) return;
    start = (*message)->type == static_cast<std::uint16_t>(wire::Type::kStartContainer);
    handle(std::move(**message));
  }
}

// What was made before a pod has its files for nobody; else they are a pod's that goes on.
Result<void> Shim::leave() {
  const bool unused = spare_;
  auto gone = destroy();
  auto files = unused ? sys::remove_tree(layout_.pod_lib(uid_)) : Result<void>();
  return gone ? files : gone;
}

void Shim::lose_connection() {
  loop_.forget(connection_.fd());
  connection_ = wire::Socket();
  if (!sandbox_ || spare_) {  // no pod is here, and nobody else knows of us
    if (auto gone = leave(); !gone) log("leave", gone.error());
    return loop_.stop();
  }
  expected_.clear();  // when the next one asks for containers, the pod has been looked at
  if (!said_bye_) reviver_.lost();
}

void Shim::send(wire::Type type, std::uint32_t request, std::string body,
                std::vector<UniqueFd> fds) {
  if (!connection_) return;
  wire::Message message;
  message.type = static_cast<std::uint16_t>(type);
  message.request = request;
  message.body = std::move(body);
  message.fds = std::move(fds);
  // A peer that is gone is noticed by the end of file that follows.
  if (auto sent = connection_.send(std::move(message)); !sent) log("answer", sent.error());
  if (connection_.pending()) watch_writable();
}

void Shim::watch_writable() {
  const std::uint32_t events = EPOLLIN | (connection_.pending() ? EPOLLOUT : 0U);
  if (auto done = loop_.change(connection_.fd(), events); !done) log("watch", done.error());
}

}  // namespace podctl::shim
