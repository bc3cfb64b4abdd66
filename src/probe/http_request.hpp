// The text of a GET, and where a redirect leads to. Pure; private to probe and its tests.
#pragma once

#include <optional>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/probe/probe.hpp"

namespace podctl::probe {

// kInvalidArgument for a header that would become something else on the way.
Result<std::string> write_request(const HttpRequest& request);

// The request that follows `request` when its answer says Location: `location`. Nothing when it
// leads to another host or is no http.
std::optional<HttpRequest> redirected(const HttpRequest& request, const std::string& location);

}  // namespace podctl::probe
