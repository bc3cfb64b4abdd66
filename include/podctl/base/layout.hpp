// Where everything of one podctl root lies, and what its kernel objects are called. The only place where
// such a path or name is made; used by every program.
//
//   --root DIR (or PODCTL_ROOT)   no root given
//   DIR/lib/                      /var/lib/podctl/            survives a boot
//     podctl                                                  says that podctl made this lib/ (with --root only)
//     objects.db                                              the object store (SQLite)
//     images/                                                 the image store
//     mountpoints/                                            the lowest layer of every container
//     pods/<uid>/
//       volumes/<name>/                                       disk emptyDirs
//       containers/<name>/<attempt>/{upper,work}              a container's writable layer
//   DIR/run/                      /run/podctl/                of this boot only
//     boot_id                                                 the boot it belongs to; another boot's is swept
//     podctld.sock  podctld.lock  podctld.log
//     pods/<uid>/                                             made once by the shim, removed whole
//       shim.sock  shim.pid  shim.log
//       spec/                                                 what the shim was told, for recovery
//       exits/<container>.<attempt>                           exit records not yet taken
//       files/{hosts,hostname,resolv.conf}
//       termination/<container>.<attempt>                     termination message files
//     addresses/<ip>                                          O_EXCL files, the owner's pod uid inside
//   DIR/log/pods/                 /var/log/pods/              <ns>_<pod>_<uid>/<container>/<attempt>.log
//
//   /run/podctl-subnets/<third.fourth>                        global: one file a root's subnet, under one lock
//   /run/podctl-ids/<first id>                                global: one file a pod's 65536 host ids, under one lock
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace podctl {

class Layout {
 public:
  // An empty root means the system's own places. `root` must be absolute.
  explicit Layout(std::string root = {});
  // --root if given, else PODCTL_ROOT, else the system's places; made absolute against the working directory
  // and free of links and dots, since kernel objects are named for it: one directory is one root.
  static Layout from(std::string_view flag);

  const std::string& root() const { return root_; }
  std::string lib() const;
  std::string run() const;
  std::string logs() const;

  std::string marker() const { return lib() + "/podctl"; }
  std::string objects_db() const { return lib() + "/objects.db"; }
  std::string images() const { return lib() + "/images"; }
  std::string mountpoints() const { return lib() + "/mountpoints"; }
  std::string pod_lib(std::string_view uid) const;
  std::string volume(std::string_view uid, std::string_view volume) const;
  std::string container_lib(std::string_view uid, std::string_view container, std::uint32_t attempt) const;

  std::string socket() const { return run() + "/podctld.sock"; }
  std::string lock() const { return run() + "/podctld.lock"; }
  std::string boot_id() const { return run() + "/boot_id"; }
  std::string pods_run() const { return run() + "/pods"; }
  std::string pod_run(std::string_view uid) const;
  // Where pause alone, in its mount namespace, has the pod's mounts: one of each volume in memory.
  std::string pod_mounts(std::string_view uid) const { return pod_run(uid) + "/mnt"; }
  std::string addresses() const { return run() + "/addresses"; }
  std::string pod_logs(std::string_view ns, std::string_view pod, std::string_view uid) const;
  std::string container_log(std::string_view ns, std::string_view pod, std::string_view uid,
                            std::string_view container, std::uint32_t attempt) const;

  // Kernel names; interface names have at most 15 characters.
  std::string bridge() const;                            // "podctl0", or "podctl" + 8 hex digits of the root
  std::string host_veth(std::string_view uid) const;     // "veth" + 11 hex digits of (root, uid)
  std::string cgroup() const;                            // "/podctl-<8 hex>" in each hierarchy
  std::string nft_table() const;                         // "podctl_<8 hex>"

 private:
  std::string id() const;
  std::string root_;
};

}  // namespace podctl
