#include "podctl/server/http.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(Code::kInvalidArgument, "parse target", std::string(text), "broken % escape");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return fail(Code::kInvalidArgument, "parse target", "", "NUL in the target");
    out.push_back(c);
  }
  return out;
}

Result<Query> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto part : text::split(text, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = TRY(decode(part.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) value = TRY(decode(part.substr(equals + 1), true));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return Query(std::move(pairs));
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::optional<std::string> Query::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string Query::get_or(std::string_view name, std::string_view otherwise) const {
  return get(name).value_or(std::string(otherwise));
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool Query::flag(std::string_view name) const {
  const auto value = get(name);
  return value && (value->empty() || *value == "1" || same(*value, "true") || same(*value, "t"));
}

Result<Target> parse_target(std::string_view target) {
  if (target.empty() || target[0] != '/') {
    return fail(Code::kInvalidArgument, "parse target", std::string(target),
                "it must begin with a slash");
  }
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  Target parsed;
  if (mark != std::string_view::npos) parsed.query = TRY(parse_query(target.substr(mark + 1)));
  path.remove_prefix(1);
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (path.empty()) return parsed;
  for (const auto part : text::split(path, '/')) {
    auto segment = TRY(decode(part, false));
    if (segment.empty() || segment == "." || segment == "..") {
      return fail(Code::kInvalidArgument, "parse target", std::string(target),
                  "empty or dot segment");
    }
    parsed.segments.push_back(std::move(segment));
  }
  return parsed;
}

void Exchange::refuse(const node::Refusal& refusal) { reply({refusal.http, status_json(refusal)}); }

std::string status_json(const node::Refusal& refusal) {
  json::object details;
  if (!refusal.name.empty()) details["name"] = refusal.name;
  if (!refusal.kind.empty()) details["kind"] = refusal.kind;
  json::array causes;
  for (const auto& cause : refusal.causes) {
    causes.push_back(
        {{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
  }
  if (!causes.empty()) details["causes"] = std::move(causes);
  json::object status{{"kind", "Status"},           {"apiVersion", "v1"},
                      {"metadata", json::object()}, {"status", "Failure"},
                      {"message", refusal.message}, {"reason", refusal.reason}};
  if (!details.empty()) status["details"] = std::move(details);
  status["code"] = refusal.http;
  return utf8::well_formed(json::serialize(status)) + "\n";
}

std::string success_json(std::string_view kind, std::string_view name, std::string_view uid) {
  json::object details;
  if (!name.empty()) details["name"] = name;
  if (!kind.empty()) details["kind"] = kind;
  if (!uid.empty()) details["uid"] = uid;
  json::object status{{"kind", "Status"},
                      {"apiVersion", "v1"},
                      {"metadata", json::object()},
                      {"status", "Success"}};
  if (!details.empty()) status["details"] = std::move(details);
  return json::serialize(status) + "\n";
}

}  // namespace podctl::server
