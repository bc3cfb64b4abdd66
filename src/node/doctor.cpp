#include "podctl/node/doctor.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "node/confinement.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/seccomp/hardening.hpp"
#include "podctl/sys/caps.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/spawn.hpp"

namespace podctl::node {
namespace {

Finding ok(std::string name, std::string detail) {
  return {std::move(name), "ok", std::move(detail), {}};
}

bool has_word(const std::string& content, std::string_view word) {
  for (const auto line : text::split(content, '\n')) {
    for (const auto part :
         text::split(line, line.find('\t') != std::string_view::npos ? '\t' : ' ')) {
      if (text::trim(part) == word) return true;
    }
  }
  return false;
}

Finding kernel() {
  struct utsname uts {};
  ::uname(&uts);
  const std::string release = uts.release;
  const auto parts = text::split(release, '.');
  const auto major = text::parse_u64(parts[0]).value_or(0);
  const auto minor = parts.size() > 1 ? text::parse_u64(parts[1]).value_or(0) : 0;
  if (major > 6 || (major == 6 && minor >= 1)) return ok("kernel", release);
  return {"kernel", "missing", release + " is older than 6.1", "boot a kernel of at least 6.1"};
}

bool is_cgroup2(const char* path) {
  struct statfs fs {};
  return ::statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

Finding cgroup_mode() {
  if (is_cgroup2("/sys/fs/cgroup")) return ok("cgroups", "version 2");
  if (is_cgroup2("/sys/fs/cgroup/unified")) {
    return {
        "cgroups", "degraded", "hybrid: controllers on version 1, an empty version 2 beside them",
        "boot with systemd.unified_cgroup_hierarchy=1: then an OOM kill ends a container whole, "
        "and a pod's memory is counted without a limit too"};
  }
  if (::access("/sys/fs/cgroup/memory", F_OK) == 0) {
    return {"cgroups", "degraded", "version 1 only", "mount cgroup2 at /sys/fs/cgroup/unified"};
  }
  return {"cgroups", "missing", "no hierarchy at /sys/fs/cgroup",
          "mount cgroup2 at /sys/fs/cgroup"};
}

void controllers(std::vector<Finding>& findings) {
  const bool v2 = is_cgroup2("/sys/fs/cgroup");
  const std::string have =
      v2 ? read_small_file("/sys/fs/cgroup/cgroup.controllers") : read_small_file("/proc/cgroups");
  auto has = [&](const std::string& name) {
    if (v2) return has_word(have, name);
    return ::access(("/sys/fs/cgroup/" + name).c_str(), F_OK) == 0;
  };
  for (const char* name : {"cpu", "memory", "pids", "cpuset"}) {
    const std::string item = std::string("controller ") + name;
    if (has(name)) {
      findings.push_back(ok(item, "available"));
    } else {
      findings.push_back({item, "missing", "limits that need it are refused",
                          std::string("enable the ") + name + " controller"});
    }
  }
}

// podctld --memory-qos.
Finding memory_qos() {
  if (has_word(read_small_file("/sys/fs/cgroup/cgroup.controllers"), "memory"))
    return ok("memory QoS", "possible (podctld --memory-qos)");
  return {"memory QoS", "degraded", "podctld refuses --memory-qos: memory is not cgroup v2's",
          "boot with systemd.unified_cgroup_hierarchy=1"};
}

void capabilities(std::vector<Finding>& findings) {
  const auto held = read_machine().capabilities;
  std::string lacking;
  for (const char* name : {"SYS_ADMIN", "NET_ADMIN", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP",
                           "MKNOD", "DAC_OVERRIDE", "CHOWN", "FOWNER", "KILL", "SYS_PTRACE"}) {
    const auto number = sys::cap_from_name(name);
    if (number && (held >> *number & 1) == 0)
      lacking += std::string(lacking.empty() ? "" : ", ") + "CAP_" + name;
  }
  findings.push_back(lacking.empty()
                         ? ok("capabilities", "all that pods need")
                         : Finding{"capabilities", "missing", "podctld lacks " + lacking,
                                   "run podctld as full root"});
  const std::string withheld =
      text::join(sys::cap_names(seccomp::default_capabilities() & ~held), ", ");
  findings.push_back(withheld.empty()
                         ? ok("container capabilities", "all that containers have by default")
                         : Finding{"container capabilities", "degraded",
                                   "no container has " + withheld + ": podctld has it not",
                                   "run podctld as full root"});
  const auto resource = sys::cap_from_name("SYS_RESOURCE");
  if (resource && (held >> *resource & 1) != 0) {
    findings.push_back(ok("CAP_SYS_RESOURCE", "held"));
  } else {
    findings.push_back({"CAP_SYS_RESOURCE", "degraded",
                        "oom_score_adj cannot be lowered and hard limits not raised: Guaranteed "
                        "pods are not favoured "
                        "when memory is short",
                        "give podctld CAP_SYS_RESOURCE"});
  }
}

Finding presence(const char* name, bool there, const char* detail, const char* lacks,
                 const char* remedy, const char* status = "missing") {
  if (there) return ok(name, detail);
  return {name, status, lacks, remedy};
}

bool netfilter_socket() {
  constexpr int kNetlinkNetfilter = 12;
  return static_cast<bool>(
      UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, kNetlinkNetfilter)));
}

// What a program of ours says, and whether it ended well.
Result<std::pair<std::string, bool>> output_of(const std::string& program,
                                               std::vector<std::string> argv) {
  const UniqueFd exe(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
  if (!exe) return fail_errno(errno, "open program", program);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  sys::SpawnSpec spec;
  spec.exe = exe.get();
  spec.argv = std::move(argv);
  spec.fds = {{.from = writer.get(), .number = 1}};
  const auto child = TRY(sys::spawn(spec));
  writer.reset();
  std::string said;
  std::array<char, 1024> buffer{};
  for (ssize_t n = 0; (n = ::read(reader.get(), buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(n));
  const auto exit = TRY(sys::wait_child(child.pidfd.get(), true));
  return std::pair(std::move(said), exit && exit->code == 0);
}

// Tried, since a kernel may have them and not let us, and file systems differ.
Finding user_namespaces(const std::string& shim, const std::string& lib) {
  constexpr const char* kName = "user namespaces";
  const auto tried = output_of(shim, {"podctl-shim", "--try-user-namespace", lib});
  if (tried && tried->second)
    return ok(kName, "pods may have their own (hostUsers: false), with files of " + lib);
  const auto most =
      text::parse_u64(text::trim(read_small_file("/proc/sys/user/max_user_namespaces")));
  return {kName, "degraded",
          "a pod with hostUsers: false does not start: " +
              (tried ? tried->first : tried.error().message()),
          most == 0U
              ? "set the sysctl user.max_user_namespaces"
              : "use a kernel that can idmap this file system, or put --root on another one"};
}

}  // namespace

std::vector<Finding> examine_machine(const std::string& shim, const std::string& lib) {
  std::vector<Finding> findings{kernel(), cgroup_mode()};
  controllers(findings);
  findings.push_back(memory_qos());
  capabilities(findings);
  const auto filesystems = read_small_file("/proc/filesystems");
  findings.push_back(presence("overlayfs", has_word(filesystems, "overlay"), "available",
                              "no container can have a root file system",
                              "load the module: modprobe overlay"));
  findings.push_back(presence("seccomp",
                              ::access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0,
                              "filters are applied", "hardened containers cannot start",
                              "use a kernel with CONFIG_SECCOMP_FILTER"));
  findings.push_back(presence("nftables", netfilter_socket(), "masquerade for pods",
                              "pods cannot reach beyond this machine",
                              "load the module: modprobe nf_tables"));
  findings.push_back(
      presence("apparmor", apparmor_enabled(), "enabled",
               "a pod with an appArmorProfile is refused: the kernel has no AppArmor",
               "boot with apparmor=1 security=apparmor", "degraded"));
  findings.push_back(user_namespaces(shim, lib));
  findings.push_back(presence("pressure stall information",
                              ::access("/proc/pressure/cpu", F_OK) == 0, "available",
                              "describe shows no pressure", "boot with psi=1", "degraded"));
  findings.push_back(presence("ipv6", ::access("/proc/net/if_inet6", F_OK) == 0, "available",
                              "pods have IPv4 addresses only", "boot without ipv6.disable=1",
                              "degraded"));
  return findings;
}

}  // namespace podctl::node
