// Pod addresses of one root: one file an address, made exclusively, the owner's pod uid inside.
//
// Used by the engine and by podctl's CNI plugin, possibly at once. Next-fit, so that an address
// rests before it is used again. A pod has one host number, hence one IPv4 and one IPv6 address.
// Makes no link and no route.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/ipam/subnet.hpp"

namespace podctl::ipam {

struct Allocation {
  IpAddress address;  // the IPv4 one: the file's name
  std::string uid;
};

// The pod's addresses, each with its subnet's length; the same for the same uid. kExhausted.
Result<std::vector<IpPrefix>> allocate(const Layout& layout, const Subnet& subnet,
                                       const std::string& uid);
// Frees them, if the pod's veth is gone: before that the address still answers
// (kFailedPrecondition; wait with net::LinkWatch). A pod without addresses is no error.
Result<void> release(const Layout& layout, const std::string& uid);
// All, by address.
Result<std::vector<Allocation>> list(const Layout& layout);
// After a crash: frees what belongs to no pod of `live` and has no veth any more. What was freed.
Result<std::vector<Allocation>> recover(const Layout& layout, const std::vector<std::string>& live);

}  // namespace podctl::ipam
