// Namespaces of processes: which ones a process is in, joining them by pidfd, and proof that it
// worked.
//
// Used by init and pause (which join and make), the shim (which reads inode numbers for the
// namespace map, and chooses the PID namespace of its children) and doctor. namespaces(7),
// setns(2). The callers of join() and enter_new() must have one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

struct NamespaceType {
  std::string_view name;  // as in /proc/PID/ns, and as lsns prints it
  int flag;               // CLONE_NEW*
};
// The eight types podctl knows: user, mnt, net, ipc, uts, pid, cgroup, time.
const std::array<NamespaceType, 8>& namespace_types();

struct NamespaceInode {
  std::string type;
  std::uint64_t inode = 0;
};
// All namespaces of a process ("self" or a number); kNotFound when it is gone.
Result<std::vector<NamespaceInode>> namespaces_of(std::string_view pid);
// The caller's, also once its mount namespace shows another /proc, or none.
class OwnNamespaces {
 public:
  static Result<OwnNamespaces> open();
  Result<std::vector<NamespaceInode>> read() const;
  Result<std::uint64_t> inode(std::string_view type) const;

 private:
  explicit OwnNamespaces(UniqueFd directory) : directory_(std::move(directory)) {}
  UniqueFd directory_;
};
// The inode of one, by NamespaceType::name; "pid_for_children" too.
Result<std::uint64_t> namespace_inode(std::string_view pid, std::string_view type);
// Opens /proc/<pid>/ns/<type>, which keeps the namespace alive.
Result<UniqueFd> open_namespace(std::string_view pid, std::string_view type);

// Joins the process's namespaces given by CLONE_NEW* flags, all or none (setns(2) with a pidfd),
// then verifies each against `expected` as read from the process before. A PID namespace counts for
// children.
Result<void> join(int pidfd, int flags);
// Joins one namespace by a descriptor of its own (open_namespace).
Result<void> enter(int ns, int flag);
// The user namespace becomes the caller's, and its user and group 0 the caller, with every
// capability there and none outside, nor the session keyring that it had. Undumpable afterwards, which every change of credentials
// undoes where fs.suid_dumpable says so. user_namespaces(7).
Result<void> become_root_of(int users);
// The second half of that, for who is in it already: user and group 0, no other group.
Result<void> take_root_ids();
// New namespaces of these CLONE_NEW* types for the calling process; unshare(2).
Result<void> enter_new(int flags);

// kFailedPrecondition when the process has more than one thread: setns to a mount or user namespace
// and the clone that follows are safe only without any (setns(2)).
Result<void> assert_single_threaded();

// Of the caller's UTS namespace; an empty one is left as it is.
Result<void> set_uts_names(const std::string& hostname, const std::string& domainname);
// Of another process's. The caller, of one thread, is back in its own afterwards, or dies.
Result<void> set_uts_names_of(int pidfd, const std::string& hostname,
                              const std::string& domainname);

}  // namespace podctl::sys
