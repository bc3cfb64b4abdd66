#include "node/env_file.hpp"

#include <algorithm>

namespace podctl::node {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view skip_blank(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlank)));
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<std::optional<std::string>> find(std::string_view key) {
    while (!rest_.empty()) {
      const auto line = skip_blank(next());
      if (line.empty() || line.front() == '#') continue;
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) return fault("missing '='");
      const auto name = line.substr(0, equals);
      if (name.empty()) return fault("empty variable name");
      if (kBlank.find(name.back()) != std::string_view::npos)
        return fault("whitespace before '=' is not allowed");
      auto value = TRY(value_of(line.substr(equals + 1)));
      if (name == key) return std::optional(std::move(value));
    }
    return std::optional<std::string>();
  }

 private:
  std::string_view next() {
    const auto end = rest_.find('\n');
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return line;
  }

  // As a shell reads it: what stands behind a blank is no part of the value.
  Result<std::string> value_of(std::string_view text) {
    if (text.empty() || text.front() != '\'') {
      if (!text.empty() && kBlank.find(text.front()) != std::string_view::npos)
        return std::string();
      return fault("value must be enclosed in single quotes");
    }
    std::string value;
    const auto begun = line_;
    text.remove_prefix(1);
    for (;;) {
      const auto quote = text.find('\'');
      value += text.substr(0, quote);
      if (quote != std::string_view::npos) {
        const auto after = skip_blank(text.substr(quote + 1));
        if (!after.empty() && after.front() != '#')
          return fault("unexpected content after closing quote");
        return value;
      }
      value += '\n';
      if (rest_.empty()) {
        line_ = begun;
        return fault("unclosed single quote");
      }
      text = next();
    }
  }

  Failure fault(const std::string& what) const {
    return fail(
        Code::kInvalidArgument, "", "",
        "invalid environment variable format at line " + std::to_string(line_) + ": " + what);
  }

  std::string_view rest_;
  std::size_t line_ = 0;
};

}  // namespace

Result<std::optional<std::string>> env_file_value(std::string_view text, std::string_view key) {
  return Reader(text).find(key);
}

}  // namespace podctl::node
