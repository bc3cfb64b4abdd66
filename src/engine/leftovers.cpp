#include "engine/leftovers.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>

#include "podctl/base/text.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/ipam/addresses.hpp"
#include "podctl/nat/ports.hpp"
#include "podctl/net/pod_link.hpp"
#include "podctl/net/watch.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::engine {
namespace {

constexpr std::chrono::milliseconds kEndBound{5000};
constexpr std::chrono::milliseconds kVethBound{5000};
constexpr std::size_t kMaxRecord = 64U << 10;

// The pod's group, read from what its shim was told; nothing when it never got so far.
Result<std::optional<cgroup::Group>> pod_group(const Layout& layout, const std::string& uid) {
  const auto text = sys::read_file(layout.pod_run(uid) + "/spec/sandbox", wire::kMaxBody);
  if (!text && text.error().code == Code::kNotFound) return std::optional<cgroup::Group>();
  if (!text) return Failure(text.error());
  const auto spec = TRY(wire::decode<wire::SandboxSpec>(*text));
  auto tree = TRY(cgroup::Tree::open(layout));
  auto group = tree.find(spec.cgroup);
  if (!group && group.error().code == Code::kNotFound) return std::optional<cgroup::Group>();
  if (!group) return Failure(std::move(group).error());
  return std::optional<cgroup::Group>(std::move(*group));
}

// One that was made for a podctld which died before it could be found: its successor may have
// looked a moment earlier. Left alone it would outlive its pod for good.
Result<void> end_shim(const Layout& layout, const std::string& uid) {
  const auto socket = wire::connect_at(layout.pod_run(uid), "shim.sock");
  if (!socket) return {};  // nobody listens
  const UniqueFd process = process_of(*socket);
  if (!process) return {};
  (void)sys::send_signal(process.get(), SIGKILL);
  pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
  if (::poll(&end, 1, static_cast<int>(kEndBound.count())) > 0) return {};
  return fail(Code::kTimedOut, "end shim", uid, "it cannot be killed");
}

}  // namespace

// The number is still its own where the connection has not ended after it was opened.
UniqueFd process_of(const wire::Socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  auto process = sys::open_pidfd(peer.pid);
  if (!process || socket.hung_up()) return {};
  return std::move(*process);
}

std::vector<std::string> pods_on_disk(const Layout& layout) {
  std::vector<std::string> uids;
  DIR* dir = ::opendir(layout.pods_run().c_str());
  if (dir == nullptr) return uids;
  while (const dirent* entry = ::readdir(dir)) {
    if (text::valid_id(entry->d_name)) uids.emplace_back(entry->d_name);
  }
  ::closedir(dir);
  return uids;
}

std::vector<wire::ExitRecord> read_exits(const Layout& layout, const std::string& uid) {
  std::vector<wire::ExitRecord> records;
  const std::string directory = layout.pod_run(uid) + "/exits";
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return records;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    const auto text = sys::read_file(directory + "/" + entry->d_name, kMaxRecord);
    if (!text) continue;
    // A file cut short by the shim's death is not there: records are renamed into place.
    if (auto record = wire::decode<wire::ExitRecord>(*text)) records.push_back(std::move(*record));
  }
  ::closedir(dir);
  return records;
}

Result<void> kill_pod(const Layout& layout, const std::string& uid) {
  auto group = TRY(pod_group(layout, uid));
  return group ? group->kill() : Result<void>();
}

Result<void> clean_pod(const Layout& layout, const std::string& uid, const Removal& removal,
                       sys::Remains& remains) {
  TRY(end_shim(layout, uid));
  if (auto group = TRY(pod_group(layout, uid))) {
    TRY(group->kill());
    TRY(group->remove(kEndBound));
  }
  TRY(clear_pod(layout, uid, removal, remains));
  return sys::remove_tree(layout.pod_run(uid), &remains);
}

Result<void> clear_pod(const Layout& layout, const std::string& uid, const Removal& removal,
                       sys::Remains& remains) {
  TRY(sys::remove_tree_and_mounts(layout.pod_lib(uid) + (removal.final ? "" : "/containers"),
                                  &remains));
  if (!removal.logs.empty()) TRY(sys::remove_tree(removal.logs, &remains));
  // Before the addresses are somebody else's.
  if (removal.host_ports) TRY(nat::withdraw_ports(layout.nft_table(), uid));
  return removal.final ? Result<void>() : release_network(layout, uid);
}

Result<void> release_network(const Layout& layout, const std::string& uid) {
  const std::string veth = layout.host_veth(uid);
  auto gone = net::wait_gone(veth, kVethBound);
  if (!gone && gone.error().code == Code::kTimedOut) gone = net::delete_link(veth);
  TRY(std::move(gone));
  return ipam::release(layout, uid);
}

}  // namespace podctl::engine
