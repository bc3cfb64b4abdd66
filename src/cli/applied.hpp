// The pod that a manifest makes of the one that is there (api/three_way.hpp).
//
// Pure; used by apply, diff and edit.
#pragma once

#include <boost/json/value.hpp>

#include "podctl/api/pod.hpp"

namespace podctl::cli {

// `live` as the object, which carries its annotation, wants it; with defaults.
api::Pod applied_over(const boost::json::value& live, const boost::json::value& object);
// The same with what was there `before` instead of the annotation.
api::Pod merged_over(const boost::json::value& live, const boost::json::value& before,
                     boost::json::value wanted);

}  // namespace podctl::cli
