// The last step: finding the program in the container and executing it, with errors as people know
// them from Kubernetes: `exec: "foo": executable file not found in $PATH`. Runs in init's second
// half, as the user.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::init {

// argv[0] itself when it has a slash, else the first executable file of that name in `path`.
Result<std::string> find_program(const std::string& name, const std::string& path);

// execve(2); only comes back with an error. ENOENT of an existing file names the missing
// interpreter.
Error execute(const std::string& program, const std::vector<std::string>& argv,
              const std::vector<std::string>& env);
// The same for a program of ours, a sealed memfd.
Error execute_brought(int program, const std::vector<std::string>& argv,
                      const std::vector<std::string>& env);

}  // namespace podctl::init
