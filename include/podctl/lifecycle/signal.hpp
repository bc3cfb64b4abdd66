// Signals by name, as manifests, images and scenarios write them. Pure.
#pragma once

#include <string_view>

namespace podctl::lifecycle {

// "SIGUSR1", "USR1", "10", "SIGRTMIN+3" -> a number; 0 when it is none.
int parse_signal(std::string_view text);

}  // namespace podctl::lifecycle
