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

// The nearest cgroup at or above the caller that systemd delegated to a service or scope. A user's
// manager (user@0.service) is delegated too, but to that manager, not to us.
std::string delegated_dir(const Mount& mount) {
  for (std::string path = below_mount(mount); !path.empty();
       path = path.substr(0, path.rfind('/'))) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (name.starts_with("user@")) return "";
    if (marked_delegated(mount.point + path)) return mount.point + path;
  }
  return "";
}

}  // namespace

Result<Tree> Tree::open(const std::string& name) { return open(name, TRY(Hierarchy::detect())); }

Result<Tree> Tree::open(const std::string& name, Hierarchy hierarchy) {
  if (name.size() < 2 || name.front() != '/' || !text::valid_id(std::string_view(name).substr(1))) {
    return fail(Code::kInvalidArgument, "open cgroup tree", name,
                "not a name at the top of a hierarchy");
  }
  auto state = std::make_shared<TreeState>();
  state->hierarchy = std::move(hierarchy);
  for (const Mount& mount : state->hierarchy.mounts) {
    TreeState::Place place;
    place.mount = &mount;
    std::string base = mount.point;
    if (mount.v2 && state->hierarchy.systemd) {
      if (std::string given = delegated_dir(mount); !given.empty()) {
        base = std::move(given);
        state->delegated = true;
      }
    }
    place.root = base + name;
    state->places.push_back(std::move(place));
  }
  return Tree(std::move(state));
}

const Hierarchy& Tree::hierarchy() const { return state_->hierarchy; }
bool Tree::delegated() const { return state_->delegated; }

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
    auto moved = move_self(state_->hierarchy, place, place.root.substr(0, place.root.rfind('/')));
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
