#include "podctl/sys/namespaces.hpp"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "podctl/sys/process.hpp"

namespace podctl::sys {

const std::array<NamespaceType, 8>& namespace_types() {
  static constexpr std::array<NamespaceType, 8> kTypes = {{{"user", CLONE_NEWUSER},
                                                           {"mnt", CLONE_NEWNS},
                                                           {"net", CLONE_NEWNET},
                                                           {"ipc", CLONE_NEWIPC},
                                                           {"uts", CLONE_NEWUTS},
                                                           {"pid", CLONE_NEWPID},
                                                           {"cgroup", CLONE_NEWCGROUP},
                                                           {"time", CLONE_NEWTIME}}};
  return kTypes;
}

Result<std::uint64_t> namespace_inode(std::string_view pid, std::string_view type) {
  const std::string path = "/proc/" + std::string(pid) + "/ns/" + std::string(type);
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return fail_errno(errno, "read namespace", path);
  return st.st_ino;
}

namespace {

template <class F>
Result<std::vector<NamespaceInode>> read_all(F&& inode_of) {
  std::vector<NamespaceInode> out;
  for (const auto& type : namespace_types()) {
    auto inode = inode_of(type.name);
    // Time namespaces can be left out of a kernel.
    if (!inode && type.flag == CLONE_NEWTIME && inode.error().code == Code::kNotFound) continue;
    out.push_back({std::string(type.name), TRY(std::move(inode))});
  }
  return out;
}

}  // namespace

Result<std::vector<NamespaceInode>> namespaces_of(std::string_view pid) {
  return read_all([pid](std::string_view type) { return namespace_inode(pid, type); });
}

Result<OwnNamespaces> OwnNamespaces::open() {
  UniqueFd fd(::open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", "/proc/self/ns");
  return OwnNamespaces(std::move(fd));
}

Result<std::uint64_t> OwnNamespaces::inode(std::string_view type) const {
  const std::string name(type);
  struct stat st;
  if (::fstatat(directory_.get(), name.c_str(), &st, 0) != 0) {
    return fail_errno(errno, "read namespace", name);
  }
  return st.st_ino;
}

Result<std::vector<NamespaceInode>> OwnNamespaces::read() const {
  return read_all([this](std::string_view type) { return inode(type); });
}

Result<UniqueFd> open_namespace(std::string_view pid, std::string_view type) {
  const std::string path = "/proc/" + std::string(pid) + "/ns/" + std::string(type);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open namespace", path);
  return fd;
}

namespace {

struct Expected {
  std::string type;
  std::uint64_t inode;
};

}  // namespace

Result<void> join(int pidfd, int flags) {
  if (flags == 0) return {};
  const pid_t pid = TRY(pid_of(pidfd));
  std::vector<Expected> expected;
  for (const auto& type : namespace_types()) {
    if ((flags & type.flag) == 0) continue;
    expected.push_back(
        {std::string(type.name), TRY(namespace_inode(std::to_string(pid), type.name))});
  }
  const auto own = TRY(OwnNamespaces::open());
  if (::setns(pidfd, flags) != 0) return fail_errno(errno, "join namespaces", std::to_string(pid));
  for (const Expected& want : expected) {
    const std::string name = want.type == "pid" ? "pid_for_children" : want.type;
    // Before the first child of a new PID namespace the link cannot be followed; setns of a pidfd
    // joins only namespaces that have a process.
    if (TRY(own.inode(name)) != want.inode) {
      return fail(Code::kFailedPrecondition, "verify namespace", want.type,
                  "joined another one than asked");
    }
  }
  return {};
}

Result<void> enter(int ns, int flag) {
  if (::setns(ns, flag) != 0) return fail_errno(errno, "join namespace", {});
  return {};
}

// Past the C library, which would tell the threads of the shim (init/privileges.cpp).
Result<void> take_root_ids() {
  if (::syscall(SYS_setresgid, 0, 0, 0) != 0) return fail_errno(errno, "set gid", "0");
  if (::syscall(SYS_setgroups, 0, nullptr) != 0) return fail_errno(errno, "set groups", {});
  if (::syscall(SYS_setresuid, 0, 0, 0) != 0) return fail_errno(errno, "set uid", "0");
  return set_undumpable();
}

namespace {

// With the host root's session keyring went what lies in it: whoever has one may use it.
// Before the user namespace is joined, whose users may have used up how many keys they may have.
Result<void> leave_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS)
    return fail_errno(errno, "make session keyring", {});
  return {};
}

}  // namespace

Result<void> become_root_of(int users) {
  TRY(leave_keyring());
  TRY(enter(users, CLONE_NEWUSER));
  TRY(set_undumpable());
  return take_root_ids();
}

Result<void> enter_new(int flags) {
  if (::unshare(flags) != 0) return fail_errno(errno, "make namespaces", {});
  return {};
}

Result<void> set_uts_names(const std::string& hostname, const std::string& domainname) {
  if (!hostname.empty() && ::sethostname(hostname.data(), hostname.size()) != 0) {
    return fail_errno(errno, "set hostname", hostname);
  }
  if (!domainname.empty() && ::setdomainname(domainname.data(), domainname.size()) != 0) {
    return fail_errno(errno, "set domain name", domainname);
  }
  return {};
}

Result<void> set_uts_names_of(int pidfd, const std::string& hostname,
                              const std::string& domainname) {
  const UniqueFd own = TRY(open_namespace("self", "uts"));
  TRY(join(pidfd, CLONE_NEWUTS));
  auto done = set_uts_names(hostname, domainname);
  // The names of the machine must never be taken for a pod's.
  if (::setns(own.get(), CLONE_NEWUTS) != 0) std::abort();
  return done;
}

// A directory of proc(5) counts what it holds as links, besides its own two.
Result<void> assert_single_threaded() {
  struct stat st;
  if (::stat("/proc/self/task", &st) != 0) return fail_errno(errno, "stat", "/proc/self/task");
  if (st.st_nlink == 3) return {};
  return fail(Code::kFailedPrecondition, "count threads", std::to_string(st.st_nlink - 2),
              "must be the only thread");
}

}  // namespace podctl::sys
