// Attached readers of a container's output.
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shim/log_pump.hpp"

namespace podctl::shim {

void LogPump::keep(Stream stream, std::string_view data) {
  constexpr std::size_t kMost = 64U << 10;
  auto& kept = kept_[static_cast<int>(stream)];
  if (!kept) return;
  if (kept->size() + data.size() > kMost) return kept.reset();
  *kept += data;
}

Result<void> LogPump::tap(Stream stream, UniqueFd pipe, bool from_start) {
  const int flags = ::fcntl(pipe.get(), F_GETFL);
  if (flags < 0 || ::fcntl(pipe.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return fail_errno(errno, "set non-blocking", "pipe");
  auto tap = std::make_shared<Tap>(Tap{stream, std::move(pipe), {}});
  // Without an event asked for, the loop tells of the reader's end alone (epoll_ctl(2), EPOLLERR).
  TRY(loop_.watch(tap->pipe.get(), 0, [this, tap](std::uint32_t events) {
    if ((events & EPOLLERR) != 0) return drop(tap);
    advance(tap);
  }));
  taps_.push_back(tap);
  if (!from_start) return {};
  if (auto kept = std::exchange(kept_[static_cast<int>(stream)], {})) tap->rest = std::move(*kept);
  advance(tap);
  hold_up(stream);
  return {};
}

// Reads no more of the stream while somebody has yet to take what there was.
void LogPump::hold_up(Stream stream) {
  const UniqueFd& from = fds_[static_cast<int>(stream)];
  if (from && held_up(stream)) (void)loop_.change(from.get(), 0);
}

bool LogPump::held_up(Stream stream) const {
  return std::any_of(taps_.begin(), taps_.end(),
                     [stream](const auto& t) { return t->stream == stream && !t->rest.empty(); });
}

void LogPump::give(Stream stream, std::string_view data) {
  const auto taps = taps_;  // one that has ended goes meanwhile
  for (const auto& tap : taps) {
    if (tap->stream != stream) continue;
    tap->rest += data;
    advance(tap);
  }
  hold_up(stream);
}

// False when nobody reads any more.
bool LogPump::write(Tap& tap) {
  while (!tap.rest.empty()) {
    const auto n = ::write(tap.pipe.get(), tap.rest.data(), tap.rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    tap.rest.erase(0, static_cast<std::size_t>(n));
  }
  return true;
}

void LogPump::drop(const std::shared_ptr<Tap>& tap) {
  loop_.forget(tap->pipe.get());
  tap->rest.clear();
  std::erase(taps_, tap);
  go_on(tap->stream);
}

void LogPump::advance(const std::shared_ptr<Tap>& tap) {
  if (!write(*tap)) return drop(tap);
  (void)loop_.change(tap->pipe.get(), tap->rest.empty() ? 0U : std::uint32_t{EPOLLOUT});
  go_on(tap->stream);
}

// Reads on, once every reader of the stream has taken what there was.
void LogPump::go_on(Stream stream) {
  const UniqueFd& from = fds_[static_cast<int>(stream)];
  if (from && !held_up(stream)) (void)loop_.change(from.get(), EPOLLIN);
}

// Nothing more comes of that stream: what is left goes when it is taken, be the pump gone by then.
void LogPump::end_taps(Stream stream) {
  const auto ended = [stream](const auto& tap) { return tap->stream == stream; };
  for (const auto& tap : taps_) {
    if (!ended(tap)) continue;
    const int fd = tap->pipe.get();
    loop_.forget(fd);
    if (tap->rest.empty()) continue;
    (void)loop_.watch(fd, EPOLLOUT, [&loop = loop_, tap, fd](std::uint32_t) {
      if (write(*tap) && !tap->rest.empty()) return;
      loop.forget(fd);
      tap->pipe.reset();
    });
  }
  std::erase_if(taps_, ended);
}

}  // namespace podctl::shim
