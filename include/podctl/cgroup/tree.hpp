// podctl's part of the cgroup tree, behind one interface over v1, hybrid and v2: make, find, list,
// remove.
//
// Used by the shim (its pod's groups) and by the brain (recovery, describe, reset). Single-threaded
// use of one Tree; different processes may work below the same root at once. It never moves a
// process other than the caller, never touches a cgroup outside its root, and knows nothing of
// pods.
//
//   auto tree = TRY(cgroup::Tree::open(layout.cgroup()));
//   auto pod = TRY(tree.create("pods/burstable/pod1234", pod_resources, {}));
//   auto web = TRY(tree.create("pods/burstable/pod1234/web", resources,
//                              {.count = true, .close_devices = true, .devices = extra}));
//   auto entry = TRY(web.entry());  // for sys/spawn: SpawnSpec::cgroup and ::tasks
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/layout.hpp"
#include "podctl/base/resources.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cgroup/hierarchy.hpp"

namespace podctl::cgroup {

struct TreeState;

struct GroupOptions {
  bool count = false;          // a container: usage and OOM kills are counted, and kill() works
  bool close_devices = false;  // nothing but default_device_rules() and `devices` may be opened
  std::vector<DeviceRule> devices;
};

// What a new process needs to be born inside a group. Close the descriptors once it is spawned.
struct Entry {
  int cgroup2 = -1;             // borrowed from the Group: for CLONE_INTO_CGROUP; -1 on pure v1
  std::vector<UniqueFd> tasks;  // v1: the child writes "0" to each before it has threads
};

// One value as the kernel holds it now, for describe.
struct Limit {
  Controller controller = Controller::kCpu;
  std::string file;   // "memory.limit_in_bytes"
  std::string value;  // as read, without the line end
};

// A group made or found. Cheap to keep: one descriptor, of its cgroup2 directory, where there is
// one.
class Group {
 public:
  const std::string& path() const { return path_; }  // below the tree's root
  ControllerSet controllers() const {
    return made_;
  }                                           // those with a directory (v1) or files (v2) here
  int cgroup2() const { return dir_.get(); }  // -1 where there is none

  Result<Entry> entry() const;

  // Writes the values that are set, in an order the kernel takes while processes run. A value whose
  // controller was not asked for at creation is kFailedPrecondition; below current use, the kernel
  // decides (v1 memory: EBUSY, as kFailedPrecondition).
  Result<void> apply(const CgroupResources& resources);
  Result<CgroupStats> stats() const;  // without io_read and io_written
  // Those two: a look at every process of the group.
  Result<void> add_disk_use(CgroupStats& stats) const;
  Result<std::vector<Limit>> limits() const;
  // Absolute directories, one a hierarchy, for describe.
  std::vector<std::string> directories() const;

  // SIGKILL to everything in the group and below: cgroup.kill where a cgroup2 directory exists
  // (5.14), else v1's freezer. Does not wait.
  Result<void> kill();
  // Processes directly in this group (`below`: and in all groups under it), in the caller's PID
  // namespace.
  Result<std::vector<pid_t>> procs(bool below = false) const;
  // Waits until no live process is left here and below; kTimedOut.
  Result<void> wait_empty(std::chrono::milliseconds bound) const;
  // rmdir in every hierarchy, children first. Waits up to `bound` for exiting processes; kTimedOut
  // names the directory that stays busy. A group that is gone already is no error.
  Result<void> remove(std::chrono::milliseconds bound = std::chrono::milliseconds(2000));

 private:
  friend class Tree;
  Group(std::shared_ptr<TreeState> tree, std::string path)
      : tree_(std::move(tree)), path_(std::move(path)) {}

  std::shared_ptr<TreeState> tree_;
  std::string path_;
  ControllerSet made_;
  std::string devices_path_;  // v1: the directory whose `tasks` closes devices, often a shared one
  UniqueFd dir_;
};

class Tree {
 public:
  // Where a root's groups lie: at the top of each hierarchy, as other programs that manage their
  // cgroups themselves do beside systemd; those of the machine's own root, where systemd is PID 1
  // and podctl-pods.service runs, in the cgroup2 directory that it delegates.
  enum class Home : std::uint8_t { kTop, kService };

  // A root that exists is found where it is. Makes nothing yet.
  static Result<Tree> open(const Layout& layout);
  // `name`: Layout::cgroup().
  static Result<Tree> open(const std::string& name, Hierarchy hierarchy, Home home = Home::kTop);

  const Hierarchy& hierarchy() const;
  std::string root(
      Controller c) const;  // the root's absolute directory; empty where c is not mounted

  // Makes a group and what is missing of its parents. On v1 a controller's directory is made only
  // where a value or a count needs it; on v2 the controllers are enabled on the way down.
  // kAlreadyExists if it is there; kUnsupported names a controller this kernel does not offer.
  // Undoes itself on failure. `path`: components are text::valid_id, joined by '/'.
  Result<Group> create(const std::string& path, const CgroupResources& resources,
                       const GroupOptions& options);

  // What a child of the group at `path` with these options needs there is made ahead: the child
  // then costs a directory or two. It goes with the group.
  Result<void> expect_child(const std::string& path, const GroupOptions& options);

  // The group at `path`, made when it is missing and made anew when it is there but empty: since
  // Linux 6.14 a group that was once killed also kills whoever is born into it later
  // (CLONE_INTO_CGROUP).
  Result<Group> ensure(const std::string& path);

  // A group that exists; kNotFound.
  Result<Group> find(const std::string& path) const;
  // Names of the groups directly below `path` ("" is the root), over all hierarchies, sorted. Empty
  // if gone.
  Result<std::vector<std::string>> list(const std::string& path) const;
  // Kills and removes everything below the root, and the root itself. A leaf that holds the caller
  // stays, and the root with it.
  Result<void> destroy(std::chrono::milliseconds bound = std::chrono::milliseconds(5000));

  // Moves the calling process into the leaf `name` ("daemon") wherever there is a cgroup2 mount,
  // and on v1 out of any other group of this root. Needed on v2 before a group is made below a root
  // that holds the caller, and everywhere by a podctld that was born into the `shims` of the shim
  // that revived it. May wait for an RCU grace period: once, at start.
  Result<void> enter(const std::string& name);
  // Moves the calling process out of the root, to the cgroup above it, so that destroy() can remove
  // all of it. Where cgroup2 lets nobody be there (a container's own top that hands controllers
  // down) the caller stays where it is: no error.
  Result<void> leave();

 private:
  friend class Group;
  explicit Tree(std::shared_ptr<TreeState> state) : state_(std::move(state)) {}
  std::shared_ptr<TreeState> state_;
};

}  // namespace podctl::cgroup
