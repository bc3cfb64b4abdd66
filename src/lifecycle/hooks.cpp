// postStart and preStop (K pkg/kubelet/lifecycle/handlers.go, kuberuntime_container.go): exec and
// httpGet are node's to run, sleep is time that passes, and tcpSocket fails when its turn comes, as
// it does in Kubernetes, which validates it and knows no way to run it.
#include "context.hpp"
#include "podctl/lifecycle/probing.hpp"

namespace podctl::lifecycle {
namespace {

HookMemory& memory_of(const Item& item, HookKind kind) {
  return kind == HookKind::kPostStart ? item.memory->post_start : item.memory->pre_stop;
}

// The end of a hook that has begun; nothing while it lasts.
std::optional<HookAnswer> end_of(Context& c, const Item& item, HookKind kind) {
  const auto& hook = *find_hook(*item.spec, kind);
  if (hook.tcpSocket) return HookAnswer{true, "Cannot run handler: tcpSocket is not a hook"};
  if (hook.sleep) {
    const auto seconds = static_cast<std::uint64_t>(hook.sleep->seconds);
    const auto due = memory_of(item, kind).since_ns + seconds * kSecond;
    if (c.now.boot_ns >= due) return HookAnswer{};
    c.wake_at(due);
    return std::nullopt;
  }
  return item.seen == nullptr ? std::nullopt : item.seen->hook(kind).answer;
}

void ask(Context& c, const Item& item, HookKind kind) {
  if (find_hook(*item.spec, kind)->sleep) return;
  if (item.seen != nullptr && item.seen->hook(kind).issued) return;
  c.actions.emplace_back(RunHook{item.spec->name, item.memory->attempt, kind});
}

// The event does not say why, for the output of a hook may hold secrets; the status does, as there.
void post_start_failed(Context& c, const Item& item, std::string why) {
  container_event(c, item, true, "FailedPostStartHook", "PostStartHook failed");
  item.memory->post_start.failure = why;
  condemn(c, item, KillCause::kPostStart);
  if (comes_back(c.pod, item)) {
    item.memory->waiting = Waiting{"PostStartHookError", std::move(why), 0};
  }
}

void pre_stop_failed(Context& c, const Item& item) {
  container_event(c, item, true, "FailedPreStopHook", "PreStopHook failed");
}

}  // namespace

const api::LifecycleHandler* find_hook(const api::Container& container, HookKind kind) {
  if (!container.lifecycle) return nullptr;
  const auto& hook =
      kind == HookKind::kPostStart ? container.lifecycle->postStart : container.lifecycle->preStop;
  return hook ? &*hook : nullptr;
}

bool held_by_post_start(const ContainerMemory& memory) {
  return memory.post_start.progress == HookProgress::kRunning ||
         memory.killed == KillCause::kPostStart;
}

void begin_post_start(Context& c, const Item& item) {
  if (find_hook(*item.spec, HookKind::kPostStart) == nullptr) return;
  item.memory->post_start = {HookProgress::kRunning, c.now.boot_ns, {}};
}

void absorb_post_start(Context& c, const Item& item, bool exited) {
  auto& m = *item.memory;
  if (m.post_start.progress != HookProgress::kRunning) return;
  const auto* hook = find_hook(*item.spec, HookKind::kPostStart);
  auto end = hook == nullptr ? HookAnswer{} : end_of(c, item, HookKind::kPostStart);
  // What runs in the container, or asks it, fails with it.
  if (!end && exited) end = HookAnswer{!hook->sleep, "the container has ended before its hook"};
  if (!end) return;
  m.post_start.progress = HookProgress::kEnded;
  if (end->failed) post_start_failed(c, item, std::move(end->message));
}

void plan_post_start(Context& c, const Item& item) {
  if (item.memory->post_start.progress == HookProgress::kRunning)
    ask(c, item, HookKind::kPostStart);
}

bool pre_stop_over(Context& c, const Item& item, std::uint64_t grace_s, std::uint64_t deadline) {
  auto& m = item.memory->pre_stop;
  const auto* hook = find_hook(*item.spec, HookKind::kPreStop);
  const bool abrupt = c.memory.stop.cause == StopCause::kRestartAll;
  if (hook == nullptr || abrupt || grace_s == 0 || m.progress == HookProgress::kEnded) return true;
  if (m.progress == HookProgress::kNone) m = {HookProgress::kRunning, c.now.boot_ns, {}};
  const auto end = end_of(c, item, HookKind::kPreStop);
  const bool used_up = c.now.boot_ns >= deadline;
  if (!end && !used_up) {
    c.wake_at(deadline);
    ask(c, item, HookKind::kPreStop);
    return false;
  }
  // One that outlasts the grace period dies with its container.
  if (end ? end->failed : !hook->sleep) pre_stop_failed(c, item);
  m.progress = HookProgress::kEnded;
  return true;
}

}  // namespace podctl::lifecycle
