// Takes a root down with all that podctl made under it.
//
// Used by `system reset`, and by `test --real` for the root that it has made itself.
#pragma once

#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {

// Returns once podctld has ended too. A refusal is an Error with its sentence.
Result<void> reset_root(Invocation& in);

}  // namespace podctl::cli
