#include "cli/pod_reports.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/cli/describe.hpp"
#include "podctl/cli/resource.hpp"

namespace podctl::cli {

Result<boost::json::value> events_of(Invocation& in, View pod) {
  View meta = pod["metadata"];
  Target target(find_resource("events").value()->path(meta["namespace"].str()));
  target.add("fieldSelector", "involvedObject.name=" + std::string(meta["name"].str()) +
                                  ",involvedObject.uid=" + std::string(meta["uid"].str()));
  auto list = TRY(in.fetch(target.str()));
  auto* items = list.as_object().if_contains("items");
  if (items == nullptr || !items->is_array()) return boost::json::value(boost::json::array());
  auto& events = items->get_array();
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& x, const auto& y) { return seen_before(x, y); });
  return std::move(*items);
}

Result<boost::json::value> sandbox_of(Invocation& in, View pod) {
  View meta = pod["metadata"];
  return in.fetch(podctl_path("/namespaces/" + url_escape(meta["namespace"].str()) + "/pods/" +
                              url_escape(meta["name"].str()) + "/sandbox"));
}

}  // namespace podctl::cli
