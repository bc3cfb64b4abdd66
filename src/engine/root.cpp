#include "engine/root.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "podctl/ipam/id_ranges.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/sealed_exe.hpp"

namespace podctl::engine {
namespace {

constexpr std::size_t kBootIdSize = 64;
constexpr std::chrono::milliseconds kEndBound{5000};

// Run-time state of another boot describes processes that are no more.
Result<void> check_boot(const Layout& layout) {
  const std::string now = TRY(sys::read_file("/proc/sys/kernel/random/boot_id", kBootIdSize));
  const auto then = sys::read_file(layout.boot_id(), kBootIdSize);
  if (then && *then == now) return {};
  TRY(sys::remove_tree(layout.pods_run()));
  TRY(sys::remove_tree(layout.addresses()));
  return sys::write_file(layout.boot_id(), now, 0644);
}

// What every container has mounted over files of its root: where an image has them not they need
// not be made in each writable layer, at 0.2 ms an inode of ext4, nor be removed from it.
Result<void> make_mountpoints(const std::string& directory) {
  TRY(sys::make_directories(directory, 0755));
  for (const char* name : {"/dev", "/etc", "/proc", "/sys"}) {
    TRY(sys::make_directories(directory + name, 0755));
  }
  for (const char* name : {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}) {
    // Never made anew: it is a layer of what runs.
    const UniqueFd file(::open((directory + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!file) return fail_errno(errno, "make file", directory + name);
  }
  return {};
}

}  // namespace

Result<Root> prepare_root(const Layout& layout, const std::string& helpers, bool in_service) {
  TRY(sys::make_directories(layout.lib(), 0700));
  TRY(sys::make_directories(layout.run(), 0755));
  TRY(check_boot(layout));
  TRY(sys::make_directories(layout.pods_run(), 0700));
  TRY(make_mountpoints(layout.mountpoints()));

  auto tree = TRY(cgroup::Tree::open(layout));
  // Not among the shims, whose group a reset kills, nor on v2 in a group that is to have children.
  // systemd's service is such a leaf.
  if (!in_service) TRY(tree.enter("daemon"));
  auto shims = TRY(tree.ensure("shims"));

  // Sealed, since containers are born as copies of the shim (CVE-2019-5736).
  auto shim = TRY(sys::seal_program(helpers + "/podctl-shim"));
  auto pause = TRY(sys::seal_program(helpers + "/podctl-pause"));
  return Root{.shim = std::move(shim), .pause = std::move(pause), .shims = std::move(shims)};
}

Result<void> protect_memory(const Layout& layout, std::int64_t guaranteed, std::int64_t burstable) {
  auto tree = TRY(cgroup::Tree::open(layout));
  CgroupResources all, burst;
  all.memory_min = guaranteed;
  all.memory_low = burst.memory_low = burstable;
  for (const auto& [path, resources] :
       {std::pair{"pods/burstable", burst}, {"pods", all}, {"", all}}) {
    if (*path != '\0') {
      if (auto made = tree.create(path, resources, {});
          made || made.error().code != Code::kAlreadyExists) {
        TRY(std::move(made));
        continue;
      }
    }
    auto group = TRY(tree.find(path));
    TRY(group.apply(resources));
  }
  return {};
}

Result<SpawnedShim> spawn_shim(const Root& root, const Layout& layout, const std::string& uid) {
  auto [ours, theirs] = TRY(wire::Socket::pair());
  const cgroup::Entry entry = TRY(root.shims.entry());
  sys::SpawnSpec spec;
  spec.exe = root.shim.get();
  spec.argv = {"podctl-shim", uid, layout.root()};
  spec.fds = {{.from = theirs.fd(), .number = 3}, {.from = root.pause.get(), .number = 4}};
  spec.cgroup = entry.cgroup2;
  for (const UniqueFd& fd : entry.tasks) spec.tasks.push_back(fd.get());
  spec.new_session = true;
  return SpawnedShim{TRY(sys::spawn(spec)), std::move(ours)};
}

namespace {

Result<void> reset_groups(const Layout& layout) {
  auto tree = TRY(cgroup::Tree::open(layout));
  TRY(tree.leave());  // whoever resets must not die of it
  return tree.destroy(kEndBound);
}

}  // namespace

Result<void> reset_root(const Layout& layout) {
  TRY(reset_groups(layout));
  TRY(reset_network(layout));
  TRY(ipam::release_ids_but(layout, {}));
  for (const std::string& path :
       {layout.pods_run(), layout.addresses(), layout.boot_id(), layout.run() + "/podctld.starter",
        layout.lib() + "/pods", layout.mountpoints()}) {
    TRY(sys::remove_tree_and_mounts(path));
  }
  return {};
}

}  // namespace podctl::engine
