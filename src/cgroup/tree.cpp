#include "podctl/cgroup/tree.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "cgroup/tree_state.hpp"
#include "podctl/base/text.hpp"

namespace podctl::cgroup {
namespace {

// Where the pods of a machine's own podctld.service live; those of other roots do not, for stopping
// the unit ends all that is in it. Not in podctld's own service: systemd (before version 254's
// DelegateSubgroup=) starts a service's process in the top of its cgroup, which cgroup2 refuses
// while that has children with controllers. A podctld that was killed would never come back beside
// its pods (exit status 219/CGROUP).
constexpr const char* kDelegatedUnit = "/system.slice/podctl-pods.service";

// systemd marks what it hands over (systemd.resource-control(5), Delegate=).
bool marked_delegated(const std::string& dir) {
  std::array<char, 8> value{};
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    const ssize_t size = ::getxattr(dir.c_str(), name, value.data(), value.size());
    if (size >= 1 && value[0] == '1') return true;
  }
  return false;
}

// `own` as seen below the mount point; "" when it is the mounted directory itself or lies outside.
std::string below_mount(const Mount& mount) {
  if (mount.root == "/") return mount.own == "/" ? "" : mount.own;
  if (!mount.own.starts_with(mount.root)) return "";
  const std::string rest = mount.own.substr(mount.root.size());
  return rest.empty() || rest.front() == '/' ? rest : "";
}

// The caller's cgroup as a directory.
std::string own_dir(const Mount& mount) { return mount.point + below_mount(mount); }

bool is_below(const std::string& dir, const std::string& root) {
  return dir.starts_with(root + "/");
}

// cgroup.procs takes all threads of the writer along, on v1 too (its `tasks` takes one).
Result<void> move_self(Hierarchy& hierarchy, const TreeState::Place& place,
                       const std::string& dir) {
  TRY(write_at(AT_FDCWD, dir + "/cgroup.procs", "0"));
  for (Mount& mount : hierarchy.mounts) {
    if (&mount != place.mount) continue;
    mount.own = (mount.root == "/" ? "" : mount.root) + dir.substr(mount.point.size());
    if (mount.own.empty()) mount.own = "/";
  }
  return {};
}

// The directory that holds this root's. Found again before it is chosen: the root may have been
// made while systemd's unit ran and be asked for when it does not, or the other way round.
std::string base_of(const Mount& mount, bool unit_wanted, const std::string& name) {
  // A shim, and a podctld that is no service, are inside already.
  const std::string own = own_dir(mount) + "/";
  if (const auto at = own.find(name + "/", mount.point.size()); at != std::string::npos)
    return own.substr(0, at);
  if (::access((mount.point + name).c_str(), F_OK) == 0) return mount.point;
  const std::string unit = mount.point + kDelegatedUnit;
  return mount.v2 && unit_wanted && marked_delegated(unit) ? unit : mount.point;
}

}  // namespace

Result<Tree> Tree::open(const Layout& layout) {
  const Home home = layout.root().empty() ? Home::kService : Home::kTop;
  return open(layout.cgroup(), TRY(Hierarchy::detect()), home);
}

Result<Tree> Tree::open(const std::string& name, Hierarchy hierarchy, Home home) {
  if (name.size() < 2 || name.front() != '/' || !text::valid_id(std::string_view(name).substr(1))) {
    return fail(Code::kInvalidArgument, "open cgroup tree", name,
                "not a name at the top of a hierarchy");
  }
  auto state = std::make_shared<TreeState>();
  state->hierarchy = std::move(hierarchy);
  const bool unit_wanted = home == Home::kService && state->hierarchy.systemd;
  for (const Mount& mount : state->hierarchy.mounts) {
    TreeState::Place place;
    place.mount = &mount;
    place.root = base_of(mount, unit_wanted, name) + name;
    state->places.push_back(std::move(place));
  }
  return Tree(std::move(state));
}

const Hierarchy& Tree::hierarchy() const { return state_->hierarchy; }

std::string Tree::root(Controller c) const {
  const TreeState::Place* place = state_->place(c);
  return place == nullptr ? std::string() : place->root;
}

Result<std::vector<std::string>> Tree::list(const std::string& path) const {
  std::set<std::string> all;
  for (TreeState::Place& place : state_->places) {
    for (std::string& name : TRY(state_->children(place, path))) all.insert(std::move(name));
  }
  return std::vector<std::string>(all.begin(), all.end());
}

Result<void> Tree::enter(const std::string& name) {
  for (TreeState::Place& place : state_->places) {
    const std::string leaf = place.root + "/" + name;
    const std::string own = own_dir(*place.mount);
    if (own == leaf || (!place.mount->v2 && !is_below(own, place.root))) continue;
    TRY(state_->make_dir(place, name));
    TRY(move_self(state_->hierarchy, place, leaf));
  }
  return {};
}

Result<void> Tree::leave() {
  for (TreeState::Place& place : state_->places) {
    if (!is_below(own_dir(*place.mount), place.root)) continue;
    const std::string above = place.root.substr(0, place.root.rfind('/'));
    auto moved = move_self(state_->hierarchy, place, above);
    // systemd's unit hands controllers down and so holds nobody; the machine's own top always may.
    if (!moved && moved.error().sys_errno == EBUSY && above != place.mount->point)
      moved = move_self(state_->hierarchy, place, place.mount->point);
    if (!moved && moved.error().sys_errno == EBUSY) continue;
    TRY(std::move(moved));
  }
  return {};
}

Result<void> Tree::destroy(std::chrono::milliseconds bound) {
  // The caller's own leaf, and so the root above it, stays: it cannot be removed from inside.
  std::string inside;
  for (const TreeState::Place& place : state_->places) {
    const std::string own = own_dir(*place.mount);
    if (is_below(own, place.root)) inside = own.substr(place.root.size() + 1);
  }
  inside = inside.substr(0, inside.find('/'));
  for (const std::string& name : TRY(list(""))) {
    if (name == inside) continue;
    auto group = find(name);
    if (!group && group.error().code == Code::kNotFound) continue;
    Group found = TRY(std::move(group));
    TRY(found.kill());
    TRY(found.remove(bound));
  }
  if (!inside.empty()) return {};
  for (TreeState::Place& place : state_->places) {
    place.dir.reset();
    if (::rmdir(place.root.c_str()) != 0 && errno != ENOENT) {
      return fail_errno(errno, "remove cgroup", place.root);
    }
  }
  state_->enabled.clear();
  state_->shared_devices_ready = false;
  return {};
}

}  // namespace podctl::cgroup
