#include "shim/line_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <utility>

namespace podctl::shim {
namespace {

// One a process, for life.
int log_fd = STDERR_FILENO;
std::string log_path;  // of one that is not made yet

void make_log() {
  const int fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0) return;
  log_fd = fd;
  log_path.clear();
}

}  // namespace

void log_into(std::string path) { log_path = std::move(path); }

void log(std::string_view line) {
  if (!log_path.empty()) make_log();
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char time[40];
  const std::size_t n = ::strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string text(time, n);
  const int m = std::snprintf(time, sizeof(time), ".%06ldZ ", now.tv_nsec / 1000);
  text.append(time, static_cast<std::size_t>(m));
  text += line;
  text += '\n';
  [[maybe_unused]] const ssize_t written = ::write(log_fd, text.data(), text.size());
}

void log(std::string_view what, const Error& error) {
  log(std::string(what) + ": " + error.message());
}

}  // namespace podctl::shim
