#include "cli/applied.hpp"

#include <boost/json/object.hpp>

#include "cli/apply_parts.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/three_way.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {

api::Pod merged_over(const boost::json::value& live, const boost::json::value& before,
                     boost::json::value wanted) {
  wanted.as_object().erase("status");
  boost::json::value last = before;
  if (last.is_object()) last.as_object().erase("status");
  api::Pod pod = to_pod(api::three_way(last, wanted, live));
  api::set_defaults(pod, pod.metadata.namespace_);
  return pod;
}

// An annotation that cannot be read is none.
api::Pod applied_over(const boost::json::value& live, const boost::json::value& object) {
  const auto last = parse_json_value(View(live)["metadata"]["annotations"][kLastApplied].str());
  return merged_over(live, last ? *last : boost::json::value(), object);
}

}  // namespace podctl::cli
