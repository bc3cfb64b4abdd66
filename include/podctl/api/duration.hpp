// Durations as Go writes them. Pure; used by options of the CLI and by scenarios.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace podctl::api {

// A Go duration ("1h30m", "500ms", "10s") or a plain number of seconds; nanoseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace podctl::api
