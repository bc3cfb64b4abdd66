// What engine (podctld) and shim say to each other over a pod's SOCK_SEQPACKET connection.
//
// Bodies are codec.hpp's TLV of the structs below and of spec.hpp; datagrams are socket.hpp's.
//
//      engine (podctld)                                        shim (one a pod)
//        |  Hello {version, daemon}                              |
//        |------------------------------------------------------>| this connection is now the one,
//        |<-------------------------------------------- State ---| an older one is dropped
//        |                                                       |
//        |  CreateSandbox, StartContainer, StartContainer, ...   | may be pipelined; done in order,
//        |------------------------------------------------------>| one at a time
//        |<--------------------------- Ok {reply} | Error -------| same request id, same order
//        |                                                       |
//        |  Exec {spec} + [stdin stdout stderr program]          | without tty: the child's ends;
//        |                                                       | a program only if it is brought
//        |------------------------------------------------------>|
//        |<--------------------------- Ok {ExecStarted} + [tty] -| with tty: the terminal's master
//        |<--------------------------- ExecExited {exit code} ---| later, with Exec's request id
//        |  KillExec {request id of the Exec}                    | its end comes as any
//        |------------------------------------------------------>|
//        |                                                       |
//        |  Attach {streams} + [stdout stderr]                   | writing ends of pipes: from now
//        on what
//        |------------------------------------------------------>| goes into the log goes there too
//        |<--------------------------- Ok {Attached} + [input] --| input: stdin or the terminal
//        |  FillVolumes {contents}                               | each volume's files change
//        |------------------------------------------------------>| by one rename
//        |<---------------------------------------- Ok | Error --|
//        |  PodSockets                                           | unconnected TCP sockets of the
//        pod's
//        |------------------------------------------------------>| network namespace, to dial its
//        |<--------------------------- Ok + [IPv4 (IPv6)] -------| localhost from outside
//        |                                                       |
//        |<--------------------------- Exited {ExitRecord} ------| request id 0; and in every State
//        |  AckExit {id}                                         | until it is acknowledged
//        |------------------------------------------------------>|
//        |<--------------------------- SandboxDied {reason} -----| pause has ended
//        |                                                       |
//        |  Bye                                                  | an orderly end: the shim brings
//        |------------------------------------------------------>| no podctld back
//        |  DestroySandbox                                       |
//        |------------------------------------------------------>| kills everything
//        |<-------------------------------------- SandboxEnded --| nothing runs: its files may go
//        |<------------------------------------------------ Ok --| cgroups are gone; the shim exits
//
// A sandbox that was only prepared (PrepareSandbox) is nobody's yet: it ends with its connection.
// ExpectContainers has it make inits ahead for containers that its pod is likely to begin with.
//
// A type that a shim does not know is answered with Error{kUnsupported}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/resources.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::wire {

enum class Type : std::uint16_t {
  // Requests; the comment names the reply's body.
  kHello = 1,              // State
  kCreateSandbox = 2,      // SandboxInfo
  kStartContainer = 3,     // ContainerInfo
  kExec = 4,               // ExecStarted, then kExecExited
  kSignal = 5,             // Nothing
  kKill = 6,               // Nothing
  kUpdateResources = 7,    // Nothing
  kStats = 8,              // SandboxStats
  kAckExit = 9,            // Nothing
  kRemoveContainer = 10,   // Nothing
  kDestroySandbox = 11,    // Nothing
  kBye = 12,               // no reply
  kPrepareSandbox = 13,    // Nothing; made before its pod is known, for CreateSandbox to take over
  kKillExec = 14,          // Nothing
  kExpectContainers = 15,  // Nothing; of a sandbox that was prepared: what its pod may begin with
  kAttach = 20,            // Attached
  kPodSockets = 21,        // Nothing
  kFillVolumes = 22,       // Nothing

  // Replies.
  kOk = 64,
  kError = 65,  // ErrorBody

  // Events.
  kExecExited = 80,    // ExecExited
  kExited = 81,        // ExitRecord
  kSandboxDied = 82,   // SandboxDied
  kSandboxEnded = 83,  // Nothing
};

struct Nothing {
  template <class V>
  void wire(V&) {}
};

// base's Error on the wire.
struct ErrorBody {
  std::uint8_t code = 0;
  std::int32_t sys_errno = 0;
  std::string op, subject, detail;
  std::vector<std::string> context;
  template <class V>
  void wire(V& v) {
    v(1, code);
    v(2, sys_errno);
    v(3, op);
    v(4, subject);
    v(5, detail);
    v(6, context);
  }
};
ErrorBody to_wire(const Error& error);
Error from_wire(ErrorBody body);

struct Hello {
  std::uint16_t version = 0;  // of the protocol, as the engine speaks it
  std::vector<std::string>
      daemon;  // how to start podctld again; empty: somebody else does (systemd)
  template <class V>
  void wire(V& v) {
    v(1, version);
    v(2, daemon);
  }
};

struct ContainerState {
  std::string id, name;
  std::uint32_t attempt = 0;
  ContainerInfo info;  // of the running ones; the others stand in State::exits
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, name);
    v(3, attempt);
    v(4, info);
  }
};

// Everything a podctld that has just connected needs.
struct State {
  std::uint16_t version = 0;
  std::string uid;
  bool created = false;  // CreateSandbox has succeeded; not: PrepareSandbox
  bool alive = false;    // pause runs
  std::string death;     // why it does not
  SandboxInfo info;
  std::vector<ContainerState> containers;  // running
  std::vector<ExitRecord> exits;           // not yet acknowledged, oldest first
  template <class V>
  void wire(V& v) {
    v(1, version);
    v(2, uid);
    v(3, created);
    v(4, alive);
    v(5, death);
    v(6, info);
    v(7, containers);
    v(8, exits);
  }
};

struct ContainerRef {
  std::string id;
  template <class V>
  void wire(V& v) {
    v(1, id);
  }
};

struct SignalRequest {
  std::string id;
  std::int32_t signo = 0;
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, signo);
  }
};

struct UpdateRequest {
  std::string id;  // empty: the pod's own cgroup
  CgroupResources resources;
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, resources);
  }
};

struct AttachRequest {
  std::string id;
  bool out = false, err = false;  // descriptors that come along
  bool in = false;                // the answer brings what to write input to, if there is such
  bool last_in = false;           // stdinOnce: nobody else holds it, so its end is the workload's
  bool from_start = false;        // what has been printed before too, while that is kept
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, out);
    v(3, err);
    v(4, in);
    v(5, last_in);
    v(6, from_start);
  }
};

struct VolumeContents {
  std::vector<VolumeContent> contents;
  template <class V>
  void wire(V& v) {
    v(1, contents);
  }
};

struct Attached {
  bool tty = false;
  template <class V>
  void wire(V& v) {
    v(1, tty);
  }
};

struct ExecStarted {
  std::int32_t pid = 0;
  template <class V>
  void wire(V& v) {
    v(1, pid);
  }
};

struct ExecExited {
  std::int32_t exit_code = 0;  // 128 + signal when killed by one
  template <class V>
  void wire(V& v) {
    v(1, exit_code);
  }
};

struct ExecRef {
  std::uint32_t request = 0;  // the Exec's
  template <class V>
  void wire(V& v) {
    v(1, request);
  }
};

struct SandboxDied {
  std::string reason;
  template <class V>
  void wire(V& v) {
    v(1, reason);
  }
};

struct GroupReport {
  std::string id;                        // of the container; empty: the pod's own cgroup
  std::vector<std::string> directories;  // one a hierarchy
  CgroupStats stats;
  std::vector<KeyValue> limits;  // as the kernel holds them: "memory.limit_in_bytes" -> "67108864"
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, directories);
    v(3, stats);
    v(4, limits);
  }
};

// As the kernel tells it inside the pod's network namespace; empty for hostNetwork.
struct NetworkReport {
  std::string pod_ifname, pod_mac, host_ifname;
  std::vector<std::string> addresses;  // "10.0.0.2/20"
  std::vector<std::string> routes;     // "default via 10.0.0.1 dev eth0"
  std::uint32_t mtu = 0;
  template <class V>
  void wire(V& v) {
    v(1, pod_ifname);
    v(2, pod_mac);
    v(3, host_ifname);
    v(4, addresses);
    v(5, routes);
    v(6, mtu);
  }
};

struct SandboxStats {
  std::uint64_t wall_ns = 0;        // when it was read
  std::vector<GroupReport> groups;  // the pod's own first, then each running container's
  NetworkReport network;
  template <class V>
  void wire(V& v) {
    v(1, wall_ns);
    v(2, groups);
    v(3, network);
  }
};

}  // namespace podctl::wire
