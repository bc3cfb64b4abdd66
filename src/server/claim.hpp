// Whether a root is podctl's to use.
#pragma once

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"

namespace podctl::server {

// podctld sweeps and removes by name below lib/ and run/ of its root. Where somebody else's
// directories of these names stand there (`--root .` in a project) it touches nothing:
// kFailedPrecondition. Else the root is marked. The system's own places need no mark.
Result<void> claim_root(const Layout& layout);

}  // namespace podctl::server
