// A command in a container, run to its end without a terminal.
//
// Used by `test --real` in podctl's process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {

struct ExecResult {
  std::int32_t exit_code = 0;
  std::string output;  // stdout and stderr, as they came; at most 64 KiB
};

// `container`: "/api/v1/namespaces/default/pods/web" and the container's name. kTimedOut at the
// deadline (CLOCK_MONOTONIC); kCancelled once `wake` is readable.
Result<ExecResult> exec_in(Invocation& in, const std::string& pod_path,
                           const std::string& container, const std::vector<std::string>& command,
                           std::int64_t deadline_ns, int wake);

}  // namespace podctl::cli
