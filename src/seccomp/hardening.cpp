#include "podctl/seccomp/hardening.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace podctl::seccomp {
namespace {

// By number; linux/capability.h.
constexpr std::array<const char*, 41> kNames = {"CHOWN",
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

std::string upper_without_prefix(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper.starts_with("CAP_") ? upper.substr(4) : upper;
}

Result<std::uint64_t> mask_of(const std::vector<std::string>& names) {
  std::uint64_t mask = 0;
  for (const auto& name : names) {
    if (upper_without_prefix(name) == "ALL") {
      mask |= all_capabilities();
      continue;
    }
    auto number = capability_number(name);
    if (!number) {
      return fail(Code::kInvalidArgument, "read capability", "\"" + name + "\"",
                  "unknown capability");
    }
    mask |= std::uint64_t{1} << *number;
  }
  return mask;
}

bool names_all(const std::vector<std::string>& names) {
  return std::ranges::any_of(
      names, [](const std::string& name) { return upper_without_prefix(name) == "ALL"; });
}

std::vector<std::string> without_all(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) { return upper_without_prefix(name) == "ALL"; });
  return names;
}

}  // namespace

std::optional<int> capability_number(std::string_view name) {
  const std::string wanted = upper_without_prefix(name);
  const auto found = std::ranges::find(kNames, wanted);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<int>(found - kNames.begin());
}

std::string capability_name(int number) {
  const auto index = static_cast<std::size_t>(number);
  return "CAP_" + (index < kNames.size() ? std::string(kNames[index]) : std::to_string(number));
}

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (int number = 0; number < 64; ++number)
    if ((mask >> number & 1U) != 0) names.push_back(capability_name(number));
  return names;
}

std::uint64_t default_capabilities() {
  static const std::uint64_t mask =
      *mask_of({"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
                "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"});
  return mask;
}

std::uint64_t all_capabilities() { return (std::uint64_t{1} << kNames.size()) - 1; }

Result<std::uint64_t> apply_capabilities(std::uint64_t base, const std::vector<std::string>& add,
                                         const std::vector<std::string>& drop,
                                         std::uint64_t available) {
  const auto added = TRY(mask_of(without_all(add)));
  const auto dropped = TRY(mask_of(without_all(drop)));
  if (names_all(add)) base = all_capabilities();
  if (names_all(drop)) base = 0;
  return (base | added) & ~dropped & available;
}

const std::vector<std::string>& default_masked_paths() {
  static const std::vector<std::string> paths = {
      "/proc/acpi",        "/proc/asound",        "/proc/kcore",
      "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
      "/proc/timer_stats", "/proc/sched_debug",   "/proc/scsi",
      "/proc/interrupts",  "/sys/firmware",       "/sys/devices/virtual/powercap"};
  return paths;
}

const std::vector<std::string>& default_readonly_paths() {
  static const std::vector<std::string> paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};
  return paths;
}

}  // namespace podctl::seccomp
