// What the shim gives to its copies that become a pod's pause and a container's workload, and what
// they answer.
//
// Used by runtime (the parent's side), pause and init (the child's). A request is handed over by
// memory: the child is a copy of the shim. The answers come over a CLOEXEC SOCK_SEQPACKET socket:
//
//   NamespacesMade: below
//   PauseRequest  -> pause -> shim   PauseReady (fds: one a memory volume; those that are too many
//                                    for one message come with further ones, which are empty)
//                                    | LaunchFailure, then it exits 125
//   LaunchRequest -> init  -> shim   LaunchReady (fd: the tty's master) | LaunchFailure
//                                    end of file: the workload was executed
// End of file before LaunchReady means that init was killed. A LaunchFailure may also follow
// LaunchReady: execve itself was refused.
//
// An init that is made before its container (init::Handover) has done what does not depend on the
// container, and waits for the request:
//
//   shim -> init  LaunchRequested    the request lies in the memory that both share
//                 | end of file: nobody wants it, and it exits
//
// The namespaces that pause holds are made by the clone that starts it: always CLONE_NEWNS;
// CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS where SandboxSpec says kPod; CLONE_NEWPID with
// share_pid. With a user namespace of the pod's own, network, IPC and UTS have to belong to that:
// another copy makes them first, and pause joins them.
//
//   shim -> maker  LaunchRequested    its ids are mapped
//   maker -> shim  NamespacesMade | LaunchFailure; it is killed once the shim has opened them
//
// Init is born in the container's cgroup and in the PID namespace that the workload
// shall have: a new one of its own, or another process's. It makes or joins the others itself, and
// becomes the workload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::wire {

// As every helper of podctl exits when it could not start its work.
inline constexpr int kLaunchFailed = 125;

enum class LaunchType : std::uint16_t {
  kPauseReady = 0x101,
  kNamespacesMade = 0x102,
  kLaunchRequested = 0x111,
  kLaunchReady = 0x112,
  kLaunchFailure = 0x11f,
};

struct PauseRequest {
  SandboxSpec spec;
  std::string mounts;  // existing directory of the shim's: pod_run(uid)/mnt
  // Namespaces that were made before, as descriptors: with SandboxSpec::users, else -1.
  int users = -1, network = -1, ipc = -1, uts = -1;
};

// Everything stands: mounts at <mounts>/dev.shm and <mounts>/<volume>, names and sysctls set.
struct PauseReady {
  std::vector<NamespaceId> namespaces;
  // The memory volumes whose directory fds travel with it, in order; then comes the stage's
  // (sys/stage.hpp).
  std::vector<std::string> volumes;
  std::vector<std::string> degraded;
  std::vector<TraceStep> trace;
  template <class V>
  void wire(V& v) {
    v(1, namespaces);
    v(2, volumes);
    v(3, degraded);
    v(4, trace);
  }
};

// Exactly one of container and exec.
struct LaunchRequest {
  std::optional<ContainerSpec> container;
  std::optional<ExecSpec> exec;
  SandboxNamespace network =
      SandboxNamespace::kPod;  // kPod: joined from pause; kHost: left as they are
  SandboxNamespace ipc = SandboxNamespace::kPod;
  SandboxNamespace uts = SandboxNamespace::kPod;
  std::string mounts;            // as PauseRequest::mounts
  std::optional<IdRange> users;  // as SandboxSpec::users
};

// Sent by the last step before execve.
struct LaunchReady {
  std::uint32_t uid = 0, gid = 0;  // as resolved
  std::vector<std::uint32_t> groups;
  std::vector<NamespaceId> namespaces;  // as seen from the host
  std::vector<std::string> degraded;
  std::vector<TraceStep> trace;
  template <class V>
  void wire(V& v) {
    v(1, uid);
    v(2, gid);
    v(3, groups);
    v(4, namespaces);
    v(5, degraded);
    v(6, trace);
  }
};

// The one failure record. `step` names the step that was under way ("join namespaces", "execute").
struct LaunchFailure {
  std::string step;
  std::uint8_t code = 0;  // podctl::Code
  std::int32_t sys_errno = 0;
  std::string op, subject, detail;
  std::vector<std::string> context;
  std::vector<TraceStep> trace;  // what had been done

  static LaunchFailure from(std::string step, const Error& error) {
    return {std::move(step), static_cast<std::uint8_t>(error.code),
            error.sys_errno, error.op,
            error.subject,   error.detail,
            error.context,   {}};
  }
  Error error() const { return {static_cast<Code>(code), sys_errno, op, subject, detail, context}; }

  template <class V>
  void wire(V& v) {
    v(1, step);
    v(2, code);
    v(3, sys_errno);
    v(4, op);
    v(5, subject);
    v(6, detail);
    v(7, context);
    v(8, trace);
  }
};

}  // namespace podctl::wire
