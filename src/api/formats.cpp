#include "api/formats.hpp"

#include <algorithm>

#include "podctl/api/validate.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool alpha(char c) { return lower(static_cast<char>(c | 0x20)); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alnum(char c) { return alpha(c) || digit(c); }

std::string too_long(std::size_t most) {
  return "must be no more than " + std::to_string(most) + " bytes";
}

// Alphanumeric at both ends, inside also '-', '_' and '.'.
bool qualified_part(std::string_view s) {
  if (s.empty() || !alnum(s.front()) || !alnum(s.back())) return false;
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

constexpr std::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kName =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with "
    "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kValue =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool label_shape(std::string_view s) {
  if (s.empty() || s.front() == '-' || s.back() == '-') return false;
  return std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}

}  // namespace

std::string check_dns_label(std::string_view s) {
  if (s.size() > 63) return too_long(63);
  return label_shape(s) ? "" : std::string(kLabel);
}

std::string check_dns_subdomain(std::string_view s) {
  if (s.size() > 253) return too_long(253);
  for (std::string_view part : text::split(s, '.')) {
    if (!label_shape(part)) return std::string(kSubdomain);
  }
  return {};
}

std::string check_qualified_name(std::string_view s) {
  auto slash = s.find('/');
  std::string_view name = s;
  if (slash != std::string_view::npos) {
    std::string_view prefix = s.substr(0, slash);
    name = s.substr(slash + 1);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (name.find('/') != std::string_view::npos) {
      return "a qualified name " + std::string(kName.substr(10)) +
             " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    if (auto why = check_dns_subdomain(prefix); !why.empty()) return "prefix part " + why;
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part " + too_long(63);
  return qualified_part(name) ? "" : std::string(kName);
}

std::string check_label_value(std::string_view s) {
  if (s.size() > 63) return too_long(63);
  return s.empty() || qualified_part(s) ? "" : std::string(kValue);
}

std::string check_port_name(std::string_view s) {
  if (s.size() > 15) return "must be no more than 15 characters";
  if (!std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; })) {
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  }
  if (!std::any_of(s.begin(), s.end(), lower)) return "must contain at least one letter (a-z)";
  if (s.find("--") != std::string_view::npos) return "must not contain consecutive hyphens";
  if (s.front() == '-' || s.back() == '-') return "must not begin or end with a hyphen";
  return {};
}

std::string check_env_name(std::string_view s) {
  bool ok =
      std::all_of(s.begin(), s.end(), [](char c) { return c >= ' ' && c <= '~' && c != '='; });
  if (ok) return {};
  return "a valid environment variable name must consist only of printable ASCII characters other "
         "than '='";
}

std::string check_header_name(std::string_view s) {
  bool ok = !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return alnum(c) || c == '-';
  });
  if (ok) return {};
  return "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. "
         "'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
}

std::string check_config_key(std::string_view s) {
  if (s.size() > 253) return too_long(253);
  if (s == "." || s == "..") return "must not be '" + std::string(s) + "'";
  if (s.starts_with("..")) return "must not start with '..'";
  bool ok = !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return alnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (ok) return {};
  return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
         "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
         "'[-._a-zA-Z0-9]+')";
}

std::string check_sysctl_name(std::string_view s) {
  bool ok = !s.empty() && s.size() <= 253 && (lower(s.back()) || digit(s.back()));
  bool start = true;
  for (char c : s) {
    bool separator = c == '.' || c == '/';
    bool word = lower(c) || digit(c);
    ok = ok && (start ? word : separator || word || c == '-' || c == '_');
    start = separator;
  }
  if (ok) return {};
  return "must have at most 253 characters and match regex "
         "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$";
}

std::string check_local_path(std::string_view s) {
  if (!s.empty() && s[0] == '/') return "must be a relative path";
  for (std::string_view part : text::split(s, '/')) {
    if (part == "..") return "must not contain '..'";
  }
  return {};
}

}  // namespace podctl::api
