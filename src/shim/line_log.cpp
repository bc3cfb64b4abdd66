#include "shim/line_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace podctl::shim {
namespace {
int log_fd = STDERR_FILENO;  // one a process, for life
}

void open_log(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd >= 0) log_fd = fd;
}

void log(std::string_view line) {
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
