#include "podctl/runtime/container.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "podctl/cgroup/values.hpp"
#include "podctl/init/host_path.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/expected.hpp"

namespace podctl::runtime {
namespace {

constexpr std::chrono::milliseconds kEndBound{2000};

void place_layer(const Layout& layout, const std::string& uid, wire::ContainerSpec& spec) {
  const std::string base = layout.container_lib(uid, spec.name, spec.attempt);
  spec.rootfs.upper = base + "/upper";
  spec.rootfs.work = base + "/work";
}

cgroup::GroupOptions group_options(bool privileged, std::vector<DeviceRule> devices) {
  return {.count = true, .close_devices = !privileged, .devices = std::move(devices)};
}

// The rules of a container: what the devices that are mounted into it ask for. A number is allowed,
// so who changes afterwards what lies at the path opens nothing by it.
Result<std::vector<DeviceRule>> device_rules(const wire::ContainerSpec& spec) {
  auto rules = spec.device_rules;
  if (spec.security.privileged) return rules;
  for (const auto& mount : spec.mounts) {
    if (!wire::gives_device(mount)) continue;
    const auto host = TRY(sys::RootDir::open_host("/"));
    const auto node = TRY(init::open_host_path(host, mount.source, mount.host_type));
    struct stat st {};
    if (::fstat(node.get(), &st) != 0) return fail_errno(errno, "stat", mount.source);
    rules.push_back({S_ISBLK(st.st_mode) ? 'b' : 'c', static_cast<std::int64_t>(major(st.st_rdev)),
                     static_cast<std::int64_t>(minor(st.st_rdev)), mount.read_only ? "r" : "rw"});
  }
  return rules;
}

wire::LaunchRequest launch_request(const Sandbox& sandbox) {
  wire::LaunchRequest request;
  request.network = sandbox.spec().network;
  request.ipc = sandbox.spec().ipc;
  request.uts = sandbox.spec().uts;
  request.mounts = sandbox.mounts();
  request.users = sandbox.spec().users;
  return request;
}

Places places_of(const Sandbox& sandbox) {
  return {.process = sandbox.pause().pidfd.get(),
          .mounts = sandbox.mount_namespace(),
          .stage = sandbox.stage(),
          .users = sandbox.users()};
}

// Told apart from an earlier attempt whose last process may still be going, and from the sandbox's
// own leaf.
std::string leaf_name(const std::string& name, std::uint32_t attempt) {
  return attempt == 0 && name != "pause" ? name : name + "." + std::to_string(attempt);
}

PidNamespace pid_namespace(wire::PidMode mode, int pause, int target) {
  switch (mode) {
    case wire::PidMode::kPod:
      return {.of = pause};
    case wire::PidMode::kTarget:
      return {.of = target};
    case wire::PidMode::kHost:
      return {};
    default:
      return {.fresh = true};
  }
}

// A quota of a few milliseconds would have the next start wait for this one.
bool hardly_runs(const CgroupResources& resources) {
  constexpr std::int64_t kFifth = 5;  // of a CPU
  const auto period =
      static_cast<std::int64_t>(resources.cpu_period_us.value_or(cgroup::kDefaultPeriodUs));
  const auto quota = resources.cpu_quota_us.value_or(-1);
  return quota > 0 && quota * kFifth < period;
}

// In a PID namespace of its own no other container of the pod sees it: only the host's root, and
// between setuid and execve a process of the same user in the host's PID namespace. Listing the
// host's devices calls malloc. setns(2) lets nobody into a user namespace who shares memory.
Memory memory_for(const wire::SandboxSpec& pod, const wire::ContainerSpec& spec) {
  const bool alone = spec.pid == wire::PidMode::kContainer;
  const bool slow = hardly_runs(pod.resources) || hardly_runs(spec.resources);
  const bool borrows = alone && !slow && !spec.security.privileged && !pod.users;
  return borrows ? Memory::kBorrowed : Memory::kCopied;
}

}  // namespace

Result<std::unique_ptr<ContainerStart>> ContainerStart::begin(Sandbox& sandbox,
                                                              wire::ContainerSpec spec, Stdio stdio,
                                                              int target) {
  Trace trace;
  const auto options = group_options(spec.security.privileged, TRY(device_rules(spec)));
  auto group = TRY(trace.step("make cgroup", spec.name, [&] {
    return sandbox.tree().create(sandbox.cgroup_of(leaf_name(spec.name, spec.attempt)),
                                 spec.resources, options);
  }));
  std::unique_ptr<ContainerStart> start(
      new ContainerStart(sandbox, Container(std::move(group), std::move(spec))));
  start->trace_ = std::move(trace);
  place_layer(sandbox.layout(), sandbox.spec().uid, start->container_.spec_);
  if (auto spawned = start->spawn(stdio, target); !spawned) {
    return Failure(start->explained(std::move(spawned).error()));
  }
  return start;
}

Result<std::unique_ptr<ContainerStart>> ContainerStart::begin(
    Sandbox& sandbox, wire::ContainerSpec spec, std::unique_ptr<WaitingInit> waiting) {
  std::unique_ptr<ContainerStart> start(
      new ContainerStart(sandbox, Container(std::move(waiting->group_), std::move(spec))));
  start->launch_ = std::move(waiting->launch_);
  waiting->taken_ = true;
  place_layer(sandbox.layout(), sandbox.spec().uid, start->container_.spec_);
  wire::LaunchRequest request = launch_request(sandbox);
  request.container = start->container_.spec_;
  TRY(start->launch_->go(std::move(request)));
  return start;
}

Result<std::unique_ptr<WaitingInit>> WaitingInit::begin(Sandbox& sandbox,
                                                        wire::ExpectedContainer expected,
                                                        Stdio stdio) {
  const bool slow = hardly_runs(sandbox.spec().resources) || hardly_runs(expected.resources);
  if (slow || sandbox.spec().users || !sys::Borrower::available()) {
    return fail(Code::kUnsupported, "make init ahead", expected.name, "it could not borrow memory");
  }
  auto group = TRY(sandbox.tree().create(sandbox.cgroup_of(leaf_name(expected.name, 0)),
                                         expected.resources, group_options(false, {})));
  std::unique_ptr<WaitingInit> waiting(
      new WaitingInit(sandbox, std::move(expected), std::move(group)));
  wire::LaunchRequest known = launch_request(sandbox);
  known.container = waiting->known();
  waiting->launch_ =
      TRY(Launch::wait(waiting->group_, std::move(known), stdio, places_of(sandbox)));
  return waiting;
}

// As far as the container is known.
wire::ContainerSpec WaitingInit::known() const {
  wire::ContainerSpec spec;
  spec.name = expected_.name;
  place_layer(sandbox_.layout(), sandbox_.spec().uid, spec);
  return spec;
}

bool WaitingInit::serves(const wire::ContainerSpec& spec) const {
  const auto wanted = wire::expectation(spec);
  return wanted && wire::encode(*wanted) == wire::encode(expected_);
}

Result<void> WaitingInit::ended() {
  Trace unwanted;
  return launch_->ended(unwanted);
}

// What cannot be removed now goes with the pod.
WaitingInit::~WaitingInit() {
  if (taken_) return;
  launch_.reset();
  (void)group_.remove(kEndBound);
  (void)remove_files(sandbox_.layout(), sandbox_.spec().uid, known());
}

Result<bool> ContainerStart::advance() {
  auto done = launch_->advance(trace_);
  if (!done) return Failure(explained(std::move(done).error()));
  return done;
}

// A limit that leaves no room for any process is met in whatever step comes to it: it is named.
Error ContainerStart::explained(Error error) const {
  const auto& own = container_.spec_.resources.memory_limit;
  const auto limit = own ? own : sandbox_.spec().resources.memory_limit;
  if (limit.value_or(-1) < 0) return error;
  const auto stats = container_.group_.stats();
  if (error.sys_errno != ENOMEM && !(stats && stats->oom_kills > 0)) return error;
  return std::move(error).with("the memory limit of " + std::to_string(*limit) +
                               " bytes is too small to start in");
}

Result<void> ContainerStart::spawn(Stdio stdio, int target) {
  const wire::ContainerSpec& spec = container_.spec_;
  wire::LaunchRequest request = launch_request(sandbox_);
  request.container = spec;
  const Places places = places_of(sandbox_);
  launch_ = TRY(Launch::begin(container_.group_, std::move(request), stdio, places,
                              pid_namespace(spec.pid, places.process, target),
                              memory_for(sandbox_.spec(), spec), trace_));
  return {};
}

ContainerStart::~ContainerStart() {
  if (taken_) return;
  launch_.reset();
  // What cannot be removed now goes with the pod.
  (void)container_.group_.kill();
  (void)container_.group_.remove(kEndBound);
  (void)remove_files(sandbox_.layout(), sandbox_.spec().uid, container_.spec_);
}

Container ContainerStart::take() {
  taken_ = true;
  wire::LaunchReady& ready = launch_->ready();
  container_.process_ = launch_->take_process();
  container_.terminal_ = launch_->take_terminal();
  container_.info_ = {.id = container_.spec_.id,
                      .pid = container_.process_.pid,
                      .started_wall_ns = wall_ns(),
                      .namespaces = std::move(ready.namespaces),
                      .uid = ready.uid,
                      .gid = ready.gid,
                      .groups = std::move(ready.groups),
                      .degraded = std::move(ready.degraded),
                      .trace = trace_.take()};
  return std::move(container_);
}

Result<void> Container::signal(int signo) const {
  return sys::send_signal(process_.pidfd.get(), signo);
}

Result<void> Container::kill() { return group_.kill(); }

Result<void> Container::update(const CgroupResources& resources) { return group_.apply(resources); }

Result<std::unique_ptr<Launch>> begin_exec(Sandbox& sandbox, Container& container,
                                           const wire::ExecSpec& spec, Stdio stdio, Trace& trace) {
  wire::LaunchRequest request = launch_request(sandbox);
  request.exec = spec;
  if (spec.own_env) {
    request.exec->env = container.spec().env;
    request.exec->env.insert(request.exec->env.end(), spec.env.begin(), spec.env.end());
  }
  const int target = container.process().pidfd.get();
  return Launch::begin(container.group(), std::move(request), stdio,
                       {.process = target, .users = sandbox.users()}, {.of = target},
                       Memory::kCopied, trace);
}

Result<void> remove_files(const Layout& layout, const std::string& uid,
                          const wire::ContainerSpec& spec) {
  TRY(sys::remove_tree(layout.container_lib(uid, spec.name, spec.attempt)));
  if (!spec.termination_path.empty()) TRY(sys::remove_tree(spec.termination_path));
  return {};
}

}  // namespace podctl::runtime
