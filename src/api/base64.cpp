#include "api/base64.hpp"

#include <cstdint>

namespace podctl::api {
namespace {
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= n ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text, std::size_t* bad) {
  std::string out;
  std::uint32_t group = 0;
  std::size_t count = 0, padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (bad != nullptr) *bad = i;
    if (c == '\n' || c == '\r') continue;
    auto value = kAlphabet.find(c);
    if (c == '=') {
      ++padding;
      value = 0;
    } else if (value == std::string_view::npos || padding > 0) {
      return std::nullopt;
    }
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++count % 4 != 0) continue;
    for (std::size_t k = 0; k < 3; ++k) out += static_cast<char>(group >> (16 - 8 * k) & 255);
    group = 0;
  }
  if (bad != nullptr) *bad = text.size();
  if (count % 4 != 0 || padding > 2) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace podctl::api
