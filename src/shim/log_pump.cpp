#include "shim/log_pump.hpp"

#include <fcntl.h>
#include <sys/epoll.h>

#include <cerrno>
#include <ctime>

#include "shim/line_log.hpp"

namespace podctl::shim {
namespace {

constexpr std::size_t kBlock = 64U << 10;  // a pipe's capacity, pipe(7)
constexpr std::size_t kDrainBound = 8U
                                    << 20;  // a pipe holds at most 1 MiB: more means a live writer

timespec wall_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

}  // namespace

LogPump::~LogPump() {
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) end_taps(stream);
  for (const UniqueFd& fd : fds_) {
    if (fd) loop_.forget(fd.get());
  }
}

Result<void> LogPump::attach(Stream stream, UniqueFd fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno(errno, "set non-blocking", "log pipe");
  }
  TRY(loop_.watch(fd.get(), EPOLLIN, [this, stream](std::uint32_t) { read_some(stream); }));
  fds_[static_cast<int>(stream)] = std::move(fd);
  return {};
}

bool LogPump::read_some(Stream stream) {
  static std::array<char, kBlock> block;
  const int fd = fds_[static_cast<int>(stream)].get();
  if (fd < 0) return false;
  const ssize_t n = ::read(fd, block.data(), block.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
  if (n <= 0) {  // EIO: the last slave of a terminal is closed, tty_ioctl(4)
    close(stream);
    return false;
  }
  const auto written =
      log_.write(stream, std::string_view(block.data(), static_cast<std::size_t>(n)), wall_now());
  if (!written && !complained_) {
    complained_ = true;
    log("lines are being lost", written.error());
  }
  keep(stream, std::string_view(block.data(), static_cast<std::size_t>(n)));
  give(stream, std::string_view(block.data(), static_cast<std::size_t>(n)));
  return true;
}

void LogPump::close(Stream stream) {
  end_taps(stream);
  UniqueFd& fd = fds_[static_cast<int>(stream)];
  if (!fd) return;
  loop_.forget(fd.get());
  fd.reset();
  if (auto done = log_.finish(stream, wall_now()); !done) log("last line lost", done.error());
}

void LogPump::pump() {
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) read_some(stream);
}

void LogPump::drain() {
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
    for (std::size_t reads = 0; reads < kDrainBound / kBlock && read_some(stream); ++reads) {
    }
    close(stream);
  }
}

}  // namespace podctl::shim
