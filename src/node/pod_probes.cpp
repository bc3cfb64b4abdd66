// A pod worker's probes and hooks: who is asked what, and where the answers go.
#include <boost/asio/io_context.hpp>

#include "node/prober.hpp"
#include "podctl/base/text.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/pod_worker.hpp"

namespace podctl::node {

using lifecycle::HookAnswer;
using probe::Verdict;

namespace {

// "kube-probe/1.37", which servers know a kubelet by.
std::string agent(const char* what) {
  const std::string version = kKubernetesVersion;
  return std::string(what) + "/" + version.substr(1, version.rfind('.') - 1);
}

std::string hook_text(const api::LifecycleHandler& hook) {
  if (hook.httpGet) return "HTTP lifecycle hook (" + hook.httpGet->path + ")";
  return "Exec lifecycle hook ([" + text::join(hook.exec->command, " ") + "])";
}

std::string failure_text(const api::Pod& pod, const std::string& container,
                         const api::LifecycleHandler& hook, const std::string& cause) {
  const auto& meta = pod.metadata;
  return hook_text(hook) + " for Container \"" + container + "\" in Pod \"" + meta.name + "_" +
         meta.namespace_ + "(" + meta.uid + ")\" failed - error: " + cause;
}

Result<Target> network_target(const api::Probe& probe, const api::Container& container,
                              const Result<std::string>& address) {
  const auto name = agent("kube-probe");
  if (probe.httpGet) return http_target(*probe.httpGet, container, address, name);
  if (probe.tcpSocket) return tcp_target(*probe.tcpSocket, container, address);
  if (probe.grpc) return grpc_target(*probe.grpc, address, name);
  return fail(Code::kUnsupported, "probe", container.name, "no handler");
}

}  // namespace

// A pod of the machine's network is reached on loopback too, where that has nothing else; one of
// its own network is not, and whoever listens there is another.
Result<std::string> PodWorker::address() const {
  const bool host = pod_->spec.hostNetwork.value_or(false);
  const auto& ips = host ? context_.machine.facts.host_ips : pod_ips_;
  if (!ips.empty()) return ips.front();
  if (host) return std::string("127.0.0.1");
  return fail(Code::kFailedPrecondition, "find address of pod", pod_->metadata.name,
              "it has none yet");
}

// ---- probes ----

void PodWorker::follow_probes() {
  const auto plans = lifecycle::plan_probes(*pod_, memory_);
  const bool spread = std::exchange(resumed_, false);
  if (!prober_ && plans.empty()) return;
  if (!prober_) {
    prober_ = std::make_unique<Prober>(
        context_, uid_,
        [this](const std::string& name, lifecycle::ProbeKind kind) -> Result<Target> {
          const auto* container = find_container(*pod_, name);
          const auto* probe = container ? lifecycle::find_probe(*container, kind) : nullptr;
          if (probe == nullptr) return fail(Code::kNotFound, "find probe", name);
          if (!probe->exec) return network_target(*probe, *container, address());
          return build_exec(TRY(container_spec(name)), probe->exec->command, false);
        },
        [this](const std::string& name, std::uint32_t attempt, lifecycle::ProbeAnswer answer) {
          on_probe(name, attempt, std::move(answer));
        });
  }
  prober_->follow(plans, spread);
  // What step has taken need not be shown again.
  for (auto& container : seen_.containers) container.probe_answers.clear();
}

void PodWorker::on_probe(const std::string& name, std::uint32_t attempt,
                         lifecycle::ProbeAnswer answer) {
  for (const auto* list : {&memory_.init, &memory_.containers}) {
    for (const auto& known : *list) {
      if (known.name == name && !lifecycle::is_news(known, answer.kind, answer.outcome)) return;
    }
  }
  auto& seen = seen_.container(name);
  if (seen.attempt != attempt) return;
  seen.probe_answers.push_back(std::move(answer));
  kick();
}

// ---- hooks ----

void PodWorker::act(const lifecycle::RunHook& action) {
  const auto* container = find_container(*pod_, action.name);
  const auto* hook = container == nullptr ? nullptr : lifecycle::find_hook(*container, action.hook);
  if (hook == nullptr) return hook_ended(action, {});
  const auto target = [&]() -> Result<Target> {
    if (hook->exec) return build_exec(TRY(container_spec(action.name)), hook->exec->command, false);
    auto asked = TRY(http_target(*hook->httpGet, *container, address(), agent("kube-lifecycle")));
    std::get<probe::HttpRequest>(asked).any_status = true;
    return asked;
  }();
  if (!target) {
    return hook_ended(action,
                      {true, failure_text(*pod_, action.name, *hook, target.error().message())});
  }
  auto done = [this, action,
               on_failure = failure_text(*pod_, action.name, *hook, "")](const CallEnd& end) {
    const bool good = end.verdict == Verdict::kSuccess || end.verdict == Verdict::kWarning;
    hook_ended(action, good ? HookAnswer{} : HookAnswer{true, on_failure + end.cause});
  };
  hooks_[{action.name, action.hook}] = begin_call(context_, uid_, *target, {}, std::move(done));
}

void PodWorker::hook_ended(const lifecycle::RunHook& action, HookAnswer answer) {
  auto& seen = seen_.container(action.name);
  if (seen.attempt != action.attempt) return;
  seen.hook(action.hook).answer = std::move(answer);
  kick();
}

// A container has ended: what asks it over the network would wait for nobody.
void PodWorker::give_up_calls(const std::string& name) {
  std::erase_if(hooks_, [&name](const auto& entry) { return entry.first.first == name; });
}

}  // namespace podctl::node
