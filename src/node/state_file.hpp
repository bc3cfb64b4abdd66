// What podctld remembers beside its objects: a file of the root that holds one JSON object.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "podctl/base/error.hpp"

namespace podctl::node {

// For a file, or something in it, that podctld has not written. `advice`: what to do then.
Failure not_ours(const std::string& path, const std::string& advice);

// Nothing where there is none.
Result<std::optional<boost::json::object>> read_state_file(const std::string& path,
                                                           const std::string& advice);
// Whole or not at all; kInvalidArgument for more than could be read again.
Result<void> write_state_file(const std::string& path, const boost::json::object& content);

}  // namespace podctl::node
