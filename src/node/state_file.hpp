// What podctld remembers beside its objects: a file of the root that holds one JSON object.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "podctl/base/error.hpp"

namespace podctl::node {

// For a file, or something in it, that podctld has not written. `advice`: what to do then.
Failure not_ours(const std::string& path, const std::string& advice);

// Nothing where there is none. One that is empty or breaks off is told apart from one that is not
// ours: a disk was full, or the machine lost its power.
Result<std::optional<boost::json::object>> read_state_file(const std::string& path,
                                                           const std::string& advice);
// Whole or not at all, also where the machine loses its power; kInvalidArgument for more than could
// be read again.
Result<void> write_state_file(const std::string& path, const boost::json::object& content);

}  // namespace podctl::node
