// What this machine has and lacks for podctl, item by item. Reads procfs, sysfs and podctld's own
// status; changes nothing. Used by server on a worker thread.
#pragma once

#include <string>
#include <vector>

namespace podctl::node {

struct Finding {
  std::string name;
  std::string status;  // "ok", "degraded", "missing"
  std::string detail, remedy;
};

std::vector<Finding> examine_machine();

}  // namespace podctl::node
