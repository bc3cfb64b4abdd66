// Files of variables that an init container writes into an emptyDir (fileKeyRef, KEP-3721).
//
// Used by env. Pure; the file is a container's, and nothing in it is trusted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::node {

inline constexpr std::size_t kEnvFileBytes = 64U << 10;  // of a file that is read

// The value of a key, or nothing. A file is of lines NAME='VALUE'; the value may go on over several
// lines, and holds anything but a single quote; a comment begins with '#'. kInvalidArgument says
// which line is none (k8s pkg/util/env, ParseEnv).
Result<std::optional<std::string>> env_file_value(std::string_view text, std::string_view key);

}  // namespace podctl::node
