// What podctld asks of the shim, a function a request. wire/messages.hpp draws the exchange.
#include <signal.h>

#include "podctl/sys/files.hpp"
#include "podctl/wire/codec.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {
namespace {

std::string nothing() { return wire::encode(wire::Nothing{}); }

}  // namespace

void Shim::handle(wire::Message message) {
  if (message.type == static_cast<std::uint16_t>(wire::Type::kBye)) {
    said_bye_ = true;
    return;
  }
  auto reply = answer(message);
  if (!reply) {
    send(wire::Type::kError, message.request, wire::encode(wire::to_wire(reply.error())));
  } else if (*reply) {
    send(wire::Type::kOk, message.request, std::move(**reply));
  }
  if (ending_) loop_.stop();
}

Result<std::optional<std::string>> Shim::answer(wire::Message& message) {
  const std::string& body = message.body;
  const auto type = static_cast<wire::Type>(message.type);
  if (type == wire::Type::kStartContainer) {
    TRY(start(message.request, TRY(wire::decode<wire::ContainerSpec>(body))));
    return std::nullopt;
  }
  if (type == wire::Type::kDestroySandbox) {
    TRY(destroy());
    return nothing();
  }
  settle_starts();
  switch (type) {
    case wire::Type::kHello:
      reviver_.set_command(TRY(wire::decode<wire::Hello>(body)).daemon);
      reviver_.connected();
      return wire::encode(state());
    case wire::Type::kCreateSandbox:
      return wire::encode(TRY(create(TRY(wire::decode<wire::SandboxSpec>(body)))));
    case wire::Type::kExec:
      TRY(exec(message.request, TRY(wire::decode<wire::ExecSpec>(body)), std::move(message.fds)));
      return std::nullopt;
    case wire::Type::kSignal: {
      const auto request = TRY(wire::decode<wire::SignalRequest>(body));
      TRY(TRY(running(request.id))->container().signal(request.signo));
      return nothing();
    }
    case wire::Type::kKill:
      TRY(TRY(running(TRY(wire::decode<wire::ContainerRef>(body)).id))->container().kill());
      return nothing();
    case wire::Type::kUpdateResources:
      TRY(update(TRY(wire::decode<wire::UpdateRequest>(body))));
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
  state.created = sandbox_.has_value();
  state.alive = sandbox_.has_value() && death_.empty();
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

Result<wire::SandboxInfo> Shim::create(wire::SandboxSpec spec) {
  if (sandbox_) return fail(Code::kAlreadyExists, "create sandbox", uid_);
  if (spec.uid != uid_)
    return fail(Code::kInvalidArgument, "create sandbox", spec.uid, "not my pod");
  // First of all: whoever cleans up after us reads from it where the pod's cgroup is.
  TRY(sys::write_file(layout_.pod_run(uid_) + "/spec/sandbox", wire::encode(spec), 0600));
  auto tree = TRY(cgroup::Tree::open(layout_.cgroup()));
  sandbox_.emplace(
      TRY(runtime::Sandbox::create(layout_, programs_, std::move(tree), std::move(spec))));
  return sandbox_->info();
}

Result<wire::SandboxStats> Shim::stats() {
  runtime::Sandbox& pod = *TRY(sandbox());
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

Result<void> Shim::remove(const std::string& id) {
  if (containers_.contains(id)) {
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
Result<void> Shim::destroy() {
  if (sandbox_) {
    if (death_.empty()) death_ = "destroyed";
    abandon_starts();
    TRY(sandbox_->group().kill());
    TRY(reap_everything());
    send(wire::Type::kSandboxEnded, 0, nothing());
    TRY(sandbox_->destroy());
    sandbox_.reset();
  }
  loop_.forget(listener_.get());
  listener_.reset();
  TRY(sys::remove_tree(layout_.pod_run(uid_), &remains_));
  ending_ = true;
  return {};
}

}  // namespace podctl::shim
