#include "podctl/server/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <utility>

#include "peer.hpp"
#include "podctl/sys/files.hpp"
#include "session.hpp"

namespace podctl::server {
namespace asio = boost::asio;

namespace {

// The address of a socket by its directory's descriptor: a path may be longer than a sun_path.
struct Place {
  UniqueFd directory;
  std::string name;
  struct sockaddr_un address {};

  const struct sockaddr* raw() const { return reinterpret_cast<const struct sockaddr*>(&address); }
};

Result<Place> place_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = path.substr(0, slash == 0 ? 1 : slash);
  Place place{UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
              path.substr(slash + 1),
              {}};
  if (!place.directory) return fail_errno(errno, "open directory of socket", directory);
  const std::string short_path =
      "/proc/self/fd/" + std::to_string(place.directory.get()) + "/" + place.name;
  if (short_path.size() >= sizeof place.address.sun_path) {
    return fail(Code::kInvalidArgument, "find socket", path, "the socket's own name is too long");
  }
  place.address.sun_family = AF_UNIX;
  std::memcpy(place.address.sun_path, short_path.c_str(), short_path.size() + 1);
  return place;
}

}  // namespace

bool somebody_listens(const std::string& path) {
  const auto place = place_of(path);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!place || !socket) return false;
  return ::connect(socket.get(), place->raw(), sizeof place->address) == 0 || errno == EAGAIN;
}

Result<UniqueFd> bind_socket(const std::string& path) {
  const Place place = TRY(place_of(path));
  const int dir = place.directory.get();
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(errno, "make socket", path);
  ::unlinkat(dir, place.name.c_str(), 0);
  // No window in which others could connect: the mode is right from birth.
  const mode_t before = ::umask(0117);
  const int bound = ::bind(socket.get(), place.raw(), sizeof place.address);
  const int bind_errno = errno;
  ::umask(before);
  if (bound != 0) return fail_errno(bind_errno, "bind socket", path);
  if (const int group = podctl_group(); group >= 0) {
    if (::fchownat(dir, place.name.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(group), 0) !=
        0) {
      return fail_errno(errno, "give socket to group podctl", path);
    }
  }
  if (::listen(socket.get(), 512) != 0) return fail_errno(errno, "listen on socket", path);
  return socket;
}

class Listener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, UniqueFd socket, Options options, Handler handler)
      : io_(io), listening_(io, socket.release()), pause_(io) {
    context_ =
        std::make_shared<SessionContext>(SessionContext{std::move(options), std::move(handler)});
    const auto& uploads = context_->options.upload_directory;
    // What a podctld that was killed had received is nobody's any more.
    if (auto emptied = sys::remove_tree(uploads); !emptied)
      context_->options.on_error("uploads: " + emptied.error().message());
    ::mkdir(uploads.c_str(), 0700);
  }

  void wait() {
    listening_.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](boost::system::error_code error) {
                            if (error) return;
                            if (self->accept_all()) return self->wait();
                            self->wait_later();
                          });
  }

  void stop() {
    boost::system::error_code ignored;
    listening_.close(ignored);
  }

 private:
  // Without a free descriptor the socket stays readable: look again later instead of spinning.
  void wait_later() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->wait();
    });
  }

  // accept4 by hand: Asio accepts without CLOEXEC. False when the process has no descriptor left.
  bool accept_all() {
    for (;;) {
      UniqueFd fd(
          ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd) {
        const bool none_free = errno == EMFILE || errno == ENFILE;
        if (none_free && !std::exchange(none_free_, true))
          context_->options.on_error("accept: no descriptor is free");
        return !none_free;
      }
      none_free_ = false;
      const bool allowed = peer_allowed(fd.get());
      UnixSocket socket(io_);
      boost::system::error_code error;
      socket.assign(asio::local::stream_protocol(), fd.get(), error);
      if (error) continue;
      (void)fd.release();
      start_session(std::move(socket), allowed, context_);
    }
  }

  asio::io_context& io_;
  asio::posix::stream_descriptor listening_;
  asio::steady_timer pause_;
  std::shared_ptr<SessionContext> context_;
  bool none_free_ = false;
};

Listener::Listener(asio::io_context& io, UniqueFd socket, Options options, Handler handler)
    : impl_(std::make_shared<Impl>(io, std::move(socket), std::move(options), std::move(handler))) {
  impl_->wait();
}

Listener::~Listener() { impl_->stop(); }

void Listener::stop() { impl_->stop(); }

}  // namespace podctl::server
