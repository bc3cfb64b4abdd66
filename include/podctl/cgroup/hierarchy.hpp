// The machine's cgroup mounts: which controller lives on which hierarchy, v1, hybrid or pure v2.
//
// Used by Tree (tree.hpp) in the shim and the brain, and by doctor. Reads
// /proc/self/{mountinfo,cgroup} once; parse() does the same over given text, so fake trees test it.
// Never mounts and never makes a directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::cgroup {

// The controllers podctl uses. cpuacct and freezer exist only on v1, devices is a BPF program on
// v2.
enum class Controller : std::uint8_t {
  kCpu,
  kCpuacct,
  kCpuset,
  kMemory,
  kPids,
  kDevices,
  kFreezer
};
inline constexpr std::size_t kControllerCount = 7;

std::string_view controller_name(Controller controller);
std::optional<Controller> controller_from_name(std::string_view name);

// A set of controllers as a bit mask.
class ControllerSet {
 public:
  constexpr ControllerSet() = default;
  constexpr ControllerSet(std::initializer_list<Controller> list) {
    for (Controller c : list) add(c);
  }
  constexpr void add(Controller c) { bits_ |= bit(c); }
  constexpr void remove(Controller c) { bits_ &= static_cast<std::uint8_t>(~bit(c)); }
  constexpr bool has(Controller c) const { return (bits_ & bit(c)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr ControllerSet operator|(ControllerSet o) const { return from(bits_ | o.bits_); }
  constexpr ControllerSet operator&(ControllerSet o) const { return from(bits_ & o.bits_); }
  constexpr ControllerSet minus(ControllerSet o) const { return from(bits_ & ~o.bits_); }
  constexpr bool operator==(const ControllerSet&) const = default;
  std::vector<Controller> list() const;

 private:
  static constexpr std::uint8_t bit(Controller c) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(c));
  }
  static constexpr ControllerSet from(unsigned bits) {
    ControllerSet set;
    set.bits_ = static_cast<std::uint8_t>(bits);
    return set;
  }
  std::uint8_t bits_ = 0;
};

enum class Mode : std::uint8_t {
  kV2,      // everything on cgroup2
  kHybrid,  // controllers on v1, and a cgroup2 mount beside them (CLONE_INTO_CGROUP, cgroup.kill,
            // PSI)
  kV1,      // no cgroup2 mount at all
};
std::string_view mode_name(Mode mode);

// One mounted hierarchy.
struct Mount {
  bool v2 = false;
  std::string point;  // where it is mounted, the test prefix included
  std::string root;   // the hierarchy's directory that is mounted there: "/" but in containers
  std::string own;    // this process's cgroup in it, from the hierarchy's root
  ControllerSet controllers;  // v1: of this mount; v2: what cgroup.controllers of `point` offers
};

struct Hierarchy {
  std::vector<Mount>
      mounts;            // at most one v2; named v1 hierarchies without controllers are left out
  bool systemd = false;  // systemd is PID 1 (sd_booted(3): /run/systemd/system exists)

  // From this process's /proc. kUnsupported when no cgroup file system is mounted.
  static Result<Hierarchy> detect();
  // The same over given text; `prefix` is put before every mount point (fake trees). proc(5),
  // cgroups(7).
  static Result<Hierarchy> parse(std::string_view mountinfo, std::string_view self_cgroup,
                                 const std::string& prefix = {});

  Mode mode() const;
  const Mount* unified() const;            // the cgroup2 mount, or null
  const Mount* where(Controller c) const;  // the mount that has it, or null
  ControllerSet available() const;
};

}  // namespace podctl::cgroup
