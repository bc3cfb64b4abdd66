// Where a container's mounts come from, as detached mounts: opened in the host's mount namespace
// before the pod's is joined (so that Bidirectional reaches the host), pod volumes after.
//
// Runs in init's first half, with the host's privileges. A subPath and a hostPath are resolved
// once; the mount is made from that descriptor (CVE-2017-1002101).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::init {

struct Source {
  UniqueFd mount;          // detached, flags and propagation set
  bool directory = false;  // what the target has to be
};

// The pod's own user namespace, and where its ids lie; -1 and nothing: the host's.
struct Users {
  int ns = -1;
  std::optional<IdRange> ids = {};
};

// One for each of the container's mounts, in their order; kPodVolume and kImage ones stay empty.
Result<std::vector<Source>> open_host_sources(const std::vector<wire::MountSpec>& mounts,
                                              const Users& users);
// Fills in the kPodVolume ones from <pod_mounts>/<source>, in the pod's mount namespace.
Result<void> open_pod_sources(const std::vector<wire::MountSpec>& mounts,
                              const std::string& pod_mounts, const Users& users,
                              std::vector<Source>& sources);
// Fills in the kImage ones, in a mount namespace from which nothing spreads. `place` is a directory
// to work at; may leave the caller in a copy of its mount namespace, where something lies over it.
Result<void> open_image_sources(const std::vector<wire::MountSpec>& mounts,
                                const std::string& place, const Users& users,
                                std::vector<Source>& sources);

}  // namespace podctl::init
