#include "podctl/cli/time_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "podctl/api/status_text.hpp"
#include "podctl/api/time.hpp"
#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

template <class... A>
std::string format(const char* pattern, A... args) {
  std::array<char, 64> buffer{};
  const int n = std::snprintf(buffer.data(), buffer.size(), pattern, args...);
  return {buffer.data(), static_cast<std::size_t>(n)};
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  auto time = api::Time::parse(text);
  if (!time) return std::nullopt;
  return time->seconds() * kSecond + time->nanos();
}

std::string rfc1123(std::string_view rfc3339) {
  auto time = parse_time(rfc3339);
  if (!time) return "<unknown>";
  const std::time_t seconds = *time / kSecond;
  std::tm tm{};
  ::localtime_r(&seconds, &tm);
  std::array<char, 64> buffer{};
  const std::size_t n =
      std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S %z", &tm);
  return {buffer.data(), n};
}

std::int64_t now_ns() {
  std::timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  return static_cast<std::int64_t>(ts.tv_sec) * kSecond + ts.tv_nsec;
}

std::string age(std::string_view rfc3339, std::int64_t now) {
  auto time = parse_time(rfc3339);
  if (!time) return "<unknown>";
  return api::human_duration(now - *time);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 3; ++unit) value /= 1024;
  return format("%.1f %s", value, kUnits[unit]);
}

std::string human_ns(std::uint64_t ns) {
  if (ns < 1'000'000) return format("%.0f µs", static_cast<double>(ns) / 1e3);
  if (ns < 1'000'000'000) return format("%.2f ms", static_cast<double>(ns) / 1e6);
  return format("%.2f s", static_cast<double>(ns) / 1e9);
}

}  // namespace podctl::cli
