// `podctl explain pod.spec.containers`: a type's fields in kubectl's layout, each marked supported
// or not yet.
//
// Used by the CLI. Reads only the field tables and the support table.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::api {

// kNotFound when a step of the path is no field, with the nearest name.
Result<std::string> explain(std::string_view path, bool recursive);

}  // namespace podctl::api
