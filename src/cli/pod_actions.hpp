// What several commands do to pods and other objects: delete one and wait until they are gone or
// fulfil something.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

// By what else than operands this command line chooses objects.
ChosenBy chosen_by(Invocation& in);

// An object that is going. An empty uid: whichever has the name; an empty version: not known.
struct Going {
  std::string ns, name, uid;
  std::string version;  // as of its deletion being asked for
  const Resource* resource = &pods();
};

// Asks for the deletion. kNotFound when there is no such object.
Result<Going> request_delete(Invocation& in, const std::string& ns, const std::string& name,
                             std::optional<std::int64_t> grace_seconds,
                             const Resource& of = pods());

// Returns once none of them is there; `objects` keeps those that still are. kTimedOut.
Result<void> wait_gone(Invocation& in, std::vector<Going>& objects, std::int64_t deadline_ns);

// Returns once `holds` is true for the pod. kNotFound when it is not there or goes away, unless
// `may_appear`; kTimedOut.
Result<void> wait_for(Invocation& in, const std::string& ns, const std::string& name,
                      bool may_appear, const std::function<bool(View)>& holds,
                      std::int64_t deadline_ns);

// --pod-running-timeout as a deadline; a minute where it is absent. kInvalidArgument.
Result<std::int64_t> running_deadline(Invocation& in);

// The pod of -n once it is no longer Pending, or `enough` is true for it. kNotFound; kTimedOut.
Result<boost::json::value> running_pod(Invocation& in, const std::string& name,
                                       const std::function<bool(View)>& enough,
                                       std::int64_t deadline_ns);

// Whether status.conditions has `type` (any case) with `value` (any case).
bool has_condition(View pod, std::string_view type, std::string_view value);

// --timeout as a deadline: absent gives `otherwise` seconds (0: none); below 0 is a week; 0 is now.
Result<std::int64_t> deadline(Invocation& in, std::int64_t otherwise);

}  // namespace podctl::cli
