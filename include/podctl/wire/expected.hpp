// The containers that the next pod is likely to have, told to a sandbox that is made before its pod
// (ExpectContainers of messages.hpp). Used by engine and shim.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "podctl/base/resources.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::wire {

// What making a container's init ahead depends on.
struct ExpectedContainer {
  std::string name;
  CgroupResources resources;
  template <class V>
  void wire(V& v) {
    v(1, name);
    v(2, resources);
  }
};

struct ExpectRequest {
  std::vector<ExpectedContainer> containers;
  template <class V>
  void wire(V& v) {
    v(1, containers);
  }
};

// Whether the container may open the device that is mounted: read it, and write unless the mount is
// read-only.
bool gives_device(const MountSpec& mount);

// What could be made ahead for a container like this one; nothing where its init depends on more
// than that: on other processes' namespaces, a terminal, an input, devices. Two of the same
// expectation are served alike.
std::optional<ExpectedContainer> expectation(const ContainerSpec& spec);

}  // namespace podctl::wire
