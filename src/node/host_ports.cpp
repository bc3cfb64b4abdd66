#include "node/host_ports.hpp"

#include <algorithm>

#include "podctl/api/host_ports.hpp"

namespace podctl::node {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

bool every_address(const IpAddress& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(), [](auto b) { return b == 0; });
}

}  // namespace

std::vector<nat::HostPort> led_ports(const api::Pod& pod, const wire::NetworkSpec& net) {
  std::vector<nat::HostPort> led;
  if (pod.spec.hostNetwork.value_or(false)) return led;
  for (const api::HostPortUse& use : api::host_ports(pod)) {
    const auto asked = IpAddress::parse(use.address);  // validated; empty: every one there is
    for (const IpPrefix& own : net.addresses) {
      if (asked && asked->family != own.address.family) continue;
      led.push_back({.protocol = lower(use.protocol),
                     .port = static_cast<std::uint16_t>(use.port),
                     .address = asked && !every_address(*asked) ? *asked : IpAddress{},
                     .pod = own.address,
                     .pod_port = static_cast<std::uint16_t>(use.container_port)});
    }
  }
  return led;
}

bool has_host_ports(const api::Pod& pod) {
  return !pod.spec.hostNetwork.value_or(false) && !api::host_ports(pod).empty();
}

}  // namespace podctl::node
