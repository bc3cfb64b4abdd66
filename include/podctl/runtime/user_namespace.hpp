// A pod's own user namespace, and the namespaces that have to belong to it.
//
// Made before pause by a copy of the shim, which the shim gives its ids and ends once they are
// open: the user namespace comes first, and the others are made by its root. Made by one clone with
// it, they would belong to it as well, but what the kernel makes along with them (the file system
// of the IPC namespace's queues) would not. user_namespaces(7), KEP-127.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/id_range.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::runtime {

// Open for as long as they are needed; those that were not asked for are empty.
struct UserNamespace {
  UniqueFd users;
  UniqueFd network, ipc, uts;
};

// `flags`: which of CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS besides. The caller has one thread
// that allocates, as for sys::spawn_copy, and every capability on the host.
Result<UserNamespace> make_user_namespace(const IdRange& ids, std::uint64_t flags);

// Whether this machine can run pods with one, by trying it: whether a user namespace can be made,
// and whether files at `directory` can be shown in it (an idmapped mount). Leaves nothing.
Result<void> try_user_namespace(const std::string& directory);

}  // namespace podctl::runtime
