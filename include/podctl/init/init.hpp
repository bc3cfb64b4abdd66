// The child's side of a container start and of an exec: "podctl-init". Runs in a copy of the shim,
// in the container's cgroup: it gathers what needs the host, enters the pod's namespaces, and becomes
// the workload. It never runs in the shim itself.
//
// It is born into a PID namespace of the container's own, where nobody else is, or stays in the
// shim's until it has nothing of the host any more and only the workload's privileges: who is in a
// PID namespace with CAP_SYS_PTRACE may trace all that he sees there (CVE-2016-9962). Then it is a
// child of it that executes; until it has, that is a copy of the shim's memory, which knows its pod.
//
// The shim was executed from a sealed memfd: until the workload is executed, /proc/PID/exe of this
// process leads to nothing that could be written (CVE-2019-5736).
#pragma once

#include "podctl/base/error.hpp"
#include "podctl/wire/launch.hpp"

namespace podctl::init {

// All of them open, each its own; owned by run(). -1: absent.
struct Descriptors {
  int answers = -1;             // wire::Socket to the shim
  int process = -1;             // pidfd: of pause, or for an exec of the container's main process
  int pid = -1;                 // pidfd: in whose PID namespace to execute; none: where we are
  int mounts = -1;              // the mount namespace with the pod's volumes; none: that of `process`
  int stage = -1;               // of the pod, for a container; sys/stage.hpp
  int users = -1;               // the pod's own user namespace
  int stdio[3] = {-1, -1, -1};  // the workload's; unused with a terminal
  int program = -1;             // to execute, in place of one of the container's
};

// Only returns when it failed, after it has said so: the exit code. With `pid` it does not return in
// the first process, which ends once it has handed over.
int run(Result<void> entered, wire::LaunchRequest request, Descriptors fds);

// Where an init that is made before its container, in memory that it shares with the shim, finds
// what it shall run. Written before the shim says that it is there (wire/launch.hpp).
struct Handover {
  const wire::LaunchRequest* request = nullptr;
};
// The same with the request still to come; `known` says of the container what its writable layer
// is, no more. Returns also when no container comes.
int wait_and_run(Result<void> entered, wire::LaunchRequest known, const Handover& handover,
                 Descriptors fds);

}  // namespace podctl::init
