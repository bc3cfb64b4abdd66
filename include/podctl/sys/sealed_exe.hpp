// A program as a sealed memfd: what runs beside hostile code cannot be overwritten through
// /proc/PID/exe (CVE-2019-5736), and survives an upgrade or removal of its file. Used by the shim
// for pause and init.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// Copies the program; the result can be executed by spawn() and written by nobody, us included.
Result<UniqueFd> seal_program(const std::string& path);

}  // namespace podctl::sys
