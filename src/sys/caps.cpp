#include "podctl/sys/caps.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>

namespace podctl::sys {
namespace {

constexpr std::array<std::string_view, 41> kNames = {"CHOWN",
                                                     "DAC_OVERRIDE",
                                                     "DAC_READ_SEARCH",
                                                     "FOWNER",
                                                     "FSETID",
                                                     "KILL",
                                                     "SETGID",
                                                     "SETUID",
                                                     "SETPCAP",
                                                     "LINUX_IMMUTABLE",
                                                     "NET_BIND_SERVICE",
                                                     "NET_BROADCAST",
                                                     "NET_ADMIN",
                                                     "NET_RAW",
                                                     "IPC_LOCK",
                                                     "IPC_OWNER",
                                                     "SYS_MODULE",
                                                     "SYS_RAWIO",
                                                     "SYS_CHROOT",
                                                     "SYS_PTRACE",
                                                     "SYS_PACCT",
                                                     "SYS_ADMIN",
                                                     "SYS_BOOT",
                                                     "SYS_NICE",
                                                     "SYS_RESOURCE",
                                                     "SYS_TIME",
                                                     "SYS_TTY_CONFIG",
                                                     "MKNOD",
                                                     "LEASE",
                                                     "AUDIT_WRITE",
                                                     "AUDIT_CONTROL",
                                                     "SETFCAP",
                                                     "MAC_OVERRIDE",
                                                     "MAC_ADMIN",
                                                     "SYSLOG",
                                                     "WAKE_ALARM",
                                                     "BLOCK_SUSPEND",
                                                     "AUDIT_READ",
                                                     "PERFMON",
                                                     "BPF",
                                                     "CHECKPOINT_RESTORE"};

bool in_set(std::uint64_t set, int number) { return ((set >> number) & 1) != 0; }

}  // namespace

std::string cap_name(int number) {
  if (number < 0 || number >= static_cast<int>(kNames.size())) {
    return "cap " + std::to_string(number);
  }
  return "CAP_" + std::string(kNames[static_cast<std::size_t>(number)]);
}

std::optional<int> cap_from_name(std::string_view name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view rest = upper;
  if (rest.starts_with("CAP_")) rest.remove_prefix(4);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == rest) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::vector<std::string> cap_names(std::uint64_t set) {
  std::vector<std::string> out;
  for (int n = 0; n < 64; ++n) {
    if (in_set(set, n)) out.push_back(cap_name(n));
  }
  return out;
}

std::uint64_t named_caps() { return (std::uint64_t{1} << kNames.size()) - 1; }

std::uint64_t all_caps() {
  std::uint64_t set = 0;
  for (int n = 0; n < 64 && ::prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; ++n) set |= 1ULL << n;
  return set;
}

Result<CapState> own_caps() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return fail_errno(errno, "read capabilities", {});
  const auto joined = [](std::uint32_t low, std::uint32_t high) {
    return static_cast<std::uint64_t>(high) << 32 | low;
  };
  CapState state;
  state.effective = joined(data[0].effective, data[1].effective);
  state.permitted = joined(data[0].permitted, data[1].permitted);
  state.inheritable = joined(data[0].inheritable, data[1].inheritable);
  for (int n = 0; n < 64; ++n) {
    const int bound = ::prctl(PR_CAPBSET_READ, n, 0, 0, 0);
    if (bound < 0) break;
    if (bound == 1) state.bounding |= 1ULL << n;
  }
  return state;
}

bool have_cap(int number) {
  const auto state = own_caps();
  return state && in_set(state->effective, number);
}

Result<void> limit_bounding(std::uint64_t from, std::uint64_t keep) {
  for (int n = 0; n < 64; ++n) {
    if (!in_set(from & ~keep, n)) continue;
    if (::prctl(PR_CAPBSET_DROP, n, 0, 0, 0) != 0) {
      return fail_errno(errno, "drop from bounding set", cap_name(n));
    }
  }
  return {};
}

Result<void> set_caps(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<std::uint32_t>(effective >> (32 * half));
    data[half].permitted = static_cast<std::uint32_t>(permitted >> (32 * half));
    data[half].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * half));
  }
  if (::syscall(SYS_capset, &header, data) != 0) return fail_errno(errno, "set capabilities", {});
  return {};
}

Result<void> set_ambient(std::uint64_t set) {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return fail_errno(errno, "clear ambient capabilities", {});
  }
  for (int n = 0; n < 64; ++n) {
    if (in_set(set, n) && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0) != 0) {
      return fail_errno(errno, "raise ambient capability", cap_name(n));
    }
  }
  return {};
}

Result<void> keep_caps_over_setuid() {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno(errno, "keep capabilities", {});
  return {};
}

Result<void> set_no_new_privs() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail_errno(errno, "set no_new_privs", {});
  return {};
}

}  // namespace podctl::sys
