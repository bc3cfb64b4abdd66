// What podctld tells of a pod beside the object itself. Used by describe and why.
#pragma once

#include <boost/json/value.hpp>

#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

// A pod's own events, oldest first.
Result<boost::json::value> events_of(Invocation& in, View pod);
// The report of its sandbox (docs/api.md). kNotFound when the pod has gone.
Result<boost::json::value> sandbox_of(Invocation& in, View pod);

}  // namespace podctl::cli
