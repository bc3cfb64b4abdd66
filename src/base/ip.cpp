#include "podctl/base/ip.hpp"

#include <arpa/inet.h>

#include "podctl/base/text.hpp"

namespace podctl {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress out;
  out.family = copy.find(':') == std::string::npos ? 4 : 6;
  if (::inet_pton(out.family == 4 ? AF_INET : AF_INET6, copy.c_str(), out.bytes.data()) != 1)
    return std::nullopt;
  return out;
}

std::string IpAddress::str() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family != 0) ::inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view cidr) {
  const auto slash = cidr.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(cidr.substr(0, slash));
  const auto length = text::parse_u64(cidr.substr(slash + 1));
  if (!address || !length || *length > address->size() * 8) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::string IpPrefix::str() const { return address.str() + "/" + std::to_string(length); }

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.family != address.family) return false;
  for (unsigned bit = 0; bit < length; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

IpAddress IpPrefix::nth(std::uint64_t n) const {
  IpAddress out = address;
  for (unsigned bit = length; bit < out.size() * 8; ++bit)
    out.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  for (std::size_t at = out.size(); at-- > 0 && n != 0; n >>= 8) {
    n += out.bytes[at];
    out.bytes[at] = static_cast<std::uint8_t>(n & 0xffU);
  }
  return out;
}

}  // namespace podctl
