// Time: a point of wall time with Kubernetes' RFC 3339 text ("2026-07-01T10:00:00Z").
//
// Used by metadata, statuses and events. Absent until set: has_value() is false. It never reads a
// clock.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::api {

class Time {
 public:
  Time() = default;
  // Seconds and nanoseconds since the epoch, UTC.
  explicit Time(std::int64_t seconds, std::int32_t nanos = 0)
      : seconds_(seconds), nanos_(nanos), set_(true) {}

  // RFC 3339 with any offset and up to nine fractional digits; kInvalidArgument otherwise.
  static Result<Time> parse(std::string_view text);

  bool has_value() const { return set_; }
  explicit operator bool() const { return set_; }
  void reset() { *this = Time(); }
  std::int64_t seconds() const { return seconds_; }
  std::int32_t nanos() const { return nanos_; }

  // "2026-07-01T10:00:00Z", whole seconds, as metav1.Time; empty when absent.
  std::string str() const;
  // "2026-07-01T10:00:00.000000Z", as metav1.MicroTime.
  std::string micro_str() const;
  // "2026-07-01T10:00:00.000000000Z": log lines.
  std::string nano_str() const;

  // Compares instants; an absent time is before all others.
  friend auto operator<=>(const Time& a, const Time& b) {
    if (a.set_ != b.set_) return a.set_ <=> b.set_;
    if (a.seconds_ != b.seconds_) return a.seconds_ <=> b.seconds_;
    return a.nanos_ <=> b.nanos_;
  }
  friend bool operator==(const Time&, const Time&) = default;

 private:
  std::int64_t seconds_ = 0;
  std::int32_t nanos_ = 0;
  bool set_ = false;
};

}  // namespace podctl::api
