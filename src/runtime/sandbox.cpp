#include "podctl/runtime/sandbox.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <iterator>

#include "podctl/base/rollback.hpp"
#include "podctl/base/text.hpp"
#include "podctl/init/host_path.hpp"
#include "podctl/net/pod_link.hpp"
#include "podctl/net/report.hpp"
#include "podctl/pause/pause.hpp"
#include "podctl/runtime/user_namespace.hpp"
#include "podctl/sys/file_ids.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/sys/payload.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"
#include "runtime/launch.hpp"

namespace podctl::runtime {
namespace {

constexpr std::chrono::milliseconds kEndBound{5000};
constexpr std::chrono::milliseconds kAtOnce{0};

// Those of the pod that belong to its user namespace, where it has one of its own.
std::uint64_t belonging(const wire::SandboxSpec& spec) {
  std::uint64_t flags = 0;
  if (spec.network == wire::SandboxNamespace::kPod) flags |= CLONE_NEWNET;
  if (spec.ipc == wire::SandboxNamespace::kPod) flags |= CLONE_NEWIPC;
  if (spec.uts == wire::SandboxNamespace::kPod) flags |= CLONE_NEWUTS;
  return flags;
}

// Made by the clone of pause. Its mounts, which are the host's, and the process numbers stay the
// host's to govern: a procfs of theirs is made with privileges of the host.
std::uint64_t namespaces_of_pause(const wire::SandboxSpec& spec) {
  std::uint64_t flags = CLONE_NEWNS;
  if (!spec.users) flags |= belonging(spec);
  if (spec.share_pid) flags |= CLONE_NEWPID;
  return flags;
}

std::vector<int> numbers(int program, const UserNamespace& own) {
  std::vector<int> fds{program};
  for (const UniqueFd* fd : {&own.users, &own.network, &own.ipc, &own.uts}) {
    if (*fd) fds.push_back(fd->get());
  }
  return fds;
}

net::PodLinkSpec link_spec(const wire::NetworkSpec& net) {
  return {.bridge = net.bridge,
          .host_ifname = net.host_ifname,
          .pod_ifname = net.pod_ifname,
          .addresses = net.addresses,
          .gateways = net.gateways,
          .mtu = net.mtu};
}

Result<void> make_volumes(const wire::SandboxSpec& spec) {
  for (const wire::PodVolume& volume : spec.volumes) {
    if (volume.memory) continue;
    TRY(sys::make_directories(volume.path, volume.mode));
    if (volume.group) TRY(sys::give_to_group(volume.path, *volume.group));
  }
  return {};
}

Result<void> make_files(const Layout& layout, const wire::SandboxSpec& spec) {
  const std::string run = layout.pod_run(spec.uid);
  for (const char* name : {"/files", "/termination", "/mnt"}) {
    TRY(sys::make_directories(run + name, 0755));
  }
  for (const wire::PodFile& file : spec.files) {
    const std::string path = run + "/files/" + file.name;
    TRY(sys::write_file(path, file.content, file.mode));
    if (spec.users) TRY(sys::give_to(path, spec.users->first, spec.users->first));
  }
  return make_volumes(spec);
}

// Those that every pod has were made empty.
Result<void> fill_files(const Layout& layout, const wire::SandboxSpec& spec) {
  for (const wire::PodFile& file : spec.files) {
    const std::string path = layout.pod_run(spec.uid) + "/files/" + file.name;
    auto filled = sys::fill_file(path, file.content);
    if (!filled && filled.error().code == Code::kNotFound)
      filled = sys::write_file(path, file.content, file.mode);
    TRY(std::move(filled));
  }
  return make_volumes(spec);
}

std::string route_text(const net::Route& route, const std::string& device) {
  std::string text = route.destination.length == 0 ? "default" : route.destination.str();
  if (route.gateway) text += " via " + route.gateway->str();
  return text + " dev " + device;
}

// Before anything of the pod, as the kubelet does. A container opens its own again.
Result<void> set_up_host_paths(const wire::SandboxSpec& spec, Trace& trace) {
  if (spec.host_paths.empty()) return {};
  return trace.step("check host paths", {}, [&]() -> Result<void> {
    const auto host = TRY(sys::RootDir::open_host("/"));
    for (const auto& volume : spec.host_paths) {
      const auto opened = init::open_host_path(host, volume.path, volume.type);
      if (opened) continue;
      return fail(opened.error().code, std::string(wire::kVolumeFailed), "\"" + volume.name + "\" ",
                  opened.error().message());
    }
    return {};
  });
}

}  // namespace

Result<Sandbox> Sandbox::create(const Layout& layout, Programs programs, cgroup::Tree tree,
                                wire::SandboxSpec spec) {
  Trace trace;
  TRY(set_up_host_paths(spec, trace));
  const auto contents = std::exchange(spec.contents, {});
  auto group = TRY(trace.step("make pod cgroup", spec.cgroup,
                              [&] { return tree.create(spec.cgroup, spec.resources, {}); }));
  Sandbox sandbox(layout, programs, std::move(tree), std::move(group), std::move(spec));
  Rollback undo;  // after the sandbox: it must be undone before it is gone
  undo.add([&]() -> Result<void> { return sandbox.destroy(); });
  undo.add([&]() -> Result<void> { return sandbox.end_pause(); });
  TRY(trace.step("write pod files", {}, [&] { return make_files(layout, sandbox.spec_); }));
  TRY(sandbox.start_pause(trace));
  TRY(sandbox.fill_at_first(contents, trace));
  sandbox.info_.pause_pid = sandbox.pause_.pid;
  sandbox.info_.started_wall_ns = wall_ns();
  sandbox.info_.trace = trace.take();
  undo.release();
  return sandbox;
}

Result<void> Sandbox::expect_containers() {
  TRY(sys::make_directories(layout_.pod_lib(spec_.uid) + "/containers", 0755));
  return tree_.expect_child(spec_.cgroup, {.count = true, .close_devices = true, .devices = {}});
}

bool Sandbox::serves(const wire::SandboxSpec& wanted) const {
  const auto place = [](const wire::SandboxSpec& spec) {
    return spec.uid + " " + spec.cgroup + (spec.net ? wire::encode(*spec.net) : std::string());
  };
  return place(spec_) == place(wanted) && wire::sandbox_kind(spec_) == wire::sandbox_kind(wanted);
}

Result<void> Sandbox::adopt(wire::SandboxSpec wanted) {
  Trace trace;
  TRY(set_up_host_paths(wanted, trace));
  TRY(trace.step("write pod files", {}, [&] { return fill_files(layout_, wanted); }));
  if (wanted.uts == wire::SandboxNamespace::kPod) {
    TRY(trace.step("set names", wanted.hostname, [&] {
      return sys::set_uts_names_of(pause_.pidfd.get(), wanted.hostname, wanted.domainname);
    }));
  }
  const auto contents = std::exchange(wanted.contents, {});
  spec_ = std::move(wanted);
  TRY(fill_at_first(contents, trace));
  info_.trace = trace.take();
  return {};
}

// pause mounts the pod's volumes while the network is made: both take their own kernel locks.
Result<void> Sandbox::start_pause(Trace& trace) {
  UserNamespace own;
  if (spec_.users) {
    own = TRY(trace.step("make user namespace", std::to_string(spec_.users->first),
                         [&] { return make_user_namespace(*spec_.users, belonging(spec_)); }));
  }
  auto& group = pause_group_.emplace(TRY(trace.step("make cgroup", cgroup_of("pause"), [&] {
    return tree_.create(cgroup_of("pause"), {}, {});
  })));
  const wire::PauseRequest request{.spec = spec_,
                                   .mounts = mounts(),
                                   .users = own.users.get(),
                                   .network = own.network.get(),
                                   .ipc = own.ipc.get(),
                                   .uts = own.uts.get()};
  const int program = programs_.pause;
  auto started = TRY(trace.step("spawn podctl-pause", {}, [&] {
    return spawn_helper(group, namespaces_of_pause(spec_), numbers(program, own),
                        [&](Result<void> entered, int answers) {
                          return pause::run(std::move(entered), request, answers, program);
                        });
  }));
  pause_ = std::move(started.child);
  // Judged after pause has answered: where it has failed, its namespaces are gone, and only it knows
  // why.
  const auto connected = spec_.network == wire::SandboxNamespace::kPod
                             ? connect_network(own.network.get(), trace)
                             : Result<void>();
  auto ready = TRY(await_pause(started.socket, trace));
  TRY(connected);
  info_.namespaces = std::move(ready.namespaces);
  info_.degraded = std::move(ready.degraded);
  info_.users = spec_.users;
  users_ = std::move(own.users);
  trace.add(std::move(ready.trace));
  return {};
}

Result<wire::PauseReady> Sandbox::await_pause(wire::Socket& socket, Trace& trace) {
  auto answer = trace.step("await podctl-pause", {}, [&] { return receive_answer(socket, trace); });
  if (!answer && answer.error().code != Code::kUnavailable) {
    return Failure(std::move(answer).error());
  }
  if (!answer || (*answer)->type != static_cast<std::uint16_t>(wire::LaunchType::kPauseReady)) {
    return fail(Code::kInternal, "start sandbox", "podctl-pause", "ended before it was ready");
  }
  auto ready = TRY(wire::decode<wire::PauseReady>((*answer)->body));
  memory_volumes_ = std::move((*answer)->fds);
  const std::size_t besides = spec_.share_pid ? 2 : 1;  // namespace and stage
  while (memory_volumes_.size() < ready.volumes.size() + besides) {
    auto more = TRY(receive_answer(socket, trace));
    if (!more || more->fds.empty()) {
      return fail(Code::kInternal, "start sandbox", "podctl-pause",
                  "did not send what it has made");
    }
    std::move(more->fds.begin(), more->fds.end(), std::back_inserter(memory_volumes_));
  }
  stage_ = std::move(memory_volumes_.back());
  memory_volumes_.pop_back();
  if (spec_.share_pid) {
    mount_namespace_ = std::move(memory_volumes_.back());
    memory_volumes_.pop_back();
  }
  return ready;
}

// `network`: one that pause may yet have to join; -1: it was born into the pod's.
Result<void> Sandbox::connect_network(int network, Trace& trace) {
  UniqueFd born;
  if (network < 0) {
    born = TRY(sys::open_namespace(std::to_string(pause_.pid), "net"));
    network = born.get();
  }
  auto link =
      TRY(trace.step("open network namespace", {}, [&] { return net::PodLink::open(network); }));
  if (!spec_.net) {
    return trace.step("bring loopback up", {}, [&] { return link.loopback_up(); });
  }
  const net::PodLinkSpec spec = link_spec(*spec_.net);
  TRY(trace.step("make veth pair", spec.host_ifname, [&] { return link.add_veth(spec); }));
  TRY(trace.step("configure network", spec.pod_ifname, [&] { return link.configure(spec); }));
  info_.pod_mac = net::PodLink::mac(spec);
  return {};
}

Result<wire::GroupReport> report_group(const cgroup::Group& group, const std::string& id) {
  wire::GroupReport report{.id = id, .directories = group.directories()};
  report.stats = TRY(group.stats());
  TRY(group.add_disk_use(report.stats));
  for (const cgroup::Limit& limit : TRY(group.limits())) {
    report.limits.push_back({.key = limit.file, .value = limit.value});
  }
  return report;
}

Result<void> Sandbox::fill_volumes(const std::vector<wire::VolumeContent>& contents) {
  const auto failed = [](const wire::VolumeContent& content, const std::string& why) {
    return fail(Code::kFailedPrecondition, std::string(wire::kVolumeFailed),
                "\"" + content.name + "\" ", why);
  };
  for (const wire::VolumeContent& content : contents) {
    const std::uint64_t hash = text::hash64(wire::encode(content));
    if (const auto known = filled_.find(content.name);
        known != filled_.end() && known->second == hash) {
      continue;
    }
    const int directory = memory_volume(content.name);
    if (directory < 0) return failed(content, "the pod has no such volume");
    std::vector<sys::PayloadFile> files;
    for (const auto& file : content.files) files.push_back({file.path, file.content, file.mode});
    const auto as = TRY(sys::FileIds::of_root(spec_.users));
    if (auto written = sys::write_payload(directory, files, group_of(content.name)); !written)
      return failed(content, written.error().message());
    filled_[content.name] = hash;
  }
  return {};
}

Result<void> Sandbox::fill_at_first(const std::vector<wire::VolumeContent>& contents,
                                    Trace& trace) {
  if (contents.empty()) return {};
  return trace.step("fill volumes", {}, [&] { return fill_volumes(contents); });
}

std::optional<std::uint32_t> Sandbox::group_of(const std::string& volume) const {
  for (const wire::PodVolume& known : spec_.volumes) {
    if (known.name != volume || !known.group) continue;
    return *known.group + (spec_.users ? spec_.users->first : 0);
  }
  return {};
}

// Borrowed; -1 when there is none of that name.
int Sandbox::memory_volume(const std::string& name) const {
  std::size_t at = 0;
  for (const wire::PodVolume& volume : spec_.volumes) {
    if (!volume.memory) continue;
    if (volume.name == name) return at < memory_volumes_.size() ? memory_volumes_[at].get() : -1;
    ++at;
  }
  return -1;
}

Result<wire::GroupReport> Sandbox::report() { return report_group(group_, {}); }

Result<wire::NetworkReport> Sandbox::network() const {
  wire::NetworkReport report;
  if (!spec_.net) return report;
  const UniqueFd netns = TRY(sys::open_namespace(std::to_string(pause_.pid), "net"));
  auto socket = TRY(net::Socket::open_in(netns.get()));
  const auto link = TRY(net::link(socket, spec_.net->pod_ifname));
  report.pod_ifname = link.name;
  report.pod_mac = link.mac;
  report.host_ifname = spec_.net->host_ifname;
  report.mtu = link.mtu;
  for (const net::Address& address : TRY(net::addresses(socket))) {
    if (address.index == link.index) report.addresses.push_back(address.prefix.str());
  }
  for (const net::Route& route : TRY(net::routes(socket))) {
    if (route.index == link.index) report.routes.push_back(route_text(route, link.name));
  }
  return report;
}

Result<void> Sandbox::end_pause() {
  if (pause_.pid <= 0) return {};
  memory_volumes_.clear();
  stage_.reset();
  mount_namespace_.reset();
  users_.reset();
  (void)sys::send_signal(pause_.pidfd.get(), SIGKILL);
  // The caller's reaper may have been first.
  if (auto ended = sys::wait_child(pause_.pidfd.get(), true);
      !ended && ended.error().code != Code::kNotFound) {
    return Failure(std::move(ended).error());
  }
  pause_ = {};
  return {};
}

// The run directory, the shim's own, goes last and with it the proof that there was a pod.
Result<void> Sandbox::destroy() {
  TRY(group_.kill());
  TRY(end_pause());
  // From the leaves: what the pod's own removal would first have to find.
  if (pause_group_) (void)pause_group_->remove(kAtOnce);
  return group_.remove(kEndBound);
}

}  // namespace podctl::runtime
