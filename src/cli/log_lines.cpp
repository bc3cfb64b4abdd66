#include "cli/log_lines.hpp"

#include <algorithm>
#include <utility>

namespace podctl::cli {
namespace {

constexpr std::size_t kLeastTime = 20;  // "2026-11-24T04:00:00Z"

}  // namespace

std::string LogLines::feed(std::string_view piece) {
  rest_ += piece;
  std::string lines;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = rest_.find('\n', start)) != std::string::npos; start = end + 1) {
    lines += shown(std::string_view(rest_).substr(start, end + 1 - start));
  }
  rest_.erase(0, start);
  return lines;
}

std::string LogLines::finish() {
  const std::string line = std::exchange(rest_, {});
  return line.empty() ? line : shown(line);
}

void LogLines::begin_anew() {
  rest_.clear();
  skip_ = seen_at_last_;
  anew_ = !last_.empty();
}

// Empty for a line that was shown before, or beyond the limit.
std::string LogLines::shown(std::string_view line) {
  const std::size_t space = form_.timed ? line.find(' ') : std::string_view::npos;
  if (space != std::string_view::npos && space >= kLeastTime) {
    const std::string_view time = line.substr(0, space);
    if (anew_ && (time < last_ || (time == last_ && skip_ > 0))) {
      if (time == last_) --skip_;
      return {};
    }
    seen_at_last_ = time == last_ ? seen_at_last_ + 1 : 1;
    last_ = time;
    if (!form_.show_time) line.remove_prefix(space + 1);
  }
  if (form_.limit) {
    line = line.substr(0, *form_.limit);
    *form_.limit -= line.size();
    if (line.empty()) return {};
  }
  return form_.prefix + std::string(line);
}

}  // namespace podctl::cli
