#include "podctl/runtime/user_namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/proc_fs.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/root_dir.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/codec.hpp"
#include "runtime/launch.hpp"

namespace podctl::runtime {
namespace {

constexpr IdRange kTried{.first = 65536, .count = 65536};

wire::Message message_of(wire::LaunchType type, std::string body = {}) {
  return {.type = static_cast<std::uint16_t>(type), .body = std::move(body)};
}

// In the new user namespace, which has no ids until the shim says that it has.
Result<void> make_in_it(wire::Socket& shim, std::uint64_t flags) {
  const auto go = TRY(shim.receive());
  if (!go) return fail(Code::kInternal, "await", "ids of the user namespace", "none came");
  TRY(sys::take_root_ids());
  if (flags != 0) TRY(sys::enter_new(static_cast<int>(flags)));
  return shim.send(message_of(wire::LaunchType::kNamespacesMade));
}

int maker(const Result<void>& entered, int socket, std::uint64_t flags) {
  wire::Socket shim{UniqueFd(socket)};
  auto made = entered ? make_in_it(shim, flags) : entered;
  if (made) {
    (void)shim.receive();  // until it is killed
    return 0;
  }
  const auto failure = wire::LaunchFailure::from("make namespaces", made.error());
  (void)shim.send(message_of(wire::LaunchType::kLaunchFailure, wire::encode(failure)));
  return wire::kLaunchFailed;
}

Failure not_made(Error error) {
  if (error.sys_errno == ENOSPC || error.sys_errno == EUSERS)
    error.detail = "the sysctl user.max_user_namespaces allows no more of them";
  if (error.sys_errno == EINVAL) error.detail = "this kernel is built without them";
  return Failure(std::move(error).with("make user namespace"));
}

Result<void> give_ids(pid_t pid, const IdRange& ids) {
  const auto proc = TRY(sys::ProcFs::open());
  const std::string line = "0 " + std::to_string(ids.first) + " " + std::to_string(ids.count);
  for (const char* map : {"/uid_map", "/gid_map"}) {
    TRY(proc.write(std::to_string(pid) + map, line));
  }
  return {};
}

Result<UniqueFd> open_if(std::uint64_t wanted, const std::string& pid, const char* type) {
  return wanted != 0 ? sys::open_namespace(pid, type) : UniqueFd();
}

Result<UserNamespace> give_and_open(pid_t pid, wire::Socket& socket, const IdRange& ids,
                                    std::uint64_t flags) {
  TRY(give_ids(pid, ids));
  TRY(socket.send(message_of(wire::LaunchType::kLaunchRequested)));
  Trace trace;
  const auto answer = TRY(receive_answer(socket, trace));
  if (!answer || answer->type != static_cast<std::uint16_t>(wire::LaunchType::kNamespacesMade))
    return fail(Code::kInternal, "make namespaces", "user", "their maker spoke out of turn");
  const std::string of = std::to_string(pid);
  UserNamespace made;
  made.users = TRY(sys::open_namespace(of, "user"));
  made.network = TRY(open_if(flags & CLONE_NEWNET, of, "net"));
  made.ipc = TRY(open_if(flags & CLONE_NEWIPC, of, "ipc"));
  made.uts = TRY(open_if(flags & CLONE_NEWUTS, of, "uts"));
  return made;
}

}  // namespace

Result<UserNamespace> make_user_namespace(const IdRange& ids, std::uint64_t flags) {
  auto [ours, theirs] = TRY(wire::Socket::pair());
  const int socket = theirs.fd();
  // In no cgroup of the pod's: it is gone before the pod has a process.
  auto child =
      sys::spawn_copy({.namespaces = CLONE_NEWUSER, .cgroup = -1, .tasks = {}, .keep = {socket}},
                      [&](const Result<void>& entered) { return maker(entered, socket, flags); });
  if (!child) return not_made(std::move(child).error());
  theirs = wire::Socket();
  auto made = give_and_open(child->pid, ours, ids, flags);
  (void)sys::send_signal(child->pidfd.get(), SIGKILL);
  TRY(sys::wait_child(child->pidfd.get(), true));
  return made;
}

Result<void> try_user_namespace(const std::string& directory) {
  const auto made = TRY(make_user_namespace(kTried, 0));
  const auto place = TRY(sys::RootDir::open_host(directory));
  const UniqueFd mount = TRY(sys::clone_mount(place.fd(), false));
  return sys::map_ids(mount.get(), made.users.get(), false);
}

}  // namespace podctl::runtime
