// Which container of a pod a command means.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct ContainerChoice {
  std::vector<std::string> names;  // one, or with `all` every one in kubectl's order (init first)
  std::string remark;  // "Defaulted container …", empty when there was no choice to make
};

// The named one (kInvalidArgument if the pod has none of that name), else the one that the
// annotation kubectl.kubernetes.io/default-container names, else the first.
Result<ContainerChoice> choose_container(View pod, std::string_view name, bool all);

}  // namespace podctl::cli
