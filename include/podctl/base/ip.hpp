// IP addresses and prefixes as values. Used by ipam, net, wire, node and the CLI; no sockets here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace podctl {

struct IpAddress {
  std::uint8_t family = 0;                 // 4 or 6; 0 is "no address"
  std::array<std::uint8_t, 16> bytes{};    // network order; the first four for IPv4

  // Text as inet_pton(3) takes it; nothing else, no zone.
  static std::optional<IpAddress> parse(std::string_view text);
  std::string str() const;
  std::size_t size() const { return family == 4 ? 4 : 16; }
  auto operator<=>(const IpAddress&) const = default;

  template <class V>
  void wire(V& v) {
    v(1, family);
    v(2, bytes);
  }
};

struct IpPrefix {
  IpAddress address;          // need not be the network's first address
  std::uint8_t length = 0;    // 0-32 or 0-128

  static std::optional<IpPrefix> parse(std::string_view cidr);
  std::string str() const;
  bool contains(const IpAddress& other) const;
  // The prefix's n-th address, counted from the network's first.
  IpAddress nth(std::uint64_t n) const;
  auto operator<=>(const IpPrefix&) const = default;

  template <class V>
  void wire(V& v) {
    v(1, address);
    v(2, length);
  }
};

}  // namespace podctl
