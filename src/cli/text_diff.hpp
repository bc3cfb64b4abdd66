// The differences of two texts, as diff -u writes them. Pure; used by `diff`.
#pragma once

#include <string>
#include <string_view>

namespace podctl::cli {

// Empty when they are the same. The names stand in the two lines of the head.
std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name);

}  // namespace podctl::cli
