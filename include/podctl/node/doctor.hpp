// What this machine has and lacks for podctl, item by item. Reads procfs, sysfs and podctld's own
// status; changes nothing: a user namespace, which it tries to make, is gone when it answers. Used
// by server on a worker thread.
#pragma once

#include <string>
#include <vector>

namespace podctl::node {

struct Finding {
  std::string name;
  std::string status;  // "ok", "degraded", "missing"
  std::string detail, remedy;
};

// `shim`: the program podctl-shim, which tries what podctld, with its threads, cannot; `lib`: where
// images lie.
std::vector<Finding> examine_machine(const std::string& shim, const std::string& lib);

}  // namespace podctl::node
