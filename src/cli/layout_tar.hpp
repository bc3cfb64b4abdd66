// An OCI layout directory as a tar: podctld takes archives only, so the directory travels as one.
//
// Used by `image load`. ustar (POSIX.1-1988), regular files only: the layout's own three kinds.
// Nothing but the named directory is read, and nothing is written.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/cli/http.hpp"

namespace podctl::cli {

// kInvalidArgument when the directory has no index.json.
Result<Upload> layout_upload(const std::string& directory);

// The 512 bytes before a file's content. Pure, for tests.
std::string ustar_header(const std::string& name, std::uint64_t size);

}  // namespace podctl::cli
