// Times and durations as kubectl reads and prints them. Pure; used by the output functions and by
// options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/api/duration.hpp"

namespace podctl::cli {

// Nanoseconds since the epoch of an RFC 3339 time ("2026-11-24T04:00:00Z", fraction and offset
// allowed).
std::optional<std::int64_t> parse_time(std::string_view text);
// RFC 1123 with a numeric zone, local time: "Tue, 24 Nov 2026 04:00:00 +0000".
std::string rfc1123(std::string_view rfc3339);
// The wall clock now, nanoseconds since the epoch.
std::int64_t now_ns();

// The age of an RFC 3339 time; "<unknown>" when absent, as kubectl says.
std::string age(std::string_view rfc3339, std::int64_t now);

using api::parse_duration;

// "12.3 MiB", "512 B": for usage numbers of podctl's own part of describe.
std::string human_bytes(std::uint64_t bytes);
// "850 µs", "1.24 ms", "3.2 s".
std::string human_ns(std::uint64_t ns);

}  // namespace podctl::cli
