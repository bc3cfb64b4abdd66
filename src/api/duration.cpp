#include "podctl/api/duration.hpp"

#include <algorithm>

#include "podctl/base/text.hpp"

namespace podctl::api {

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

}  // namespace podctl::api
