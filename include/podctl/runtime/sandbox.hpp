// A pod's sandbox in the kernel: its cgroup, its files and volumes, the pause process that holds
// its namespaces, its veth pair.
//
// Used by podctl-shim, the parent of what is made here; single thread, blocking. Keeps nothing that
// has to outlive the caller: destroy_sandbox() cleans by names alone. A failed create leaves
// nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/trace.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/messages.hpp"
#include "podctl/wire/socket.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::runtime {

// The programs to execute, as descriptors (sealed memfds, CVE-2019-5736); borrowed for life.
struct Programs {
  int pause = -1;
};

class Sandbox {
 public:
  // Layout::pod_run(spec.uid) must exist. kAlreadyExists when the pod's cgroup does.
  static Result<Sandbox> create(const Layout& layout, Programs programs, cgroup::Tree tree,
                                wire::SandboxSpec spec);

  // What its containers will need of it, whatever they are, is made ahead.
  Result<void> expect_containers();
  // Makes it the sandbox of a pod that was not known when it was made.
  bool serves(const wire::SandboxSpec& wanted) const;
  Result<void> adopt(wire::SandboxSpec wanted);

  const wire::SandboxSpec& spec() const { return spec_; }
  const wire::SandboxInfo& info() const { return info_; }
  const sys::Child& pause() const { return pause_; }
  // The mount namespace that those of its containers are copies of; sys/stage.hpp.
  int stage() const { return stage_.get(); }
  // With the pod's volumes, where pause is in no such one; else -1.
  int mount_namespace() const { return mount_namespace_.get(); }
  // Its own user namespace; -1: the host's.
  int users() const { return users_.get(); }
  const Layout& layout() const { return layout_; }
  Programs programs() const { return programs_; }
  cgroup::Tree& tree() { return tree_; }
  cgroup::Group& group() { return group_; }
  std::string mounts() const { return layout_.pod_mounts(spec_.uid); }
  std::string cgroup_of(const std::string& container) const {
    return spec_.cgroup + "/" + container;
  }

  // Puts files into memory volumes, in place of those that are there; the same ones again change
  // nothing. kVolumeFailed names the volume that could not be filled.
  Result<void> fill_volumes(const std::vector<wire::VolumeContent>& contents);

  Result<wire::GroupReport> report();
  // As seen inside the pod; empty for hostNetwork.
  Result<wire::NetworkReport> network() const;
  // SIGKILL to pause, reaped here; its namespaces go with it.
  Result<void> end_pause();
  // Kills everything of the pod and removes its cgroups; what it has on disk stays. Children of the
  // caller that were in the pod must be reaped by the caller.
  Result<void> destroy();

 private:
  Sandbox(const Layout& layout, Programs programs, cgroup::Tree tree, cgroup::Group group,
          wire::SandboxSpec spec)
      : layout_(layout),
        programs_(programs),
        tree_(std::move(tree)),
        group_(std::move(group)),
        spec_(std::move(spec)) {}
  Result<void> start_pause(Trace& trace);
  Result<wire::PauseReady> await_pause(wire::Socket& socket, Trace& trace);
  Result<void> connect_network(int network, Trace& trace);
  Result<void> fill_at_first(const std::vector<wire::VolumeContent>& contents, Trace& trace);
  int memory_volume(const std::string& name) const;
  std::optional<std::uint32_t> group_of(const std::string& volume) const;

  Layout layout_;
  Programs programs_;
  cgroup::Tree tree_;
  cgroup::Group group_;
  wire::SandboxSpec spec_;
  wire::SandboxInfo info_;
  sys::Child pause_;
  std::optional<cgroup::Group> pause_group_;
  UniqueFd mount_namespace_, stage_, users_;
  std::vector<UniqueFd> memory_volumes_;         // directories, in the order of the spec
  std::map<std::string, std::uint64_t> filled_;  // hashes of what the volumes hold, by name
};

// A group with its kernel values, for describe.
Result<wire::GroupReport> report_group(const cgroup::Group& group, const std::string& id);

}  // namespace podctl::runtime
