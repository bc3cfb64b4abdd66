// What every container has at /proc, /sys and /dev, as mounts that are attached nowhere yet: they
// depend on its namespaces and on its cgroup, not on its root. Gone with their descriptors, unless
// attached before.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {

// The hierarchies in which the container has a cgroup of its own.
struct Cgroups {
  std::vector<std::string> shown;  // v1: mount options; "unified"
  bool unified_only = false;       // no v1 hierarchy is mounted on this machine
};

struct CgroupMounts {
  UniqueFd top;                                               // cgroup2, or a tmpfs for
  std::vector<std::pair<std::string, UniqueFd>> hierarchies;  // these, by name
  bool read_only = false;
};

struct Dev {
  sys::RootDir top{UniqueFd()};  // with its nodes and links
  UniqueFd pts, mqueue;
};

struct Defaults {
  UniqueFd proc, sys;
  CgroupMounts cgroups;
  Dev dev;
};

}  // namespace podctl::init
