// Resolution of plain YAML scalars as yaml.v2 (and so sigs.k8s.io/yaml and kubectl) does it:
// YAML 1.1 with Go's number syntax.
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "podctl/api/tree.hpp"

namespace podctl::api {
namespace {

bool any_of(std::string_view s, std::initializer_list<std::string_view> words) {
  for (auto w : words) {
    if (s == w) return true;
  }
  return false;
}

std::optional<bool> as_bool(std::string_view s) {
  if (any_of(s, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
    return true;
  }
  if (any_of(s, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return false;
  }
  return std::nullopt;
}

// Go's ParseInt(s, 0, 64): 0x, 0o, 0b, and a leading 0 for octal.
std::optional<std::int64_t> as_int(std::string_view s) {
  bool negative = !s.empty() && s[0] == '-';
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    char c = static_cast<char>(s[1] | 0x20);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    s.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value, base);
  if (s.empty() || error != std::errc() || end != s.data() + s.size()) return std::nullopt;
  constexpr std::uint64_t high = std::numeric_limits<std::int64_t>::max();
  if (value > high + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
std::optional<double> as_float(std::string_view s) {
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  std::size_t start = !s.empty() && s[0] == '-' ? 1 : 0;
  if (s.size() <= start) return std::nullopt;
  bool first = (s[start] >= '0' && s[start] <= '9') || s[start] == '.';
  double value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (!first || error != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return value;
}

std::optional<double> as_special(std::string_view s) {
  if (any_of(s, {".nan", ".NaN", ".NAN"})) return std::nan("");
  if (any_of(s, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return INFINITY;
  if (any_of(s, {"-.inf", "-.Inf", "-.INF"})) return -INFINITY;
  return std::nullopt;
}

void resolve_number(Tree& tree) {
  std::string plain;
  for (char c : tree.text) {
    if (c != '_') plain += c;
  }
  if (auto i = as_int(plain)) {
    tree.kind = Tree::Kind::kInt;
    tree.integer = *i;
    tree.number = static_cast<double>(*i);
    return;
  }
  auto f = as_float(plain);
  if (!f) f = as_special(tree.text);
  if (!f) return;
  tree.kind = Tree::Kind::kFloat;
  tree.number = *f;
}

}  // namespace

Tree resolve_scalar(std::string_view plain) {
  Tree tree;
  tree.text = plain;
  if (plain.empty() || any_of(plain, {"~", "null", "Null", "NULL"})) return tree;
  tree.kind = Tree::Kind::kString;
  char c = plain[0];
  if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
    resolve_number(tree);
  } else if (auto b = as_bool(plain)) {
    tree.kind = Tree::Kind::kBool;
    tree.boolean = *b;
  }
  return tree;
}

}  // namespace podctl::api
