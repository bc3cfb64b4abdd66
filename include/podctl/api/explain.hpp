// `podctl explain pod.spec.containers`: a type's fields in kubectl's layout, each marked supported
// or not yet.
//
// Used by the CLI. Reads only the field tables and the support table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::api {

// kNotFound when a step of the path is no field, with the nearest name.
Result<std::string> explain(std::string_view path, bool recursive);

// The paths that `typed` may become by one more step; one that goes on stands there with its dot
// as well.
std::vector<std::string> complete_path(std::string_view typed);

}  // namespace podctl::api
