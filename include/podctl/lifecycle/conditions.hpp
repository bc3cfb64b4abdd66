// Whose a pod's condition is. Used by lifecycle, and by node where others set conditions. Pure.
#pragma once

#include <string_view>

namespace podctl::lifecycle {

// Ready and its like, which follow from the containers and can be set by nobody else.
bool is_own_condition(std::string_view type);

}  // namespace podctl::lifecycle
