#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "context.hpp"
#include "podctl/base/text.hpp"

namespace podctl::lifecycle {
namespace {

// The kernel's numbering of x86 and arm (signal(7)); real-time signals count from the kernel's 34
// that glibc leaves to programs, as every container runtime does.
struct Named {
  std::string_view name;
  int number;
};
constexpr std::array kSignals = {
    Named{"ABRT", SIGABRT},     Named{"ALRM", SIGALRM},   Named{"BUS", SIGBUS},
    Named{"CHLD", SIGCHLD},     Named{"CLD", SIGCHLD},    Named{"CONT", SIGCONT},
    Named{"FPE", SIGFPE},       Named{"HUP", SIGHUP},     Named{"ILL", SIGILL},
    Named{"INT", SIGINT},       Named{"IO", SIGIO},       Named{"IOT", SIGABRT},
    Named{"KILL", SIGKILL},     Named{"PIPE", SIGPIPE},   Named{"POLL", SIGIO},
    Named{"PROF", SIGPROF},     Named{"PWR", SIGPWR},     Named{"QUIT", SIGQUIT},
    Named{"SEGV", SIGSEGV},     Named{"STOP", SIGSTOP},   Named{"STKFLT", SIGSTKFLT},
    Named{"SYS", SIGSYS},       Named{"TERM", SIGTERM},   Named{"TRAP", SIGTRAP},
    Named{"TSTP", SIGTSTP},     Named{"TTIN", SIGTTIN},   Named{"TTOU", SIGTTOU},
    Named{"URG", SIGURG},       Named{"USR1", SIGUSR1},   Named{"USR2", SIGUSR2},
    Named{"VTALRM", SIGVTALRM}, Named{"WINCH", SIGWINCH}, Named{"XCPU", SIGXCPU},
    Named{"XFSZ", SIGXFSZ},
};
constexpr int kRtMin = 34, kRtMax = 64;

int in_range(std::uint64_t number) {
  return number >= 1 && number <= kRtMax ? static_cast<int>(number) : 0;
}

// "RTMIN", "RTMIN+3", "RTMAX-2".
int parse_real_time(std::string_view name) {
  const bool from_min = name.starts_with("RTMIN");
  if (!from_min && !name.starts_with("RTMAX")) return 0;
  const auto offset = name.substr(5);
  if (offset.empty()) return from_min ? kRtMin : kRtMax;
  if (offset.front() != (from_min ? '+' : '-')) return 0;
  const auto steps = text::parse_u64(offset.substr(1));
  if (!steps || *steps > kRtMax - kRtMin) return 0;
  return from_min ? kRtMin + static_cast<int>(*steps) : kRtMax - static_cast<int>(*steps);
}

}  // namespace

int parse_signal(std::string_view text) {
  if (const auto number = text::parse_u64(text)) return in_range(*number);
  if (text.starts_with("SIG")) text.remove_prefix(3);
  const auto* it = std::find_if(kSignals.begin(), kSignals.end(),
                                [text](const Named& s) { return s.name == text; });
  return it == kSignals.end() ? parse_real_time(text) : it->number;
}

std::string stop_signal_name(const Item& item) {
  if (item.spec->lifecycle && !item.spec->lifecycle->stopSignal.empty()) {
    return item.spec->lifecycle->stopSignal;
  }
  const auto number = parse_signal(item.memory->stop_signal);
  const auto* it = std::find_if(kSignals.begin(), kSignals.end(),
                                [number](const Named& s) { return s.number == number; });
  if (it != kSignals.end()) return "SIG" + std::string(it->name);
  return number == 0 ? "SIGTERM" : item.memory->stop_signal;
}

}  // namespace podctl::lifecycle
