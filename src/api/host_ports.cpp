#include "podctl/api/host_ports.hpp"

#include "podctl/api/status_text.hpp"
#include "podctl/base/ip.hpp"

namespace podctl::api {
namespace {

// What the scheduler takes for every address, as it takes none given.
bool every(const HostPortUse& use) { return use.address.empty() || use.address == "0.0.0.0"; }

// However they are spelled: "::" and "::0" are one address.
bool same_address(const std::string& a, const std::string& b) {
  return a == b || (IpAddress::parse(a) && IpAddress::parse(a) == IpAddress::parse(b));
}

void add(const Container& container, std::vector<HostPortUse>& uses) {
  for (const ContainerPort& port : container.ports) {
    if (port.hostPort.value_or(0) <= 0) continue;
    uses.push_back({port.protocol.empty() ? "TCP" : port.protocol, port.hostIP, *port.hostPort,
                    port.containerPort});
  }
}

}  // namespace

std::vector<HostPortUse> host_ports(const Pod& pod) {
  std::vector<HostPortUse> uses;
  for (const Container& container : pod.spec.initContainers) {
    if (is_sidecar(container)) add(container, uses);
  }
  for (const Container& container : pod.spec.containers) add(container, uses);
  return uses;
}

bool collide(const HostPortUse& a, const HostPortUse& b) {
  return a.port == b.port && a.protocol == b.protocol &&
         (same_address(a.address, b.address) || every(a) || every(b));
}

}  // namespace podctl::api
