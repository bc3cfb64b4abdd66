#include "podctl/image/reference.hpp"

#include <algorithm>

#include "podctl/base/text.hpp"

namespace podctl::image {
namespace {

bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool valid_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > 128 || tag.front() == '.' || tag.front() == '-') return false;
  return std::ranges::all_of(tag,
                             [](char c) { return alnum(c) || c == '_' || c == '.' || c == '-'; });
}

// alphanumerics joined by one '.', one or two '_', or any number of '-'.
bool valid_component(std::string_view part) {
  if (part.empty() || !lower_alnum(part.front()) || !lower_alnum(part.back())) return false;
  for (std::size_t i = 0; i < part.size();) {
    if (lower_alnum(part[i])) {
      ++i;
      continue;
    }
    const char separator = part[i];
    const std::size_t end = std::min(part.find_first_not_of(separator, i), part.size());
    const std::size_t length = end - i;
    if (separator == '.' ? length > 1 : separator == '_' ? length > 2 : separator != '-')
      return false;
    if (!lower_alnum(part[end])) return false;  // end is in range: the last is alphanumeric
    i = end;
  }
  return true;
}

bool valid_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
    });
  }
  for (const auto label : text::split(host, '.')) {
    if (label.empty() || !alnum(label.front()) || !alnum(label.back())) return false;
    if (!std::ranges::all_of(label, [](char c) { return alnum(c) || c == '-'; })) return false;
  }
  return !host.empty();
}

bool valid_domain(std::string_view domain) {
  const auto bracket = domain.rfind(']');
  const auto colon = domain.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = domain.substr(colon + 1);
    if (port.empty() || !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))
      return false;
    domain = domain.substr(0, colon);
  }
  return valid_host(domain);
}

// The first part is a host when it could not be a path of the hub: it has a dot, a port or a
// capital, or it is localhost.
bool is_domain(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool hex64(std::string_view s) {
  return s.size() == 64 && std::ranges::all_of(s, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool valid_name(const Reference& reference) {
  if (!valid_domain(reference.domain) || reference.path.empty()) return false;
  if (reference.name().size() > 255) return false;
  const auto parts = text::split(reference.path, '/');
  return std::ranges::all_of(parts, valid_component);
}

}  // namespace

bool valid_digest(std::string_view text) {
  return text.starts_with("sha256:") && hex64(text.substr(7));
}

Result<Reference> Reference::parse(std::string_view text) {
  const auto invalid = [&] {
    return fail(Code::kInvalidArgument, "couldn't parse image name",
                "\"" + std::string(text) + "\"", "invalid reference format");
  };
  Reference out;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    out.digest = rest.substr(at + 1);
    if (!valid_digest(out.digest)) return invalid();
    rest = rest.substr(0, at);
  }
  if (out.digest.empty() && hex64(rest)) return invalid();  // would be taken for an id
  const auto slash = rest.rfind('/');
  const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
    if (!valid_tag(out.tag)) return invalid();
    rest = rest.substr(0, colon);
  }
  const auto first = rest.find('/');
  if (first != std::string_view::npos && is_domain(rest.substr(0, first))) {
    out.domain = rest.substr(0, first);
    out.path = rest.substr(first + 1);
  } else {
    out.domain = "docker.io";
    out.path = rest;
  }
  if (out.domain == "index.docker.io") out.domain = "docker.io";
  if (out.domain == "docker.io" && out.path.find('/') == std::string::npos)
    out.path = "library/" + out.path;
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  if (!valid_name(out)) return invalid();
  return out;
}

std::string Reference::name() const { return domain + "/" + path; }

std::string Reference::str() const {
  return name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::familiar() const {
  std::string out = str();
  if (domain != "docker.io") return out;
  out = out.substr(domain.size() + 1);
  if (path.starts_with("library/") && path.find('/', 8) == std::string::npos) out = out.substr(8);
  return out;
}

}  // namespace podctl::image
