// The network all pods of a root share: its subnet, its bridge, forwarding, masquerade.
#include <algorithm>

#include "engine/root.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/nat/nat.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/net/forwarding.hpp"
#include "podctl/net/report.hpp"

namespace podctl::engine {
namespace {

// Shared by all roots; what was switched on, to be put back by the last one.
std::string sysctl_record() { return std::string(ipam::kRegistry) + "/sysctls"; }

Result<std::vector<IpPrefix>> in_use() {
  auto socket = TRY(net::Socket::open());
  std::vector<IpPrefix> used;
  for (const net::Address& address : TRY(net::addresses(socket))) used.push_back(address.prefix);
  for (const net::Route& route : TRY(net::routes(socket))) used.push_back(route.destination);
  return used;
}

// Whether a process of the root, or a pod's end of a veth, is still there.
Result<bool> inhabited(cgroup::Tree& tree, const Layout& root) {
  if (auto group = tree.find("")) {
    if (!TRY(group->procs(true)).empty()) return true;
  }
  auto socket = TRY(net::Socket::open());
  const auto bridge = net::link(socket, root.bridge());
  if (!bridge) return false;
  const auto links = TRY(net::links(socket));
  return std::any_of(links.begin(), links.end(),
                     [&](const net::Link& link) { return link.master == bridge->index; });
}

Result<void> end_deserted(const Layout& root) {
  auto tree = TRY(cgroup::Tree::open(root));
  if (TRY(inhabited(tree, root))) return {};
  TRY(nat::remove_nat(root.nft_table()));
  TRY(net::remove_bridge(root.bridge()));
  TRY(tree.destroy());
  return ipam::forget_root(root);
}

// A directory that was deleted without a reset leaves a bridge, and so a subnet nobody else may
// take. One that cannot be swept keeps it: there are others.
Result<void> sweep_deserted(const Layout& own) {
  const UniqueFd lock = TRY(ipam::lock_registry());
  for (const Layout& root : TRY(ipam::deserted_roots())) {
    if (root.root() != own.root()) (void)end_deserted(root);
  }
  return {};
}

nat::NatSpec nat_spec(const Layout& layout, const ipam::Subnet& subnet) {
  std::string bridges = Layout().bridge();
  bridges.pop_back();  // "podctl0": where the system's root has its digit, others have theirs
  return {.table = layout.nft_table(),
          .bridge = layout.bridge(),
          .bridges = std::move(bridges),
          .subnets = {subnet.v4, subnet.v6}};
}

}  // namespace

Result<ipam::Subnet> prepare_network(const Layout& layout) {
  if (!ipam::recorded_subnet(layout)) TRY(sweep_deserted(layout));
  const ipam::Subnet subnet = TRY(ipam::acquire_subnet(layout, TRY(in_use())));
  TRY(net::ensure_bridge(
      {.name = layout.bridge(), .addresses = {subnet.gateway4(), subnet.gateway6()}}));
  {
    const UniqueFd lock = TRY(ipam::lock_registry());
    TRY(net::enable_forwarding(sysctl_record()));
  }
  const nat::NatSpec nat = nat_spec(layout, subnet);
  TRY(nat::ensure_nat(nat));
  TRY(nat::ensure_forward(nat));
  return subnet;
}

// The rules close loopback before it is opened.
Result<void> publish_ports(const Layout& layout, const ipam::Subnet& subnet, const std::string& uid,
                           const std::vector<nat::HostPort>& ports) {
  TRY(nat::publish_ports(nat_spec(layout, subnet), uid, ports));
  return net::route_loopback(layout.bridge());
}

Result<void> reset_network(const Layout& layout) {
  TRY(nat::remove_nat(layout.nft_table()));
  TRY(net::remove_bridge(layout.bridge()));
  TRY(sweep_deserted(layout));  // else the last root would never be the last
  const ipam::Released released = TRY(ipam::release_subnet(layout));
  if (released.last_root) TRY(net::restore_sysctls(sysctl_record()));
  return {};
}

}  // namespace podctl::engine
