#include "shim/reviver.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

#include <cerrno>

#include "podctl/runtime/trace.hpp"
#include "podctl/sys/spawn.hpp"
#include "shim/line_log.hpp"

namespace podctl::shim {
namespace {

constexpr std::uint64_t kMinute = 60'000'000'000;
constexpr std::size_t kMaxDeaths = 5;
constexpr std::uint64_t kStarterHeldMs = 2000;
constexpr std::uint64_t kTryAgainMs = 1000;

std::uint64_t random_delay_ms() {
  std::uint32_t value = 0;
  if (::getrandom(&value, sizeof(value), 0) != sizeof(value)) value = 0;
  return 50 + value % 451;
}

// The file's lock, or nothing when another process holds it.
UniqueFd try_lock(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

}  // namespace

void Reviver::connected() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  starter_.reset();
}

void Reviver::lost() {
  const std::uint64_t now = runtime::boot_ns();
  deaths_.push_back(now);
  while (!deaths_.empty() && deaths_.front() + kMinute < now) deaths_.pop_front();
  if (command_.empty()) return;
  if (deaths_.size() > kMaxDeaths) {
    log("podctld died six times within a minute: the next command starts it");
    return;
  }
  arm(random_delay_ms());
}

void Reviver::arm(std::uint64_t delay_ms) {
  timer_ = loop_.after(delay_ms, [this] {
    timer_ = 0;
    attempt();
  });
}

void Reviver::attempt() {
  starter_ = try_lock(layout_.run() + "/podctld.starter");
  if (!starter_) return arm(kTryAgainMs);  // another shim is at it
  if (!try_lock(layout_.lock())) {         // podctld lives and will say Hello
    starter_.reset();
    return;
  }
  if (!start()) {
    starter_.reset();
    return;
  }
  timer_ = loop_.after(kStarterHeldMs, [this] {
    timer_ = 0;
    starter_.reset();
  });
}

bool Reviver::start() {
  const UniqueFd exe(::open(command_.front().c_str(), O_PATH | O_CLOEXEC));
  if (!exe) {
    log("start podctld", fail_errno(errno, "open", command_.front()).value());
    return false;
  }
  sys::SpawnSpec spec;
  spec.exe = exe.get();
  spec.argv = command_;
  spec.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  spec.new_session = true;
  auto child = sys::spawn(spec);
  if (!child) {
    log("start podctld", child.error());
    return false;
  }
  log("podctld was gone: started it again");
  return true;
}

}  // namespace podctl::shim
