// The same filter in fewer instructions. Private to seccomp.
//
// libseccomp compares with every syscall number that a profile names, 1247 instructions for
// RuntimeDefault; the kernel checks and compiles them anew for each container that starts, 190 µs.
// Most numbers lie beside others of the same answer: a search over ranges takes a quarter.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/seccomp/profile.hpp"

namespace podctl::seccomp {

// What libseccomp makes of a profile; compile() gives what shrink() makes of that.
Result<std::string> compile_long(const Profile& profile, std::uint64_t caps);

// `filter`: struct sock_filter[]. Answers every architecture, number and arguments as it does. What
// uses more of classic BPF than libseccomp does, or would not become shorter, is left as it is.
std::string shrink(const std::string& filter);

}  // namespace podctl::seccomp
