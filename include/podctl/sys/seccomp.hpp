// Loads a compiled seccomp filter into the calling process. Used by init only; the bytes come from
// the brain, which has libseccomp. seccomp(2). Needs CAP_SYS_ADMIN or no_new_privs.
#pragma once

#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::sys {

// `program` is struct sock_filter[]; empty: nothing is loaded. kCorrupt when it is no whole number
// of them.
Result<void> load_seccomp(std::string_view program);

}  // namespace podctl::sys
