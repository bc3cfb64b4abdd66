#include "podctl/api/time.hpp"

#include <cstdio>

namespace podctl::api {
namespace {

// Days since 1970-01-01 of a civil date, proleptic Gregorian.
std::int64_t days_from_civil(std::int64_t y, int m, int d) {
  y -= m <= 2;
  std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  std::int64_t yoe = y - era * 400;
  std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

struct Civil {
  std::int64_t year;
  int month, day;
};

Civil civil_from_days(std::int64_t z) {
  z += 719468;
  std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  std::int64_t doe = z - era * 146097;
  std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  std::int64_t mp = (5 * doy + 2) / 153;
  int day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2), month, day};
}

// Reads exactly `width` digits at `at`; -1 when they are not there.
int digits(std::string_view s, std::size_t at, std::size_t width) {
  if (at + width > s.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (s[i] < '0' || s[i] > '9') return -1;
    value = value * 10 + (s[i] - '0');
  }
  return value;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// ".123" as nanoseconds, advancing `at`; -1 when malformed.
std::int32_t fraction(std::string_view s, std::size_t& at) {
  if (at >= s.size() || s[at] != '.') return 0;
  std::int32_t nanos = 0;
  int count = 0;
  for (++at; at < s.size() && s[at] >= '0' && s[at] <= '9'; ++at, ++count) {
    if (count < 9) nanos = nanos * 10 + (s[at] - '0');
  }
  if (count == 0) return -1;
  for (; count < 9; ++count) nanos *= 10;
  return nanos;
}

// "Z" or "+02:00" as seconds; false when malformed or when something follows.
bool offset(std::string_view s, std::size_t at, std::int64_t& seconds) {
  if (at + 1 == s.size() && (s[at] == 'Z' || s[at] == 'z')) return seconds = 0, true;
  if (at + 6 != s.size() || (s[at] != '+' && s[at] != '-') || s[at + 3] != ':') return false;
  int h = digits(s, at + 1, 2);
  int m = digits(s, at + 4, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59) return false;
  seconds = (h * 3600 + m * 60) * (s[at] == '-' ? -1 : 1);
  return true;
}

std::string format(std::int64_t seconds, const char* tail) {
  std::int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  int rest = static_cast<int>(seconds - days * 86400);
  Civil c = civil_from_days(days);
  char text[64];
  std::snprintf(text, sizeof text, "%04lld-%02d-%02dT%02d:%02d:%02d%sZ",
                static_cast<long long>(c.year), c.month, c.day, rest / 3600, rest / 60 % 60,
                rest % 60, tail);
  return text;
}

}  // namespace

Result<Time> Time::parse(std::string_view s) {
  auto bad = [&] {
    return fail(Code::kInvalidArgument, "parse time", std::string(s),
                "must be RFC 3339, as 2006-01-02T15:04:05Z");
  };
  int year = digits(s, 0, 4), month = digits(s, 5, 2), day = digits(s, 8, 2);
  int hour = digits(s, 11, 2), minute = digits(s, 14, 2), second = digits(s, 17, 2);
  if (s.size() < 20 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') ||
      s[13] != ':' || s[16] != ':' || year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return bad();
  }
  if (day > days_in_month(year, month)) return bad();
  std::size_t at = 19;
  std::int32_t nanos = fraction(s, at);
  std::int64_t zone = 0;
  if (nanos < 0 || !offset(s, at, zone)) return bad();
  std::int64_t days = days_from_civil(year, month, day);
  return Time(days * 86400 + hour * 3600 + minute * 60 + second - zone, nanos);
}

std::string Time::str() const { return set_ ? format(seconds_, "") : std::string(); }

std::string Time::micro_str() const {
  if (!set_) return {};
  char tail[16];
  std::snprintf(tail, sizeof tail, ".%06d", nanos_ / 1000);
  return format(seconds_, tail);
}

std::string Time::nano_str() const {
  if (!set_) return {};
  char tail[16];
  std::snprintf(tail, sizeof tail, ".%09d", nanos_);
  return format(seconds_, tail);
}

}  // namespace podctl::api
