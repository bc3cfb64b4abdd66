// A cheap look at YAML before yaml-cpp sees it. yaml-cpp's scanner runs far ahead of its events (an
// unclosed
// "[" or a line of anchors is scanned whole, at 4 us and 500 bytes a character, measured), so
// limits on events alone come too late. What this look misjudges only costs time: the events are
// still limited.
#include "api/reader.hpp"

namespace podctl::api::reader {
namespace {

constexpr std::size_t kMaxIndent = 1024;
// A Secret may hold 1 MiB, which is 1.4 in base64, so no honest line is longer.
constexpr std::size_t kMaxLine = 1536 * 1024;

bool blank(char c) { return c == ' ' || c == '\t'; }
bool flow_mark(char c) { return std::string_view("[]{},").find(c) != std::string_view::npos; }

class Guard {
 public:
  Guard(std::uint32_t first_line, const Limits& limits) : limits_(limits), line_(first_line) {}

  // False at the first thing that is too much.
  bool scan(std::string_view text, Fault& fault) {
    for (std::size_t at = 0; at < text.size() && fault_.empty(); ++line_) {
      std::size_t end = std::min(text.find('\n', at), text.size());
      line(text.substr(at, end - at));
      at = end + 1;
    }
    if (fault_.empty()) return true;
    fault = syntax(fault_at_, fault_);
    return false;
  }

 private:
  void stop(std::size_t column, std::string text) {
    fault_ = std::move(text);
    fault_at_ = {line_, static_cast<std::uint32_t>(column) + 1};
  }

  void line(std::string_view s) {
    if (s.size() > kMaxLine) {
      return stop(0, "a line longer than " + std::to_string(kMaxLine) + " bytes");
    }
    std::size_t indent = std::min(s.find_first_not_of(' '), s.size());
    if (block_scalar_) {
      bool inside = indent == s.size() || static_cast<long>(indent) > scalar_indent_;
      if (inside) return;
      block_scalar_ = false;
    }
    if (indent > kMaxIndent && quote_ == '\0') return stop(indent, "indented too far");
    start_ = quote_ == '\0';
    parent_ = s.substr(0, 3) == "---" ? -1 : static_cast<long>(indent);
    key_pending_ = true;
    for (std::size_t i = indent; i < s.size() && fault_.empty();) i = step(s, i);
  }

  // One character or token; answers with the place after it.
  std::size_t step(std::string_view s, std::size_t i) {
    char c = s[i];
    if (quote_ != '\0') return quoted(s, i);
    if (blank(c)) return i + 1;
    if (c == '#' && (i == 0 || blank(s[i - 1]))) return s.size();
    if (depth_ > 0 && flow_mark(c)) return flow(i, c);
    if (start_) return token(s, i);
    if (c == ':' && (depth_ > 0 || i + 1 == s.size() || blank(s[i + 1]))) start_ = true;
    return i + 1;
  }

  std::size_t quoted(std::string_view s, std::size_t i) {
    if (s[i] == '\\' && quote_ == '"') return i + 2;
    if (s[i] != quote_) return i + 1;
    if (quote_ == '\'' && i + 1 < s.size() && s[i + 1] == '\'') return i + 2;
    quote_ = '\0';
    return i + 1;
  }

  std::size_t flow(std::size_t i, char c) {
    if (c == '[' || c == '{') ++depth_;
    if (c == ']' || c == '}') --depth_;
    start_ = c != ']' && c != '}';
    if (depth_ > limits_.depth) stop(i, too_deep(limits_));
    if (++flow_items_ > limits_.nodes) stop(i, too_many_nodes(limits_));
    return i + 1;
  }

  // Where a value or a key may begin.
  std::size_t token(std::string_view s, std::size_t i) {
    char c = s[i];
    bool alone = i + 1 == s.size() || blank(s[i + 1]);
    if (c == '"' || c == '\'') {
      quote_ = c;
      start_ = false;
      return i + 1;
    }
    if (c == '[' || c == '{') return flow(i, c);
    if (c == '&' || c == '*' || c == '!') return property(s, i);
    if ((c == '-' || c == '?') && alone) {
      parent_ = static_cast<long>(i);
      return i + 1;
    }
    if ((c == '|' || c == '>') && depth_ == 0) return block(s, i);
    if (key_pending_ && s.substr(i, 3) != "---") {
      parent_ = static_cast<long>(i);
      key_pending_ = false;
    }
    start_ = false;
    return i;  // again, as part of a plain scalar
  }

  std::size_t property(std::string_view s, std::size_t i) {
    if (++properties_ > limits_.alias_nodes) {
      stop(i, "more than " + std::to_string(limits_.alias_nodes) + " anchors, aliases and tags");
    }
    start_ = s[i] != '*';
    while (i < s.size() && !blank(s[i]) && !(depth_ > 0 && flow_mark(s[i]))) ++i;
    return i;
  }

  // "|", ">-" and so on to the end of the line: the lines indented further are text.
  std::size_t block(std::string_view s, std::size_t i) {
    std::size_t end = s.find_first_not_of("+-0123456789", i + 1);
    start_ = false;
    if (end != std::string_view::npos && !blank(s[end]) && s[end] != '\r') return i + 1;
    block_scalar_ = true;
    scalar_indent_ = parent_;
    return s.size();
  }

  const Limits& limits_;
  std::uint32_t line_;
  std::size_t depth_ = 0, flow_items_ = 0, properties_ = 0;
  char quote_ = '\0';
  bool start_ = true;        // a token may begin here
  bool key_pending_ = true;  // no key of this line was seen yet
  bool block_scalar_ = false;
  long parent_ = 0;  // column of the key or dash that a block scalar would belong to
  long scalar_indent_ = 0;
  std::string fault_;
  Position fault_at_;
};

}  // namespace

bool guard_yaml(std::string_view text, std::uint32_t first_line, const Limits& limits,
                Fault& fault) {
  return Guard(first_line, limits).scan(text, fault);
}

}  // namespace podctl::api::reader
