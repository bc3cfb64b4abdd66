#include "cli/interrupt.hpp"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace podctl::cli {
namespace {

// A signal's handler is given nothing else to find it by.
Interrupt* current = nullptr;

// Where it goes does not matter: a terminal that hung up takes no more of it.
void tell(const std::string& text) {
  if (text.empty()) return;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

sigset_t set_of(const auto& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

// Only what may be done in a handler (signal-safety(7)). SIGPIPE comes at every line that nobody
// reads: it does not count as the second signal.
void Interrupt::on_signal(int signal) {
  const int saved = errno;
  auto& self = *current;
  if (self.signal_ == 0) {
    self.signal_ = signal;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(self.wake_.get(), &one, sizeof one);
    tell(self.first_);
  } else if (signal != SIGPIPE) {
    tell(self.last_);
    ::_exit(128 + signal);
  }
  errno = saved;
}

Interrupt::Interrupt() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  current = this;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;  // what waits for it looks at fd()
    action.sa_mask = set_of(kSignals);
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  current = nullptr;
}

void Interrupt::say(std::string first, std::string last) {
  const auto set = set_of(kSignals);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &set, &before);
  first_ = std::move(first);
  last_ = std::move(last);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

std::string Interrupt::name() const {
  const char* abbreviation = ::sigabbrev_np(signal_);
  return std::string("SIG") + (abbreviation != nullptr ? abbreviation : "?");
}

}  // namespace podctl::cli
