// One call of step, as its parts see it: the inputs, the memory under change, the actions so far.
//
// Private to lifecycle. The parts run in this order: absorb (observation -> memory), termination or
// start_order (memory -> actions), status and conditions (memory -> what is shown).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/lifecycle/probing.hpp"
#include "podctl/lifecycle/signal.hpp"
#include "podctl/lifecycle/step.hpp"

namespace podctl::lifecycle {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

// A container from all its sides.
struct Item {
  const api::Container* spec = nullptr;
  ContainerMemory* memory = nullptr;
  const ContainerObservation* seen =
      nullptr;  // of the attempt in memory; null when nothing is known of it
  bool init = false;
  bool sidecar = false;
  bool ephemeral = false;
  // Neither init container nor ephemeral one: what the pod is about.
  bool regular() const { return !init && !ephemeral; }
};

struct Context {
  const api::Pod& pod;
  const Observation& seen;
  const Now& now;
  PodMemory& memory;
  std::vector<Item> items = {};  // init containers in order, the regular ones, the ephemeral ones
  std::vector<Action> actions = {};
  std::uint64_t wake_at_ns = 0;

  void wake_at(std::uint64_t boot_ns) {
    if (wake_at_ns == 0 || boot_ns < wake_at_ns) wake_at_ns = boot_ns;
  }
};

// ---- step.cpp ----
// Points every item at what was seen of the attempt that memory knows.
void refresh_seen(Context& c);
// It runs, or its start is under way.
bool alive(const Item& item);

// ---- events.cpp: kubelet's reasons and wording ----
std::string pod_text(const api::Pod& pod);       // "name_ns(uid)"
std::string go_duration(std::uint64_t seconds);  // "1m20s"
void pod_event(Context& c, bool warning, std::string_view reason, std::string message);
void container_event(Context& c, const Item& item, bool warning, std::string_view reason,
                     std::string message);
void scheduler_event(Context& c, bool warning, std::string_view reason, std::string message);

// ---- absorb.cpp ----
void absorb(Context& c);

// ---- restart.cpp ----
enum class AfterExit : std::uint8_t { kStay, kRestart, kRestartAll };
// What the rules say after an end with that exit code.
AfterExit after_exit(const api::Pod& pod, const Item& item, std::int32_t exit_code);
// Whether it runs again after having been killed.
bool comes_back(const api::Pod& pod, const Item& item);
// Whether an end of any of its containers may begin all of them anew.
bool may_restart_all(const api::Pod& pod);
// Boot time from which the next attempt may start, by CrashLoopBackOff.
std::uint64_t restart_due(const ContainerMemory& memory);
// Counts a restart that happens now.
void count_restart(ContainerMemory& memory, std::uint64_t boot_ns);
// Shows CrashLoopBackOff until `due`.
void show_backoff(Context& c, const Item& item, std::uint64_t due);

// ---- images.cpp ----
// True when the image for the next attempt is at hand; else asks for it or waits.
bool image_ready(Context& c, const Item& item);

// ---- hooks.cpp ----
// A running container whose postStart has not succeeded: Kubernetes does not show it as running.
bool held_by_post_start(const ContainerMemory& memory);
// Begins postStart, if there is one, with a container that has just been started.
void begin_post_start(Context& c, const Item& item);
// Takes its end; `exited`: the container has ended meanwhile.
void absorb_post_start(Context& c, const Item& item, bool exited);
void plan_post_start(Context& c, const Item& item);
// preStop on its way to the stop signal, which has to wait while this is false. It has until the
// deadline, and is left out where there is no grace, and before RestartAllContainers.
bool pre_stop_over(Context& c, const Item& item, std::uint64_t grace_s, std::uint64_t deadline);

// ---- probing.cpp ----
void absorb_probes(Context& c, const Item& item);

// ---- start_order.cpp ----
void plan_start(Context& c);

// ---- termination.cpp ----
// The spec names another image than the one that its last attempt was to run.
bool changed(const Item& item);
// Notes that this container is to be stopped though its pod goes on.
void condemn(Context& c, const Item& item, KillCause cause);
// Stops containers that were condemned, and condemns those whose image the spec has changed or
// whose liveness or startup probe has failed (K kuberuntime_manager.go, computePodActions).
void stop_condemned(Context& c);
// What begins a stop from outside: deletion, eviction, activeDeadlineSeconds.
void check_deadlines(Context& c);
void begin_stop(Context& c, StopCause cause, std::uint64_t grace_s);
// Stops every container so that all begin anew (KEP-5532).
void begin_restart_all(Context& c);
std::uint64_t spec_grace(const api::Pod& pod);
void plan_stop(Context& c);

// ---- resize.cpp ----
void plan_resize(Context& c);
// What the container has been given, and what it runs with.
api::ResourceRequirements allocated_to(const Context& c, const Item& item);
api::ResourceRequirements applied_to(const Context& c, const Item& item);

// ---- signals.cpp ----
// lifecycle.stopSignal, else the image's, else SIGTERM.
std::string stop_signal_name(const Item& item);

// ---- status.cpp, conditions.cpp ----
api::Time wall_time(std::uint64_t wall_ns);  // absent for 0
std::string phase_of(const Context& c);
// What a container waits for that has not had its turn yet.
std::string_view initial_reason(const PodMemory& memory);
api::PodStatus make_status(Context& c);
std::vector<api::PodCondition> make_conditions(Context& c, const api::PodStatus& status);

}  // namespace podctl::lifecycle
