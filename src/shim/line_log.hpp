// The shim's own log: a line an event, with the time, into pod_run/shim.log. Never fails loudly:
// there is nobody to tell.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::shim {

// Where it lies; what is said before goes to stderr. Made with its first line: most shims have
// nothing to say.
void log_into(std::string path);
void log(std::string_view line);
void log(std::string_view what, const Error& error);

}  // namespace podctl::shim
