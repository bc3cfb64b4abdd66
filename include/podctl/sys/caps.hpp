// Capabilities: names, sets, and the calls that change a process's own. capabilities(7).
//
// Used by seccomp and node (names from manifests and profiles), init (dropping) and doctor. Raw
// system calls, no libcap. A set is a bit mask, bit n being capability number n, as in
// wire::Capabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::sys {

inline constexpr int kSetGid = 6, kSetUid = 7, kSetPcap = 8, kSysAdmin = 21, kSysResource = 24;

// "CAP_NET_ADMIN" of 12; "cap 77" for one without a name here.
std::string cap_name(int number);
// "NET_ADMIN", "CAP_NET_ADMIN" in any case.
std::optional<int> cap_from_name(std::string_view name);
// Names of a set, in the order of their numbers.
std::vector<std::string> cap_names(std::uint64_t set);
// Every capability that has a name here.
std::uint64_t named_caps();
// All that this kernel knows (/proc/sys/kernel/cap_last_cap through PR_CAPBSET_READ).
std::uint64_t all_caps();

struct CapState {
  std::uint64_t effective = 0, permitted = 0, inheritable = 0, bounding = 0;
};
Result<CapState> own_caps();
bool have_cap(int number);

// Drops from the bounding set, which is `from`, all that is not in `keep`. Needs CAP_SETPCAP.
Result<void> limit_bounding(std::uint64_t from, std::uint64_t keep);
// capset(2).
Result<void> set_caps(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable);
// Clears the ambient set, then raises these; they must be permitted and inheritable.
Result<void> set_ambient(std::uint64_t set);
// Permitted capabilities outlive the next setuid(2) to a plain user, not the next execve(2).
Result<void> keep_caps_over_setuid();
Result<void> set_no_new_privs();

}  // namespace podctl::sys
