#include "cli/watch_lines.hpp"

#include "podctl/cli/session.hpp"

namespace podctl::cli {

Result<std::optional<boost::json::value>> WatchLines::next() {
  std::size_t end = 0;
  while ((end = text_.find('\n')) != std::string::npos) {
    const std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    if (line.empty()) continue;
    auto event = TRY(parse_json_value(line));
    const View e(event);
    if (is_broken(e) || (e["type"].str() != "BOOKMARK" && e["object"])) return event;
  }
  return std::nullopt;
}

}  // namespace podctl::cli
