// Three objects into one: what an apply makes of what was applied last, what is to be, and what is
// there now. Used by the CLI (apply, diff, edit); the merge keys by podctld's patches too. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

namespace podctl::api {

// The field that tells the elements of a list of this name apart (patchMergeKey of core/v1); empty
// for a list that is one value.
std::string_view merge_key(std::string_view list);

// `live` with everything that `wanted` says, and without what `last` said and `wanted` does not:
// what nobody but others have set stays, and what says null goes. Lists with a merge key are merged
// element by element, in the order of `wanted`, finalizers as the set they are; other lists are
// replaced.
boost::json::value three_way(const boost::json::value& last, const boost::json::value& wanted,
                             boost::json::value live);

}  // namespace podctl::api
