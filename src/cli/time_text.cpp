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

std::optional<std::int64_t> parse_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const std::size_t n = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = text::split(text.substr(0, n), '.');
    auto whole = text::parse_u64(number[0]);
    if (!whole || number.size() > 2 || *whole > 1'000'000'000'000) return std::nullopt;
    double value = static_cast<double>(*whole);
    double scale = 0.1;
    for (char c : number.size() == 2 ? number[1] : std::string_view()) {
      value += (c - '0') * scale;
      scale /= 10;
    }
    text.remove_prefix(n);
    double unit = 1e9;
    struct Unit {
      std::string_view name;
      double ns;
    };
    static constexpr Unit kUnits[] = {{"ns", 1},    {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6},
                                      {"h", 36e11}, {"m", 6e10}, {"s", 1e9}};
    bool found = text.empty() && total == 0;  // a bare number is seconds
    for (const Unit& u : kUnits) {
      if (!found && text.substr(0, u.name.size()) == u.name) {
        text.remove_prefix(u.name.size());
        unit = u.ns;
        found = true;
      }
    }
    if (!found) return std::nullopt;
    total += value * unit;
  }
  if (total > 9e18) return std::nullopt;
  return static_cast<std::int64_t>(negative ? -total : total);
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
