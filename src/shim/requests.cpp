// What podctld asks of the shim, a function a request. wire/messages.hpp draws the exchange.
#include <malloc.h>
#include <signal.h>

#include <array>

#include "podctl/net/pod_sockets.hpp"
#include "podctl/net/watch.hpp"
#include "podctl/sys/borrower.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/namespaces.hpp"
#include "podctl/wire/codec.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {
namespace {

constexpr std::uint64_t kRestMs = 200;  // much longer than a start: what comes after it pays again
constexpr std::chrono::milliseconds kVethBound{5000};
constexpr std::size_t kUsualStarts = 2;        // containers of a pod; more come by faults, as ever
constexpr std::uint64_t kUnexpectedMs = 1000;  // no container has come

// What a start takes of the heap: each page's first touch is a fault of 25 µs where the kernel runs
// virtualised.
void touch_heap() {
  constexpr std::size_t kPage = 4096, kBlock = 20 * kPage;  // below malloc's threshold for mmap
  std::array<std::unique_ptr<char[]>, 2> blocks;
  for (auto& block : blocks) {
    block.reset(new char[kBlock]);
    for (std::size_t at = 0; at < kBlock; at += kPage) {
      *static_cast<volatile char*>(&block[at]) = 0;
    }
  }
}

std::string nothing() { return wire::encode(wire::Nothing{}); }

}  // namespace

// A shim rests for most of its life: the heap that work has left over goes back to the kernel.
void Shim::rest_soon() {
  if (resting_ != 0) return;
  resting_ = loop_.after(kRestMs, [this] {
    resting_ = 0;
    if (spare_) return;  // it has been made ready for work that may come any moment
    ::malloc_trim(0);
    sys::borrowed::give_back();
  });
}

void Shim::handle(wire::Message message) {
  rest_soon();
  if (message.type == static_cast<std::uint16_t>(wire::Type::kBye)) {
    said_bye_ = true;
    return;
  }
  auto reply = answer(message);
  if (!reply) {
    refuse(message.request, std::move(reply).error());
  } else if (*reply) {
    send(wire::Type::kOk, message.request, std::move(**reply));
  }
  if (ending_) loop_.stop();
}

// Who answers is there: that a limit has refused something (EAGAIN) is not to be taken for our end.
void Shim::refuse(std::uint32_t request, Error error) {
  if (error.code == Code::kUnavailable) error.code = Code::kExhausted;
  send(wire::Type::kError, request, wire::encode(wire::to_wire(error)));
}

Result<std::optional<std::string>> Shim::answer(wire::Message& message) {
  const std::string& body = message.body;
  const auto type = static_cast<wire::Type>(message.type);
  if (type == wire::Type::kStartContainer) {
    TRY(start(message.request, TRY(wire::decode<wire::ContainerSpec>(body))));
    return std::nullopt;
  }
  if (type == wire::Type::kAttach) {
    TRY(attach(message.request, TRY(wire::decode<wire::AttachRequest>(body)),
               std::move(message.fds)));
    return std::nullopt;
  }
  if (type == wire::Type::kPodSockets) {
    TRY(send_sockets(message.request));
    return std::nullopt;
  }
  if (type == wire::Type::kDestroySandbox) {
    TRY(destroy());
    return nothing();
  }
  switch (type) {
    case wire::Type::kHello:
      settle_starts();  // who has just come knows of no start under way
      reviver_.set_command(TRY(wire::decode<wire::Hello>(body)).daemon);
      reviver_.connected();
      return wire::encode(state());
    case wire::Type::kCreateSandbox:
      return wire::encode(TRY(create(TRY(wire::decode<wire::SandboxSpec>(body)))));
    case wire::Type::kPrepareSandbox:
      TRY(prepare(TRY(wire::decode<wire::SandboxSpec>(body))));
      return nothing();
    case wire::Type::kExpectContainers:
      TRY(expect(TRY(wire::decode<wire::ExpectRequest>(body)).containers));
      return nothing();
    case wire::Type::kExec:
      TRY(exec(message.request, TRY(wire::decode<wire::ExecSpec>(body)), std::move(message.fds)));
      return std::nullopt;
    case wire::Type::kKillExec:
      TRY(kill_exec(TRY(wire::decode<wire::ExecRef>(body)).request));
      return nothing();
    case wire::Type::kSignal: {
      const auto request = TRY(wire::decode<wire::SignalRequest>(body));
      TRY(TRY(running(request.id))->container().signal(request.signo));
      return nothing();
    }
    case wire::Type::kKill:
      TRY(kill(TRY(wire::decode<wire::ContainerRef>(body)).id));
      return nothing();
    case wire::Type::kUpdateResources:
      TRY(update(TRY(wire::decode<wire::UpdateRequest>(body))));
      return nothing();
    case wire::Type::kFillVolumes:
      TRY(TRY(sandbox())->fill_volumes(TRY(wire::decode<wire::VolumeContents>(body)).contents));
      return nothing();
    case wire::Type::kStats:
      return wire::encode(TRY(stats()));
    case wire::Type::kAckExit:
      TRY(records_.forget(TRY(wire::decode<wire::ContainerRef>(body)).id));
      return nothing();
    case wire::Type::kRemoveContainer:
      TRY(remove(TRY(wire::decode<wire::ContainerRef>(body)).id));
      return nothing();
    default:
      return fail(Code::kUnsupported, "answer request", std::to_string(message.type),
                  "this shim is older than the request");
  }
}

wire::State Shim::state() const {
  wire::State state{.version = wire::kVersion, .uid = uid_};
  state.created = sandbox_.has_value() && !spare_;
  state.alive = state.created && death_.empty();
  state.death = death_;
  if (sandbox_) state.info = sandbox_->info();
  for (const auto& [id, live] : containers_) {
    const wire::ContainerSpec& spec = live->container().spec();
    state.containers.push_back(
        {.id = id, .name = spec.name, .attempt = spec.attempt, .info = live->container().info()});
  }
  state.exits = records_.all();
  return state;
}

Result<runtime::Sandbox*> Shim::sandbox() {
  if (!sandbox_) return fail(Code::kNotFound, "find sandbox", uid_);
  return &*sandbox_;
}

Result<LiveContainer*> Shim::running(const std::string& id) {
  const auto at = containers_.find(id);
  if (at == containers_.end()) return fail(Code::kNotFound, "find running container", id);
  return at->second.get();
}

// One that waits and does not serve after all gives way to one that does.
Result<wire::SandboxInfo> Shim::create(wire::SandboxSpec spec) {
  if (sandbox_ && !spare_) return fail(Code::kAlreadyExists, "create sandbox", uid_);
  if (spare_ && death_.empty() && sandbox_->serves(spec)) {
    TRY(sandbox_->adopt(std::move(spec)));  // what was kept of it names the same cgroup
    spare_ = false;
    loop_.after(kUnexpectedMs, [this] { end_expected_soon(); });
    return sandbox_->info();
  }
  if (sandbox_) {
    TRY(end_sandbox(false));
    // The kernel takes the veth down a little after its namespace.
    if (spec.net) TRY(net::wait_gone(spec.net->host_ifname, kVethBound));
  }
  TRY(make(std::move(spec)));
  return sandbox_->info();
}

Result<void> Shim::prepare(wire::SandboxSpec spec) {
  if (sandbox_) return fail(Code::kAlreadyExists, "prepare sandbox", uid_);
  TRY(make(std::move(spec)));
  spare_ = true;
  TRY(sandbox_->expect_containers());
  sys::borrowed::make_ready(kUsualStarts);
  touch_heap();
  return {};
}

// One that cannot be made ahead is made when it comes.
Result<void> Shim::expect(std::vector<wire::ExpectedContainer> containers) {
  runtime::Sandbox& pod = *TRY(sandbox());
  if (!spare_ || !expected_.empty())
    return fail(Code::kFailedPrecondition, "expect containers", uid_, "it is too late");
  for (auto& container : containers) {
    auto made = ExpectedStart::make(pod, std::move(container));
    if (made) {
      expected_.push_back(std::move(*made));
    } else if (made.error().code != Code::kUnsupported) {
      log("make init ahead", made.error());
    }
  }
  sys::borrowed::make_ready(kUsualStarts);  // for containers that nobody expects
  return {};
}

Result<void> Shim::make(wire::SandboxSpec spec) {
  if (spec.uid != uid_)
    return fail(Code::kInvalidArgument, "create sandbox", spec.uid, "not my pod");
  TRY(keep_spec(spec));
  auto tree = TRY(cgroup::Tree::open(layout_));
  sandbox_.emplace(
      TRY(runtime::Sandbox::create(layout_, programs_, std::move(tree), std::move(spec))));
  return {};
}

// First of all: whoever cleans up after us reads from it where the pod's cgroup is. What may be
// secret is not written down.
Result<void> Shim::keep_spec(wire::SandboxSpec spec) const {
  spec.contents.clear();
  return sys::write_file(layout_.pod_run(uid_) + "/spec/sandbox", wire::encode(spec), 0600);
}

Result<wire::SandboxStats> Shim::stats() {
  runtime::Sandbox& pod = *TRY(sandbox());
  if (starts_.empty()) expected_.clear();  // they are none of the pod's
  wire::SandboxStats stats{.wall_ns = runtime::wall_ns()};
  stats.groups.push_back(TRY(pod.report()));
  for (const auto& [id, live] : containers_) {
    stats.groups.push_back(TRY(live->container().report()));
  }
  if (death_.empty()) stats.network = TRY(pod.network());
  return stats;
}

Result<void> Shim::update(const wire::UpdateRequest& request) {
  if (request.id.empty()) return TRY(sandbox())->group().apply(request.resources);
  return TRY(running(request.id))->container().update(request.resources);
}

Result<void> Shim::attach(std::uint32_t request, const wire::AttachRequest& asked,
                          std::vector<UniqueFd> fds) {
  LiveContainer& live = *TRY(running(asked.id));
  std::size_t next = 0;
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
    if (!(stream == Stream::kStdout ? asked.out : asked.err)) continue;
    if (next == fds.size())
      return fail(Code::kInvalidArgument, "attach to", asked.id, "a descriptor did not come along");
    TRY(live.tap(stream, std::move(fds[next++]), asked.from_start));
  }
  std::vector<UniqueFd> input;
  if (asked.in) {
    if (UniqueFd end = TRY(live.input(asked.last_in))) input.push_back(std::move(end));
  }
  send(wire::Type::kOk, request, wire::encode(wire::Attached{.tty = live.container().spec().tty}),
       std::move(input));
  return {};
}

Result<void> Shim::send_sockets(std::uint32_t request) {
  runtime::Sandbox& pod = *TRY(sandbox());
  if (!death_.empty()) return fail(Code::kFailedPrecondition, "make sockets of", uid_, death_);
  const UniqueFd netns = TRY(sys::open_namespace(std::to_string(pod.pause().pid), "net"));
  send(wire::Type::kOk, request, nothing(), TRY(net::tcp_sockets(netns.get())));
  return {};
}

Result<void> Shim::remove(const std::string& id) {
  if (containers_.contains(id) || starts_.contains(id)) {
    return fail(Code::kFailedPrecondition, "remove container", id, "it runs");
  }
  const auto at = ended_.find(id);
  if (at == ended_.end()) return {};
  TRY(runtime::remove_files(layout_, uid_, at->second));
  ended_.erase(at);
  return {};
}

// The network namespace ends with its last process: the kernel takes the veth down, and podctld
// removes the pod's files, while the rest is removed here.
Result<void> Shim::end_sandbox(bool told) {
  if (!sandbox_) return {};
  if (death_.empty()) death_ = "destroyed";
  expected_.clear();
  abandon_starts();
  TRY(sandbox_->group().kill());
  // Whatever has become of its cgroup. It may have ended.
  if (!pause_reaped_) (void)sys::send_signal(sandbox_->pause().pidfd.get(), SIGKILL);
  TRY(reap_everything());
  if (told) send(wire::Type::kSandboxEnded, 0, nothing());
  TRY(sandbox_->destroy());
  sandbox_.reset();
  spare_ = pause_reaped_ = false;
  death_.clear();
  return {};
}

Result<void> Shim::destroy() {
  TRY(end_sandbox(true));
  TRY(sys::remove_tree(layout_.pod_run(uid_), &remains_));
  // Last: a podctld that knocks meanwhile hears of our end when nothing is left.
  loop_.forget(listener_.get());
  listener_.reset();
  ending_ = true;
  return {};
}

}  // namespace podctl::shim
