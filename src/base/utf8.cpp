#include "podctl/base/utf8.hpp"

namespace podctl::utf8 {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if ((lead & 0xf0U) == 0xe0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

// The first byte after the lead is what tells overlong forms, surrogates and too large values.
bool second_fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

std::size_t character(std::string_view s, std::size_t at) {
  if (at >= s.size()) return 0;
  const auto lead = static_cast<unsigned char>(s[at]);
  const std::size_t length = length_of(lead);
  if (length == 0 || length > s.size() - at) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(s[at + i]) & 0xc0U) != 0x80) return 0;
  }
  return length == 1 || second_fits(lead, static_cast<unsigned char>(s[at + 1])) ? length : 0;
}

std::string well_formed(std::string text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character(text, at);
    if (length == 0) break;
    at += length;
  }
  if (at == text.size()) return text;
  std::string out = text.substr(0, at);
  while (at < text.size()) {
    const std::size_t length = character(text, at);
    out += length == 0 ? kReplacement : std::string_view(text).substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text, at);
    const auto c = static_cast<unsigned char>(text[at]);
    if (length == 0 ||
        (length == 2 && c == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0)) {
      out += kReplacement;  // ill-formed, or one of U+0080 to U+009F: U+009B is an escape and a
                            // bracket
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\t')) {
      out += '^';
      out += static_cast<char>(c ^ 0x40U);
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace podctl::utf8
