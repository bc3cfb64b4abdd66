// What the shim says to podctl-pause and podctl-init at their start, and what they answer.
//
// Used by runtime (the parent's side), pause and init (the child's). Each program is started with
// one CLOEXEC SOCK_SEQPACKET socket as descriptor kLaunchSocket and nothing else but 0, 1 and 2; it
// takes one request, answers, and the socket closes. Types and fd roles stand here, meaning in the
// programs.
//
//   shim -> pause   PauseRequest                  pause -> shim   PauseReady (fds: one a memory
//   volume)
//                                                                 | LaunchFailure, then it exits
//                                                                 125
//   shim -> init    LaunchRequest (fds by role)   init -> shim    LaunchStarted (fd: the pidfd)
//                                                                 LaunchReady   (fd: the tty's
//                                                                 master)
//                   [LaunchGo, when asked]                        LaunchFailure, or end of file
// End of file after LaunchReady means that the workload was executed; before it, that init was
// killed. A LaunchFailure may also follow LaunchReady: execve itself was refused.
//
// The namespaces that pause holds are made by the spawn that starts it, so that a pod costs one
// exec: always CLONE_NEWNS; CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS where SandboxSpec says kPod;
// CLONE_NEWPID with share_pid. Init is spawned without namespace flags, but in the container's
// cgroup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::wire {

inline constexpr int kLaunchSocket = 3;

enum class LaunchType : std::uint16_t {
  kPauseRequest = 0x100,
  kPauseReady = 0x101,
  kLaunchRequest = 0x110,
  kLaunchStarted = 0x111,
  kLaunchReady = 0x112,
  kLaunchGo = 0x113,
  kLaunchFailure = 0x11f,
};

// What a descriptor that travels with a request is for.
enum class LaunchFd : std::uint8_t {
  kStdin = 0,  // given unless tty; the workload's 0
  kStdout = 1,
  kStderr = 2,
  kPause = 3,  // container: pidfd of the pod's pause
  kTarget =
      4,  // pidfd of the container whose PID namespace is joined (PidMode::kTarget), or to exec in
};

struct PauseRequest {
  SandboxSpec spec;
  std::string mounts;  // existing directory of the shim's: pod_run(uid)/mnt
  template <class V>
  void wire(V& v) {
    v(1, spec);
    v(2, mounts);
  }
};

// Everything stands: mounts at <mounts>/dev.shm and <mounts>/<volume>, names and sysctls set.
struct PauseReady {
  std::vector<NamespaceId> namespaces;
  std::vector<std::string>
      volumes;  // the memory volumes whose directory fds travel with it, in order
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
  std::vector<LaunchFd> roles;  // of the fds that travel with it, in order
  SandboxNamespace network =
      SandboxNamespace::kPod;  // kPod: joined from pause; kHost: left as they are
  SandboxNamespace ipc = SandboxNamespace::kPod;
  SandboxNamespace uts = SandboxNamespace::kPod;
  std::string mounts;        // as PauseRequest::mounts
  bool wait_for_go = false;  // hold before execve until LaunchGo arrives
  template <class V>
  void wire(V& v) {
    v(1, container);
    v(2, exec);
    v(3, roles);
    v(4, network);
    v(5, ipc);
    v(6, uts);
    v(7, mounts);
    v(8, wait_for_go);
  }
};

// Sent by init's first stage: the process that will be the workload exists, a child of the shim
// (SIGCHLD).
struct LaunchStarted {
  std::int32_t pid = 0;  // in the shim's PID namespace
  template <class V>
  void wire(V& v) {
    v(1, pid);
  }
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

struct LaunchGo {
  template <class V>
  void wire(V&) {}
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
