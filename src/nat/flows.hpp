// Datagram flows that the kernel remembers (conntrack). One that lasts is led where its first
// datagram was, whatever the rules have become: who goes on sending to a host port would reach a
// pod that is gone, or never the one that has come. TCP needs none of it: its connections end.
//
// Used by ports.cpp. Raw netlink (ctnetlink) in the caller's network namespace.
#pragma once

#include <cstdint>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"

namespace podctl::nat {

struct Flow {
  std::uint8_t protocol = 0;  // IPPROTO_UDP
  IpAddress source, target;   // as the first datagram had them
  std::uint16_t target_port = 0;
  IpAddress answers_from, answers_to;
  std::uint16_t answers_port = 0;  // from which answers come

  // Nobody translates it.
  bool plain() const { return answers_from == target && answers_to == source; }
};

// Forgets every flow that `which` is true for.
Result<void> forget_flows(bool (*which)(const Flow&, const void*), const void* argument);
template <class F>
Result<void> forget_flows(const F& which) {
  return forget_flows(
      [](const Flow& flow, const void* f) { return (*static_cast<const F*>(f))(flow); }, &which);
}

}  // namespace podctl::nat
