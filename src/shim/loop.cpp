#include "shim/loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

namespace podctl::shim {
namespace {

std::uint64_t now_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000U +
         static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000U;
}

}  // namespace

Result<Loop> Loop::make() {
  UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!fd) return fail_errno(errno, "make event loop", {});
  return Loop(std::move(fd));
}

Result<void> Loop::watch(int fd, std::uint32_t events, Handler handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail_errno(errno, "watch descriptor", {});
  }
  handlers_[fd] = std::make_shared<Handler>(std::move(handler));
  return {};
}

Result<void> Loop::change(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
    return fail_errno(errno, "watch descriptor", {});
  }
  return {};
}

void Loop::forget(int fd) {
  if (handlers_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::uint64_t Loop::after(std::uint64_t delay_ms, std::function<void()> call) {
  timers_[next_timer_] = {.due_ms = now_ms() + delay_ms, .call = std::move(call)};
  return next_timer_++;
}

int Loop::timeout_ms() const {
  if (timers_.empty()) return -1;
  std::uint64_t due = UINT64_MAX;
  for (const auto& [id, timer] : timers_) due = std::min(due, timer.due_ms);
  const std::uint64_t now = now_ms();
  return due <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(due - now, 60'000));
}

void Loop::run_timers() {
  const std::uint64_t now = now_ms();
  std::vector<std::uint64_t> due;
  for (const auto& [id, timer] : timers_) {
    if (timer.due_ms <= now) due.push_back(id);
  }
  for (const std::uint64_t id : due) {
    const auto at = timers_.find(id);
    if (at == timers_.end()) continue;  // an earlier one has cancelled it
    const auto call = std::move(at->second.call);
    timers_.erase(at);
    call();
  }
}

Result<void> Loop::run() {
  std::array<epoll_event, 16> events{};
  while (!stopped_) {
    const int n =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms());
    if (n < 0 && errno != EINTR) return fail_errno(errno, "wait for events", {});
    for (int i = 0; i < n && !stopped_; ++i) {
      const auto at = handlers_.find(events[i].data.fd);
      if (at == handlers_.end()) continue;  // forgotten by an earlier handler of this round
      const auto handler = at->second;      // it may forget itself
      (*handler)(events[i].events);
    }
    run_timers();
  }
  return {};
}

}  // namespace podctl::shim
