// Namespaces of processes: which ones a process is in, joining them by pidfd, and proof that it
// worked.
//
// Used by init (which joins), the shim (which reads inode numbers for the namespace map) and
// doctor. namespaces(7), setns(2). The caller of join() must have one thread; namespaces are never
// made here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

struct NamespaceType {
  std::string_view name;  // as in /proc/PID/ns, and as lsns prints it
  int flag;               // CLONE_NEW*
};
// The seven types podctl knows: user, mnt, net, ipc, uts, pid, cgroup.
const std::vector<NamespaceType>& namespace_types();

struct NamespaceInode {
  std::string type;
  std::uint64_t inode = 0;
};
// All namespaces of a process ("self" or a number); kNotFound when it is gone.
Result<std::vector<NamespaceInode>> namespaces_of(std::string_view pid);
// The inode of one, by NamespaceType::name; "pid_for_children" too.
Result<std::uint64_t> namespace_inode(std::string_view pid, std::string_view type);
// Opens /proc/<pid>/ns/<type>, which keeps the namespace alive.
Result<UniqueFd> open_namespace(std::string_view pid, std::string_view type);

// Joins the process's namespaces given by CLONE_NEW* flags, all or none (setns(2) with a pidfd),
// then verifies each against `expected` as read from the process before. A PID namespace counts for
// children.
Result<void> join(int pidfd, int flags);

// kFailedPrecondition when the process has more than one thread: setns to a mount or user namespace
// and the clone that follows are safe only without any (setns(2)).
Result<void> assert_single_threaded();

}  // namespace podctl::sys
