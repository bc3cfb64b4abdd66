// What the brain asks of the hands, in the kernel's words: a sandbox, a container, an exec, and
// what comes back. Carried by messages.hpp (engine <-> shim) and launch.hpp (shim <-> init); no
// Kubernetes words here.
//
// Each struct names its fields once, with their tags, in wire(): codec.hpp encodes and decodes from
// that. Tags are only ever added; an unknown one is skipped, an absent one leaves the default.
// Times: `_ns` without more is CLOCK_BOOTTIME; `_wall_ns` is nanoseconds since the epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/id_range.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/base/resources.hpp"

namespace podctl::wire {

struct KeyValue {
  std::string key, value;
  template <class V>
  void wire(V& v) {
    v(1, key);
    v(2, value);
  }
};

// One step of a start, for `podctl trace`. `process` is who took it: "shim", "init", "podctld".
struct TraceStep {
  std::string process, name, detail;
  std::uint64_t start_ns = 0, duration_ns = 0;
  template <class V>
  void wire(V& v) {
    v(1, process);
    v(2, name);
    v(3, detail);
    v(4, start_ns);
    v(5, duration_ns);
  }
};

// A namespace as the kernel names it: type "net", "ipc", "uts", "pid", "mnt", "cgroup", "user",
// "time".
struct NamespaceId {
  std::string type;
  std::uint64_t inode = 0;
  template <class V>
  void wire(V& v) {
    v(1, type);
    v(2, inode);
  }
};

// ---- the sandbox ----

enum class SandboxNamespace : std::uint8_t { kPod = 0, kHost = 1 };

// The pod's veth pair; made by one RTM_NEWLINK. Absent for hostNetwork.
struct NetworkSpec {
  std::string bridge;       // exists already: engine makes it once a root
  std::string host_ifname;  // Layout::host_veth
  std::string pod_ifname = "eth0";
  std::vector<IpPrefix> addresses;  // added with NODAD
  std::vector<IpAddress> gateways;  // a default route each
  std::uint32_t mtu = 0;            // 0: the bridge's
  template <class V>
  void wire(V& v) {
    v(1, bridge);
    v(2, host_ifname);
    v(3, pod_ifname);
    v(4, addresses);
    v(5, gateways);
    v(6, mtu);
  }
};

// A file made by the shim in pod_run/files/ (hosts, hostname, resolv.conf).
struct PodFile {
  std::string name, content;
  std::uint32_t mode = 0644;
  template <class V>
  void wire(V& v) {
    v(1, name);
    v(2, content);
    v(3, mode);
  }
};

// hostPath's type field, empty first. https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
enum class HostPathType : std::uint8_t {
  kUnset = 0,
  kDirectoryOrCreate,
  kDirectory,
  kFileOrCreate,
  kFile,
  kSocket,
  kCharDevice,
  kBlockDevice
};

// A hostPath volume whose type asks for something: seen to before the pod's containers are made.
struct HostPath {
  std::string name, path;
  HostPathType type = HostPathType::kUnset;
  template <class V>
  void wire(V& v) {
    v(1, name);
    v(2, path);
    v(3, type);
  }
};

// A volume of the pod itself, shared by its containers: a directory on disk, or a tmpfs mounted
// once in the pod's mount namespace (gone with pause). Referred to by MountSpec::source.
struct PodVolume {
  std::string name;
  bool memory = false;
  std::string path;        // disk: the directory to make
  std::uint64_t size = 0;  // memory: bytes, 0 for the kernel's default
  std::uint32_t mode = 0777;
  std::optional<std::uint32_t> group;  // whose it is; absent: root's
  template <class V>
  void wire(V& v) {
    v(1, name);
    v(2, memory);
    v(3, path);
    v(4, size);
    v(5, mode);
    v(6, group);
  }
};

// The files of a memory volume, which change all at once.
struct VolumeFile {
  std::string path, content;  // relative, without ".."
  std::uint32_t mode = 0644;
  template <class V>
  void wire(V& v) {
    v(1, path);
    v(2, content);
    v(3, mode);
  }
};
struct VolumeContent {
  std::string name;  // of the volume
  std::vector<VolumeFile> files;
  template <class V>
  void wire(V& v) {
    v(1, name);
    v(2, files);
  }
};

// The `op` of a sandbox that could not be made for want of a volume; the kubelet's words.
inline constexpr std::string_view kVolumeFailed = "MountVolume.SetUp failed for volume";

struct SandboxSpec {
  std::string uid, name, ns;  // of the pod
  std::string hostname;
  std::string domainname;
  SandboxNamespace network = SandboxNamespace::kPod;
  SandboxNamespace ipc = SandboxNamespace::kPod;
  SandboxNamespace uts = SandboxNamespace::kPod;
  bool share_pid = false;  // pause makes a PID namespace and is its PID 1
  std::optional<NetworkSpec> net;
  std::vector<KeyValue> sysctls;  // written in the pod's namespaces: "net.ipv4.x" -> value
  std::string cgroup;             // below Layout::cgroup(): "pods/burstable/pod<uid>"
  CgroupResources resources;      // the pod's own
  std::int32_t pause_oom_score_adj = -998;
  std::uint64_t shm_size = 64U << 20;  // bytes
  std::vector<PodVolume> volumes;
  std::vector<PodFile> files;
  std::vector<HostPath> host_paths;
  std::vector<VolumeContent> contents;  // secret: kept nowhere but in the volumes
  // A user namespace of the pod's own; absent: the host's. Ids elsewhere in the specs (volumes'
  // groups, users) are those within it. Network, IPC and UTS namespace are the pod's then.
  std::optional<IdRange> users;
  template <class V>
  void wire(V& v) {
    v(1, uid);
    v(2, name);
    v(3, ns);
    v(4, hostname);
    v(5, domainname);
    v(6, network);
    v(7, ipc);
    v(8, uts);
    v(9, share_pid);
    v(10, net);
    v(11, sysctls);
    v(12, cgroup);
    v(13, resources);
    v(14, pause_oom_score_adj);
    v(15, shm_size);
    v(16, volumes);
    v(17, files);
    v(18, host_paths);
    v(19, contents);
    v(20, users);
  }
};

// Without what a sandbox gets from its pod after it was made: names, what is in its files and
// volumes, volumes of the disk.
SandboxSpec anonymous(SandboxSpec spec);
// What the making of a sandbox depends on: without what else tells one pod from another, its uid
// and its network's addresses.
std::string sandbox_kind(SandboxSpec spec);

struct SandboxInfo {
  std::int32_t pause_pid = 0;
  std::uint64_t started_wall_ns = 0;
  std::vector<NamespaceId> namespaces;
  std::string pod_mac;  // "aa:bb:…"; empty for hostNetwork
  std::vector<std::string>
      degraded;  // what could not be had here ("oom_score_adj: needs CAP_SYS_RESOURCE")
  std::vector<TraceStep> trace;
  std::optional<IdRange> users;  // as SandboxSpec's
  template <class V>
  void wire(V& v) {
    v(1, pause_pid);
    v(2, started_wall_ns);
    v(3, namespaces);
    v(4, pod_mac);
    v(5, degraded);
    v(6, trace);
    v(7, users);
  }
};

// ---- a container ----

struct RootfsSpec {
  std::vector<std::string> layers;  // directories, topmost first
  std::string upper, work;          // made by the shim (Layout::container_lib)
  bool read_only = false;
  std::vector<std::string> volumes;  // directories in it: made if missing, writable all the same
  template <class V>
  void wire(V& v) {
    v(1, layers);
    v(2, upper);
    v(3, work);
    v(4, read_only);
    v(5, volumes);
  }
};

// The pod's /dev/shm as MountSpec::source; no volume has this name, theirs are DNS labels without
// dots.
inline constexpr const char* kPodShm = "dev.shm";
// Beside them, where containers share the pod's PID namespace: its procfs. No volume has such a name.
inline constexpr const char* kPodProc = "proc.fs";

enum class MountKind : std::uint8_t {
  kBind = 0,       // `source` is a path of podctl's own on the host (trusted); file or directory
  kHostPath = 1,   // `source` is the manifest's hostPath, checked and made by `host_type`
  kPodVolume = 2,  // `source` names a memory PodVolume, kPodShm the pod's /dev/shm
  kTmpfs = 3,      // a tmpfs of the container's own
  kImage = 4,      // `layers`, read-only; `sub_path` has to be there
};

enum class Propagation : std::uint8_t { kPrivate = 0, kSlave = 1, kShared = 2 };

struct MountSpec {
  MountKind kind = MountKind::kBind;
  std::string source;
  std::string target;    // absolute, in the container; made if missing, resolved in-root
  std::string sub_path;  // below source, resolved without leaving it (CVE-2017-1002101)
  bool read_only = false;
  bool recursive_read_only = false;
  Propagation propagation = Propagation::kPrivate;
  HostPathType host_type = HostPathType::kUnset;
  std::uint64_t size = 0;           // kTmpfs, bytes
  std::uint32_t mode = 0755;        // kTmpfs
  std::string name;                 // the volume's name, for messages
  std::vector<std::string> layers;  // kImage: directories, topmost first
  // kBind, kHostPath: in a user namespace of the pod's own, ids on the disk are those within it (an
  // idmapped mount). Else they are the host's, of which the pod has only its range.
  bool mapped = false;
  template <class V>
  void wire(V& v) {
    v(1, kind);
    v(2, source);
    v(3, target);
    v(4, sub_path);
    v(5, read_only);
    v(6, recursive_read_only);
    v(7, propagation);
    v(8, host_type);
    v(9, size);
    v(10, mode);
    v(11, name);
    v(12, layers);
    v(13, mapped);
  }
};

// Who the workload runs as. `image_user` is the image's USER ("", "1000", "www-data:www-data"),
// looked up in the container's own passwd and group by init; uid and gid, when set, win over it.
struct UserSpec {
  std::string image_user;
  std::optional<std::uint32_t> uid, gid;
  std::vector<std::uint32_t> groups;  // supplemental, besides the image's
  bool strict_groups = false;  // supplementalGroupsPolicy Strict: the image's groups do not count
  template <class V>
  void wire(V& v) {
    v(1, image_user);
    v(2, uid);
    v(3, gid);
    v(4, groups);
    v(5, strict_groups);
  }
};

// Capability sets as bit masks (bit n is capability number n). "All" is masked with what podctl
// itself has.
struct Capabilities {
  std::uint64_t bounding = 0, permitted = 0, effective = 0, inheritable = 0, ambient = 0;
  template <class V>
  void wire(V& v) {
    v(1, bounding);
    v(2, permitted);
    v(3, effective);
    v(4, inheritable);
    v(5, ambient);
  }
};

struct Rlimit {
  std::int32_t resource = 0;  // RLIMIT_*
  std::uint64_t soft = 0, hard = 0;
  template <class V>
  void wire(V& v) {
    v(1, resource);
    v(2, soft);
    v(3, hard);
  }
};

// Hardening that container and exec share. Everything is applied or the start fails.
struct SecuritySpec {
  Capabilities capabilities;
  bool no_new_privs = false;
  std::string seccomp;      // compiled filter (struct sock_filter[]); empty: unconfined
  bool privileged = false;  // writable /sys and /proc/sys, host devices, no masks
  std::vector<std::string> masked_paths, readonly_paths;
  template <class V>
  void wire(V& v) {
    v(1, capabilities);
    v(2, no_new_privs);
    v(3, seccomp);
    v(4, privileged);
    v(5, masked_paths);
    v(6, readonly_paths);
  }
};

enum class PidMode : std::uint8_t { kContainer = 0, kPod = 1, kHost = 2, kTarget = 3 };

struct DeviceNode {
  std::string path;  // in the container: "/dev/fuse"
  char type = 'c';
  std::uint32_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
  template <class V>
  void wire(V& v) {
    v(1, path);
    v(2, type);
    v(3, major);
    v(4, minor);
    v(5, mode);
    v(6, uid);
    v(7, gid);
  }
};

struct ContainerSpec {
  std::string id;  // unique over all attempts: 64 hex digits
  std::string name;
  std::uint32_t attempt = 0;
  std::vector<std::string>
      argv;  // never empty; argv[0] is looked up in PATH of env, in the container
  std::vector<std::string> env;  // "K=V"
  std::string cwd = "/";         // made if missing
  RootfsSpec rootfs;
  std::vector<MountSpec> mounts;  // in this order, after the default ones (/proc, /sys, /dev, …)
  UserSpec user;
  SecuritySpec security;
  std::vector<Rlimit> rlimits;
  std::int32_t oom_score_adj = 0;
  CgroupResources resources;
  std::vector<DeviceRule> device_rules;  // besides the default allow-list
  std::vector<DeviceNode> devices;       // besides the default nodes
  PidMode pid = PidMode::kContainer;
  std::string pid_target;  // kTarget: a container id of this pod
  bool tty = false, stdin_open = false, stdin_once = false;
  std::string log_path;  // CRI format; the shim makes its directory
  std::uint64_t log_max_bytes = 10U << 20;
  std::uint32_t log_max_files = 5;
  std::string termination_path;  // host file bound into the container; empty: none
  std::string hostname_env;      // value of HOSTNAME when env has none
  bool keep_env = false;         // execs begin with this env (ExecSpec::own_env)
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, name);
    v(3, attempt);
    v(4, argv);
    v(5, env);
    v(6, cwd);
    v(7, rootfs);
    v(8, mounts);
    v(9, user);
    v(10, security);
    v(11, rlimits);
    v(12, oom_score_adj);
    v(13, resources);
    v(14, device_rules);
    v(15, devices);
    v(16, pid);
    v(17, pid_target);
    v(18, tty);
    v(19, stdin_open);
    v(20, stdin_once);
    v(21, log_path);
    v(22, log_max_bytes);
    v(23, log_max_files);
    v(24, termination_path);
    v(25, hostname_env);
    v(26, keep_env);
  }
};

struct ContainerInfo {
  std::string id;
  std::int32_t pid = 0;               // in podctl's PID namespace
  std::uint64_t started_wall_ns = 0;  // when the workload's exec had happened
  std::vector<NamespaceId> namespaces;
  std::uint32_t uid = 0, gid = 0;  // as resolved
  std::vector<std::uint32_t> groups;
  std::vector<std::string> degraded;
  std::vector<TraceStep> trace;
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, pid);
    v(3, started_wall_ns);
    v(4, namespaces);
    v(5, uid);
    v(6, gid);
    v(7, groups);
    v(8, degraded);
    v(9, trace);
  }
};

// Kept in pod_run/exits/ by the shim until the brain has taken it.
struct ExitRecord {
  std::string id, name;
  std::uint32_t attempt = 0;
  std::int32_t exit_code = 0;  // 128 + signal when killed by one
  std::int32_t signal = 0;
  std::uint64_t started_wall_ns = 0, finished_wall_ns = 0;
  std::uint64_t finished_ns = 0;  // CLOCK_BOOTTIME
  std::uint64_t oom_kills = 0;    // counted by the kernel in the container's cgroup
  bool oom_killed_main = false;   // the main process was among them: SIGKILL and oom_kills > 0
  std::uint64_t pids_max_events = 0;
  std::string termination_message;  // the file's first 4096 bytes, else empty
  template <class V>
  void wire(V& v) {
    v(1, id);
    v(2, name);
    v(3, attempt);
    v(4, exit_code);
    v(5, signal);
    v(6, started_wall_ns);
    v(7, finished_wall_ns);
    v(8, finished_ns);
    v(9, oom_kills);
    v(10, oom_killed_main);
    v(11, pids_max_events);
    v(12, termination_message);
  }
};

// ---- an exec ----

struct ExecSpec {
  std::string container_id;
  std::vector<std::string> argv, env;
  std::string cwd;
  UserSpec user;  // resolved against the container's passwd, like the container's own
  SecuritySpec security;
  bool tty = false;
  std::uint16_t rows = 0, cols = 0;  // 0: unknown
  // A program of ours is executed, from a descriptor that comes after the workload's three; none is
  // looked for in the container.
  bool brought = false;
  bool own_env = false;  // the container's own env, as it was started with, comes before `env`
  template <class V>
  void wire(V& v) {
    v(1, container_id);
    v(2, argv);
    v(3, env);
    v(4, cwd);
    v(5, user);
    v(6, security);
    v(7, tty);
    v(8, rows);
    v(9, cols);
    v(10, brought);
    v(11, own_env);
  }
};

}  // namespace podctl::wire
