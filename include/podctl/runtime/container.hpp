// A container of a sandbox in the kernel: its cgroup, its writable layer, its main process; and
// further processes in it (exec).
//
// Used by podctl-shim, whose child the main process is; single thread. It does not wait for the end
// and reaps only what failed to start. A failed start leaves nothing.
#pragma once

#include <memory>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/launch.hpp"
#include "podctl/runtime/sandbox.hpp"
#include "podctl/wire/expected.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::runtime {

class ContainerStart;

// The init of a container that is expected, in the container's cgroup, made before its pod. Dropped
// before a container has come for it, it leaves nothing.
class WaitingInit {
 public:
  // kUnsupported: such a container's is not made ahead. The sandbox must outlive it.
  static Result<std::unique_ptr<WaitingInit>> begin(Sandbox& sandbox,
                                                    wire::ExpectedContainer expected, Stdio stdio);
  WaitingInit(const WaitingInit&) = delete;
  WaitingInit& operator=(const WaitingInit&) = delete;
  ~WaitingInit();

  const std::string& name() const { return expected_.name; }
  bool serves(const wire::ContainerSpec& spec) const;
  pid_t pid() const { return launch_->pid(); }
  // It has ended, and is reaped.
  Result<void> ended();

 private:
  friend class ContainerStart;
  WaitingInit(const Sandbox& sandbox, wire::ExpectedContainer expected, cgroup::Group group)
      : sandbox_(sandbox), expected_(std::move(expected)), group_(std::move(group)) {}

  wire::ContainerSpec known() const;

  const Sandbox& sandbox_;
  wire::ExpectedContainer expected_;
  cgroup::Group group_;
  std::unique_ptr<Launch> launch_;
  bool taken_ = false;  // a container has both
};

class Container {
 public:
  const wire::ContainerSpec& spec() const { return spec_; }
  const wire::ContainerInfo& info() const { return info_; }
  const sys::Child& process() const { return process_; }
  UniqueFd take_terminal() { return std::move(terminal_); }
  cgroup::Group& group() { return group_; }

  Result<void> signal(int signo) const;
  // SIGKILL to every process in the container's cgroup.
  Result<void> kill();
  Result<void> update(const CgroupResources& resources);
  Result<wire::GroupReport> report() const { return report_group(group_, spec_.id); }

 private:
  friend class ContainerStart;
  Container(cgroup::Group group, wire::ContainerSpec spec)
      : group_(std::move(group)), spec_(std::move(spec)) {}

  cgroup::Group group_;
  wire::ContainerSpec spec_;
  wire::ContainerInfo info_;
  sys::Child process_;
  UniqueFd terminal_;
};

// A container that is being started. Dropped before its end, it leaves nothing.
class ContainerStart {
 public:
  // `target`: the pidfd behind PidMode::kTarget, else -1. The sandbox must outlive it.
  static Result<std::unique_ptr<ContainerStart>> begin(Sandbox& sandbox, wire::ContainerSpec spec,
                                                       Stdio stdio, int target = -1);
  // By an init that waits for such a container (WaitingInit::serves). An error: it has ended
  // meanwhile, and nothing is left of it.
  static Result<std::unique_ptr<ContainerStart>> begin(Sandbox& sandbox, wire::ContainerSpec spec,
                                                       std::unique_ptr<WaitingInit> waiting);
  ContainerStart(const ContainerStart&) = delete;
  ContainerStart& operator=(const ContainerStart&) = delete;
  ~ContainerStart();

  const wire::ContainerSpec& spec() const { return container_.spec_; }
  // As Launch's. After true: take().
  int fd() const { return launch_->fd(); }
  pid_t pid() const { return launch_->pid(); }
  Result<bool> advance();
  void look() { launch_->look(trace_); }
  Result<void> ended() { return launch_->ended(trace_); }
  // SIGKILL to it; its end is told as any.
  Result<void> kill() { return container_.kill(); }
  // With spec.tty, take_terminal() is the master.
  Container take();

 private:
  ContainerStart(Sandbox& sandbox, Container container)
      : sandbox_(sandbox), container_(std::move(container)) {}
  Result<void> spawn(Stdio stdio, int target);
  Error explained(Error error) const;

  Sandbox& sandbox_;
  Container container_;
  std::unique_ptr<Launch> launch_;
  Trace trace_;
  bool taken_ = false;
};

// One more process in a running container, in its cgroup and PID namespace; the caller's child.
Result<std::unique_ptr<Launch>> begin_exec(Sandbox& sandbox, Container& container,
                                           const wire::ExecSpec& spec, Stdio stdio, Trace& trace);

// The writable layer and termination file of an attempt that has ended.
Result<void> remove_files(const Layout& layout, const std::string& uid,
                          const wire::ContainerSpec& spec);

}  // namespace podctl::runtime
