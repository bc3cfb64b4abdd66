#include "podctl/seccomp/hardening.hpp"

#include <algorithm>
#include <cctype>

#include "podctl/sys/caps.hpp"

namespace podctl::seccomp {
namespace {

bool is_all(std::string_view name) {
  return std::ranges::equal(name, std::string_view("ALL"),
                            [](unsigned char a, unsigned char b) { return std::toupper(a) == b; });
}

Result<std::uint64_t> mask_of(const std::vector<std::string>& names) {
  std::uint64_t mask = 0;
  for (const auto& name : names) {
    const auto number = sys::cap_from_name(name);
    if (!number) {
      return fail(Code::kInvalidArgument, "read capability", "\"" + name + "\"",
                  "unknown capability");
    }
    mask |= std::uint64_t{1} << *number;
  }
  return mask;
}

bool names_all(const std::vector<std::string>& names) { return std::ranges::any_of(names, is_all); }

std::vector<std::string> without_all(std::vector<std::string> names) {
  std::erase_if(names, is_all);
  return names;
}

}  // namespace

std::uint64_t default_capabilities() {
  static const std::uint64_t mask =
      *mask_of({"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
                "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"});
  return mask;
}

Result<std::uint64_t> apply_capabilities(std::uint64_t base, const std::vector<std::string>& add,
                                         const std::vector<std::string>& drop,
                                         std::uint64_t available) {
  const auto added = TRY(mask_of(without_all(add)));
  const auto dropped = TRY(mask_of(without_all(drop)));
  if (names_all(add)) base = sys::named_caps();
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
