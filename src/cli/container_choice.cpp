#include "cli/container_choice.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

namespace podctl::cli {
namespace {

std::vector<std::string> names(View list) {
  std::vector<std::string> out;
  for (const auto& c : list.items()) out.emplace_back(View(c)["name"].str());
  return out;
}

void append(std::string& listed, const std::vector<std::string>& names, std::string_view mark) {
  for (const std::string& name : names) {
    listed += (listed.empty() ? "" : ", ") + name + std::string(mark);
  }
}

}  // namespace

Result<ContainerChoice> choose_container(View pod, std::string_view name, bool all) {
  View spec = pod["spec"];
  const auto init = names(spec["initContainers"]), main = names(spec["containers"]),
             ephemeral = names(spec["ephemeralContainers"]);
  std::vector<std::string> every = init;
  every.insert(every.end(), main.begin(), main.end());
  every.insert(every.end(), ephemeral.begin(), ephemeral.end());
  if (all) return ContainerChoice{every, {}};
  const std::string pod_name(pod["metadata"]["name"].str());
  if (!name.empty()) {
    if (std::find(every.begin(), every.end(), name) != every.end())
      return ContainerChoice{{std::string(name)}, {}};
    return fail(Code::kInvalidArgument,
                "container " + std::string(name) + " is not valid for pod " + pod_name, {});
  }
  const std::string_view preferred =
      pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].str();
  if (std::find(every.begin(), every.end(), preferred) != every.end()) {
    return ContainerChoice{{std::string(preferred)}, {}};
  }
  if (main.empty())
    return fail(Code::kInvalidArgument, "pod " + pod_name + " has no container", {});
  ContainerChoice choice{{main[0]}, {}};
  if (every.size() > 1) {
    std::string listed;
    append(listed, main, "");
    append(listed, ephemeral, " (ephem)");
    append(listed, init, " (init)");
    choice.remark = "Defaulted container \"" + main[0] + "\" out of: " + listed;
  }
  return choice;
}

}  // namespace podctl::cli
