// A seccomp profile as data: RuntimeDefault, or parsed strictly from the docker/OCI JSON format of
// a Localhost profile. Used by node and cri on worker threads; the kernel sees none of it here.
//
// Format: https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp and
// docker's extensions (name, archMap, includes, excludes with caps, arches, minKernel).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::seccomp {

enum class Action : std::uint8_t { kAllow, kErrno, kKillThread, kKillProcess, kTrap, kTrace, kLog };
enum class Compare : std::uint8_t { kNe, kLt, kLe, kEq, kGe, kGt, kMaskedEq };

struct Argument {
  std::uint32_t index = 0;  // 0-5
  Compare op = Compare::kEq;
  std::uint64_t value = 0;      // the mask for kMaskedEq
  std::uint64_t value_two = 0;  // what is compared after masking
};

// When a rule counts. Empty lists hold always.
struct Condition {
  std::uint64_t caps = 0;                         // includes: all of them; excludes: any of them
  std::vector<std::string> arches;                // "amd64"
  std::optional<std::pair<int, int>> min_kernel;  // {5, 8}
};

struct Rule {
  std::vector<std::string> names;  // unknown to this libseccomp: skipped, as docker does
  Action action = Action::kAllow;
  std::optional<std::uint32_t> errno_ret;  // kErrno and kTrace; EPERM if absent
  std::vector<Argument> args;              // all must hold
  Condition includes, excludes;
};

struct Profile {
  Action default_action = Action::kErrno;
  std::optional<std::uint32_t> default_errno;
  std::vector<std::string>
      architectures;  // "SCMP_ARCH_X86_64"; empty: the machine's with its sub-architectures
  std::vector<Rule> rules;
};

// The default allow-list of containerd and docker.
const Profile& runtime_default();

// A Localhost profile. kInvalidArgument naming the JSON path and the fault; kUnsupported for what
// podctl cannot do (SCMP_ACT_NOTIFY and its listener, filter flags other than LOG, SPEC_ALLOW and
// TSYNC).
Result<Profile> parse_profile(std::string_view json);

}  // namespace podctl::seccomp
