// YAML and indented JSON as kubectl prints them.
#include <algorithm>
#include <boost/json.hpp>

#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

using Value = boost::json::value;
using Entry = boost::json::key_value_pair;

std::string_view view(boost::json::string_view s) { return {s.data(), s.size()}; }

std::vector<const Entry*> sorted(const boost::json::object& map) {
  std::vector<const Entry*> out;
  for (const Entry& e : map) out.push_back(&e);
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->key() < b->key(); });
  return out;
}

bool space_or_end(std::string_view s, std::size_t i) { return i >= s.size() || s[i] == ' '; }

// Whether a one-line string can stand without quotes in block style (libyaml's analysis).
bool plain_allowed(std::string_view s) {
  constexpr std::string_view kFirst = "#,[]{}&*!|>'\"%@`";
  if (s.front() == ' ' || s.back() == ' ') return false;
  if (s.substr(0, 3) == "---" || s.substr(0, 3) == "...") return false;
  if (kFirst.find(s[0]) != std::string_view::npos) return false;
  if ((s[0] == '-' || s[0] == '?' || s[0] == ':') && space_or_end(s, 1)) return false;
  for (std::size_t i = 1; i < s.size(); ++i) {
    if (s[i] == ':' && space_or_end(s, i + 1)) return false;
    if (s[i] == '#' && s[i - 1] == ' ') return false;
  }
  return true;
}

// One of U+0080 to U+009F: some terminals take them for commands, and YAML does not have most of
// them.
bool c1_control(std::string_view s, std::size_t at) {
  return s[at] == '\xc2' && at + 1 < s.size() && static_cast<unsigned char>(s[at + 1]) < 0xa0;
}

// Characters that only a double-quoted scalar can hold.
bool special(std::string_view s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto c = static_cast<unsigned char>(s[i]);
    if ((c < 0x20 && c != '\n') || c == 0x7f) return true;
    if (c1_control(s, i)) return true;
    if (s[i] == ' ' && i + 1 < s.size() && s[i + 1] == '\n') return true;
  }
  return false;
}

// "1:30": a base-60 number for YAML 1.1 readers, so it is quoted.
bool sexagesimal(std::string_view s) {
  if (s.find(':') == std::string_view::npos) return false;
  return s.find_first_not_of("0123456789:._-+") == std::string_view::npos;
}

// "2026-07-01", "2026-07-01T…": a point in time for YAML 1.1 readers, so it is quoted.
bool timestamp(std::string_view s) {
  auto digits = [&](std::size_t from, std::size_t n) {
    return s.size() >= from + n &&
           s.substr(from, n).find_first_not_of("0123456789") == std::string_view::npos;
  };
  return s.size() >= 8 && digits(0, 4) && s[4] == '-' && digits(5, 1) &&
         s.find('-', 5) < std::min<std::size_t>(s.size(), 8) &&
         s.find_first_not_of("0123456789-TtZz:.+ ") == std::string_view::npos;
}

class YamlWriter {
 public:
  std::string take() && { return std::move(out_); }

  void document(const Value& value) {
    node(value, 0, false);
    if (out_.empty() || out_.back() != '\n') out_ += '\n';
  }

 private:
  void indent(std::size_t n) { out_.append(n, ' '); }

  // `after_key`: a block value starts on a line of its own.
  void node(const Value& value, std::size_t depth, bool after_key) {
    if (auto* map = value.if_object(); map && !map->empty()) {
      if (after_key) out_ += '\n';
      return mapping(*map, depth, !after_key);
    }
    if (auto* list = value.if_array(); list && !list->empty()) {
      if (after_key) out_ += '\n';
      return sequence(*list, depth, !after_key);
    }
    if (after_key) out_ += ' ';
    if (auto* text = value.if_string()) return string(view(*text), depth);
    out_ += boost::json::serialize(value) + "\n";
  }

  void mapping(const boost::json::object& map, std::size_t depth, bool inline_first) {
    for (const Entry* e : sorted(map)) {
      if (!inline_first) indent(depth);
      inline_first = false;
      out_ += scalar(view(e->key()));
      out_ += ':';
      // A list under a key is not indented further.
      node(e->value(), e->value().is_array() ? depth : depth + 2, true);
    }
  }

  void sequence(const boost::json::array& list, std::size_t depth, bool inline_first) {
    for (const Value& item : list) {
      if (!inline_first) indent(depth);
      inline_first = false;
      out_ += "- ";
      node(item, depth + 2, false);
    }
  }

  static std::string scalar(std::string_view s) {
    if (s.empty()) return "\"\"";
    bool text = resolve_scalar(s).is_string() && !sexagesimal(s) && !timestamp(s) && s != "<<";
    if (!text || special(s) || s.find('\n') != std::string_view::npos) return double_quoted(s);
    if (plain_allowed(s)) return std::string(s);
    std::string out = "'";
    for (char c : s) out += c == '\'' ? "''" : std::string(1, c);
    return out + "'";
  }

  static std::string double_quoted(std::string_view s) {
    std::string json, out;
    append_json_string(json, s);
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (c1_control(json, i))
        out += "\\u00" + text::hex(static_cast<unsigned char>(json[++i]), 2);
      else
        out += json[i];
    }
    return out;
  }

  void string(std::string_view s, std::size_t depth) {
    if (s.find('\n') == std::string_view::npos || special(s) || s.back() == ' ') {
      out_ += scalar(s) + "\n";
      return;
    }
    out_ += '|';
    if (s.front() == ' ' || s.front() == '\n') out_ += '2';
    bool ends = s.back() == '\n';
    if (!ends) out_ += '-';
    if (ends && (s.size() == 1 || s[s.size() - 2] == '\n')) out_ += '+';
    out_ += '\n';
    std::size_t width = std::max<std::size_t>(depth, 2);
    for (std::size_t at = 0; at < s.size();) {
      std::size_t end = std::min(s.find('\n', at), s.size());
      if (end > at) indent(width);
      out_.append(s, at, end - at);
      out_ += '\n';
      at = end + 1;
    }
  }

  std::string out_;
};

void pretty(const Value& value, std::size_t depth, std::string& out) {
  auto line = [&](std::size_t n) { out += '\n', out.append(4 * n, ' '); };
  if (auto* map = value.if_object(); map && !map->empty()) {
    char before = '{';
    for (const Entry* e : sorted(*map)) {
      out += before;
      before = ',';
      line(depth + 1);
      append_json_string(out, view(e->key()));
      out += ": ";
      pretty(e->value(), depth + 1, out);
    }
    line(depth);
    out += '}';
  } else if (auto* list = value.if_array(); list && !list->empty()) {
    char before = '[';
    for (const Value& item : *list) {
      out += before;
      before = ',';
      line(depth + 1);
      pretty(item, depth + 1, out);
    }
    line(depth);
    out += ']';
  } else if (auto* text = value.if_string()) {
    append_json_string(out, view(*text));
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string to_yaml(const boost::json::value& value) {
  YamlWriter writer;
  writer.document(value);
  return std::move(writer).take();
}

std::string to_pretty_json(const boost::json::value& value) {
  std::string out;
  pretty(value, 0, out);
  return out + "\n";
}

}  // namespace podctl::api
