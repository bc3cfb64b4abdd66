// A container of a sandbox in the kernel: its cgroup, its writable layer, its main process; and
// further processes in it (exec).
//
// Used by podctl-shim, whose child the main process is; single thread, blocking. It does not wait
// for the end and reaps only what failed to start. A failed start leaves nothing.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/sandbox.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::runtime {

// The workload's ends, borrowed; -1 is /dev/null. Unused with a tty.
struct Stdio {
  int in = -1, out = -1, err = -1;
};

class Container {
 public:
  // `target`: the pidfd behind PidMode::kTarget, else -1. With spec.tty, terminal() is the master.
  static Result<Container> start(Sandbox& sandbox, wire::ContainerSpec spec, Stdio stdio,
                                 int target = -1);

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
  Container(cgroup::Group group, wire::ContainerSpec spec)
      : group_(std::move(group)), spec_(std::move(spec)) {}

  cgroup::Group group_;
  wire::ContainerSpec spec_;
  wire::ContainerInfo info_;
  sys::Child process_;
  UniqueFd terminal_;
};

struct Exec {
  sys::Child process;
  UniqueFd terminal;  // with spec.tty: its master
};
// One more process in a running container, in its cgroup; the caller's child.
Result<Exec> exec(Sandbox& sandbox, Container& container, const wire::ExecSpec& spec, Stdio stdio);

// The writable layer and termination file of an attempt that has ended.
Result<void> remove_files(const Layout& layout, const std::string& uid,
                          const wire::ContainerSpec& spec);

}  // namespace podctl::runtime
