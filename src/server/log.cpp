#include "log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <ctime>

namespace podctl::server {

void Log::to_file(const std::string& path) {
  file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

void Log::line(const char* level, std::string_view text) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  ::localtime_r(&now.tv_sec, &local);
  std::array<char, 32> day{};
  const std::size_t size = std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &local);
  const std::string milliseconds = std::to_string(1000 + now.tv_nsec / 1'000'000).substr(1);
  std::string line(day.data(), size);
  line.append(".").append(milliseconds).append(" ");
  line.append(level).append(" ").append(text).append("\n");
  // One write a line, so that lines never mix; a full disk costs the line, never the daemon.
  const ssize_t written = ::write(file_ ? file_.get() : STDOUT_FILENO, line.data(), line.size());
  static_cast<void>(written);
}

}  // namespace podctl::server
