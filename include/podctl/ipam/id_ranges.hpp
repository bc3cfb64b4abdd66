// Host ids of pods with a user namespace of their own: 65536 each, no id two pods', whichever root
// they are of.
//
// Used by the engine. Ids are the machine's, so roots agree through one directory outside every
// root, under one lock, as with subnets. It lies in /run: what runs of a pod has its ids no longer
// than a boot, and what is on disks has those within the pod. Touches files only; what others on
// the machine have is told by the caller (others_ids). KEP-127.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/id_range.hpp"
#include "podctl/base/layout.hpp"

namespace podctl::ipam {

inline constexpr const char* kIdRegistry = "/run/podctl-ids";
// As the kubelet gives them (pkg/kubelet/userns): a multiple of 65536 from 65536 up.
inline constexpr std::uint32_t kIdsOfPod = 65536;

// The pod's ids, the same for the same uid until they are released. The first time, the lowest free
// ones that touch none of `taken`. kExhausted.
Result<IdRange> allocate_ids(const Layout& layout, const std::string& uid,
                             const std::vector<IdRange>& taken,
                             const std::string& registry = kIdRegistry);
// Once nothing of the pod runs. A pod without any is no error.
Result<void> release_ids(const Layout& layout, const std::string& uid,
                         const std::string& registry = kIdRegistry);
// Releases those of this root's pods but of `live`; all of them: none is live (reset).
Result<void> release_ids_but(const Layout& layout, const std::vector<std::string>& live,
                             const std::string& registry = kIdRegistry);

// subuid(5), subgid(5): what their lines give away, "alice:100000:65536". What cannot be read as
// such is left out: it gives nothing away.
std::vector<IdRange> allotments(std::string_view content);
// Ids of /etc/passwd or /etc/group (their third field) that no pod may have for that: above 65535.
std::vector<IdRange> accounts(std::string_view content);
// /proc/PID/uid_map of a process in a user namespace of its own: the host's side of its lines. The
// initial one, which has all ids, gives none. user_namespaces(7).
std::vector<IdRange> mapped(std::string_view content);

// All of that on this machine: allotments and accounts of /etc, and maps of every process, among
// which are pods of roots whose directory somebody deleted.
std::vector<IdRange> others_ids();

}  // namespace podctl::ipam
