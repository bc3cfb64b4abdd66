// Pods as the brain sees them: sandboxes and containers, each behind its shim, found again after a
// crash.
//
// Used by podctld and podctl-cri, on their one io_context thread: every call returns at once, every
// callback comes later on that thread, exactly once. Blocking work (subnet, bridge, nat, cleaning
// up after a dead shim) runs on two workers. No restarts, no probes, no Kubernetes words: policy is
// node's.
//
//   Engine engine(io, layout, options);
//   engine.on_exit = …; engine.on_sandbox_dead = …;
//   engine.recover([](std::vector<RecoveredSandbox> found) { … });          // first, once
//   engine.allocate_network(uid, [](Result<wire::NetworkSpec> net) { … });  // not for hostNetwork
//   engine.create_sandbox(spec, cb); engine.start_container(uid, container, cb);   // may be
//   pipelined engine.kill(uid, id, cb);            // then on_exit(uid, record)
//   engine.ack_exit(uid, id);            // once the record is stored
//   engine.destroy_sandbox(uid, {}, cb); // kills, removes everything, also when the shim is dead
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/nat/ports.hpp"
#include "podctl/wire/messages.hpp"
#include "podctl/wire/spec.hpp"

namespace boost::asio {
class io_context;
}

namespace podctl::engine {

template <class T>
using Callback = std::function<void(Result<T>)>;

struct Options {
  std::string helpers;              // directory of podctl-shim and podctl-pause
  std::vector<std::string> daemon;  // how a shim starts podctld again; empty: somebody else does
  bool in_service = false;          // systemd does, and keeps podctld in the service's cgroup
  // Names a sandbox that is made before its pod; empty: none is made (take_ready()).
  std::function<std::string()> new_uid;
};

// The workload's ends. Absent ones are /dev/null; with a tty none is used.
struct ExecStdio {
  UniqueFd in, out, err;
  UniqueFd program;  // with ExecSpec::brought, a sealed helper()
};

struct ExecStarted {
  std::uint32_t exec = 0;  // for kill_exec
  std::int32_t pid = 0;
  UniqueFd terminal;  // with a tty: its master, the caller's from now on
};

// Bounds of a command that is run to its end. Kubernetes looks at 10 KiB of a probe's output.
struct RunLimits {
  std::chrono::nanoseconds timeout{0};  // 0: none
  std::size_t output = std::size_t{10} * 1024;
};

struct RunResult {
  bool timed_out = false;  // and was killed: there is no exit code
  int exit_code = 0;       // 128 + signal
  std::string output;      // stdout and stderr as they came; the rest is thrown away
};

// A container that is attached to: what its input is written to, if it has one.
struct Attached {
  bool tty = false;
  UniqueFd input;
};

// What goes with a sandbox beside its writable layers, which always do.
struct Removal {
  // No other sandbox of this uid follows: its volumes go, and its addresses are free a moment after
  // the answer, once the kernel has taken the veth down. Else the answer waits for that.
  bool final = false;
  std::string logs;         // this directory; empty: it stays
  bool host_ports = false;  // it may have some (publish_ports), which are taken away
};

// A pod whose shim runs. What a dead shim has left is cleaned before recover() answers, its exits
// are kept in `state.exits`, and `shim_dead` is set: there is nothing left to destroy.
struct RecoveredSandbox {
  std::string uid;
  bool shim_dead = false;
  wire::State state;
};

class Engine {
 public:
  Engine(boost::asio::io_context& io, Layout layout, Options options);
  // Closes the connections with a Bye; pods live on.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // A container's main process has ended. After a restart, what was not acknowledged stands in
  // State::exits.
  std::function<void(const std::string& uid, const wire::ExitRecord& record)> on_exit;
  // pause or the shim has died: its containers are gone or going. destroy_sandbox is still to be
  // called.
  std::function<void(const std::string& uid, const std::string& reason)> on_sandbox_dead;

  // Own cgroup leaf, run directory, boot id. Called implicitly by the first call that needs it.
  void prepare(Callback<void> done);
  // Connects to every shim that lives, cleans up after every one that does not.
  void recover(std::function<void(std::vector<RecoveredSandbox>)> done);

  // Whether a shim serves this pod. Once it has died nothing of the pod runs: it ended by its
  // cgroup.
  bool shim_alive(const std::string& uid) const;

  // Addresses of this pod, stable until destroy_sandbox; makes subnet, bridge, forwarding and nat
  // at the first call. kExhausted: none is free.
  void allocate_network(const std::string& uid, Callback<wire::NetworkSpec> done);

  // Host ids for a user namespace of the pod's own, the same until release_ids: that is called once
  // the pod has no sandbox and will have none. kExhausted: none are free.
  void allocate_ids(const std::string& uid, Callback<IdRange> done);
  void release_ids(const std::string& uid, Callback<void> done);
  // Before anything is allocated: those of pods that are neither known nor have left anything.
  void release_ids_but(std::vector<std::string> known, Callback<void> done);

  // Leads these ports of the machine to the pod instead of those it had, by its addresses of
  // allocate_network, which comes before. Until a destroy_sandbox with Removal::host_ports.
  // kAlreadyExists: another pod of the root has one of them.
  void publish_ports(const std::string& uid, std::vector<nat::HostPort> ports, Callback<void> done);

  // A little after a sandbox was created, another one of its kind is made in advance, and given up
  // when none is asked for in a while. Here is its uid, for a pod whose sandbox would be `like`,
  // whose own uid, names, addresses and files do not matter; nothing when none serves. From now on
  // it is the caller's: create_sandbox of that uid finds the work done, destroy_sandbox gives it
  // up.
  std::optional<std::string> take_ready(const wire::SandboxSpec& like);

  // Starts the shim and makes the sandbox. On failure nothing is left. kAlreadyExists: a pod of
  // that uid is there.
  void create_sandbox(wire::SandboxSpec spec, Callback<wire::SandboxInfo> done);
  // Puts files into memory volumes of a sandbox that is there, those of each volume all at once.
  void fill_volumes(const std::string& uid, std::vector<wire::VolumeContent> contents,
                    Callback<void> done);
  // kNotFound: no such sandbox. On failure the container has left nothing; the sandbox stays.
  void start_container(const std::string& uid, wire::ContainerSpec spec,
                       Callback<wire::ContainerInfo> done);

  // Where a program of ours lies that is to be executed in containers: sys::seal_program copies it.
  std::string helper(const std::string& name) const;
  // `exited` comes once after `started` succeeded: the exit code, 128 + signal, or an error when
  // the shim died.
  void exec(const std::string& uid, wire::ExecSpec spec, ExecStdio stdio,
            Callback<ExecStarted> started, Callback<int> exited);
  // A command to its end, or until its time is up: then it is killed and `done` does not wait for
  // its end, which one that hangs in the kernel may never come to. The handle is expired once it
  // has ended.
  std::weak_ptr<const void> run(const std::string& uid, wire::ExecSpec spec, RunLimits limits,
                                Callback<RunResult> done);
  // SIGKILL to an exec (ExecStarted::exec) and the processes of its group.
  void kill_exec(const std::string& uid, std::uint32_t exec, Callback<void> done);
  // `terminal` is ExecStarted::terminal. ioctl_tty(2) TIOCSWINSZ: the foreground group gets
  // SIGWINCH.
  static Result<void> resize_exec(int terminal, std::uint16_t rows, std::uint16_t cols);

  // Copies what a running container prints to these pipes, until they are closed here or the
  // container ends; `asked` says which of them there are, and about its input.
  void attach(const std::string& uid, wire::AttachRequest asked, ExecStdio pipes,
              Callback<Attached> done);
  // Unconnected TCP sockets of the pod's network: IPv4, then IPv6 if there is any.
  void pod_sockets(const std::string& uid, Callback<std::vector<UniqueFd>> done);

  // To the main process; kNotFound when it has ended.
  void signal(const std::string& uid, const std::string& id, int signo, Callback<void> done);
  // SIGKILL to every process of the container.
  void kill(const std::string& uid, const std::string& id, Callback<void> done);
  // An empty id: the pod's own cgroup.
  void update_resources(const std::string& uid, const std::string& id, CgroupResources resources,
                        Callback<void> done);
  void stats(const std::string& uid, Callback<wire::SandboxStats> done);
  // Memory that is protected for pods, bytes: cgroup2 gives a group no more of it than the groups
  // above have (cgroup-v2.rst, memory.min). What Guaranteed pods ask for, and Burstable ones.
  void protect_memory(std::int64_t guaranteed, std::int64_t burstable, Callback<void> done);

  // The record is stored: the shim may forget it.
  void ack_exit(const std::string& uid, const std::string& id);
  // An ended container's writable layer and termination file. kFailedPrecondition while it runs.
  void remove_container(const std::string& uid, const std::string& id, Callback<void> done);
  // Kills what runs and removes all that podctl made for the pod; volumes and logs are node's and
  // go, side by side with the rest, if it says so. Idempotent.
  void destroy_sandbox(const std::string& uid, Removal removal, Callback<void> done);

  // Removes everything of this root: pods, cgroups, bridge, nat table, subnet, host ids, run
  // directory (but the daemon's socket and lock), changed sysctls.
  void reset(Callback<void> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace podctl::engine
