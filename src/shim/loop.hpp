// A small event loop over epoll: descriptors and one-shot timers. The shim's only one; single
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::shim {

class Loop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<Loop> make();
  // `fd` is borrowed; call forget before it is closed.
  Result<void> watch(int fd, std::uint32_t events, Handler handler);
  Result<void> change(int fd, std::uint32_t events);
  void forget(int fd);
  // Calls once, `delay_ms` from now. The number cancels it.
  std::uint64_t after(std::uint64_t delay_ms, std::function<void()> call);
  void cancel(std::uint64_t timer) { timers_.erase(timer); }
  // Until stop().
  Result<void> run();
  void stop() { stopped_ = true; }

 private:
  struct Timer {
    std::uint64_t due_ms = 0;
    std::function<void()> call;
  };
  explicit Loop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  int timeout_ms() const;
  void run_timers();

  UniqueFd epoll_;
  std::map<int, std::shared_ptr<Handler>> handlers_;
  std::map<std::uint64_t, Timer> timers_;
  std::uint64_t next_timer_ = 1;
  bool stopped_ = false;
};

}  // namespace podctl::shim
