// Tree::create: the directories, values and device closing of a new group, undone as a whole on
// failure.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "cgroup/tree_state.hpp"
#include "podctl/base/rollback.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/devices.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/cgroup/values.hpp"

namespace podctl::cgroup {
namespace {

Result<void> check_path(const std::string& path) {
  for (std::string_view name : text::split(path, '/')) {
    if (!text::valid_id(name))
      return fail(Code::kInvalidArgument, "make cgroup", path, "not a valid name");
  }
  return {};
}

// Which controllers a new group must have a directory or files for.
Result<ControllerSet> wanted(const Hierarchy& hierarchy, const CgroupResources& r,
                             const GroupOptions& options) {
  const Mode mode = hierarchy.mode();
  const auto on_v2 = [&](Controller c) {
    const Mount* mount = hierarchy.where(c);
    return mount != nullptr && mount->v2;
  };
  ControllerSet set;
  for (Controller c : needed(r, on_v2(Controller::kMemory)).list()) set.add(c);
  if (options.count) {
    set.add(Controller::kMemory);
    // cgroup2 counts CPU time in every directory (cpu.stat), with or without the controller.
    if (mode == Mode::kV1) set = set | ControllerSet{Controller::kCpuacct, Controller::kFreezer};
  }
  if (options.close_devices) set.add(Controller::kDevices);
  for (Controller c : set.list()) {
    if (hierarchy.where(c) == nullptr) {
      return fail(Code::kUnsupported, "make cgroup", std::string(controller_name(c)),
                  "this kernel does not offer the controller");
    }
  }
  return set;
}

Result<void> write_values(int root, const std::string& path, Controller c, const CgroupResources& r,
                          bool v2) {
  for (const FileValue& value : values(c, r, v2)) {
    // A new group has the default period already: one write less.
    if (value.file == "cpu.cfs_period_us" && r.cpu_period_us == kDefaultPeriodUs) continue;
    auto written = write_at(root, joined(path, value.file), value.value);
    if (!written && value.if_present && written.error().sys_errno == ENOENT) continue;
    TRY(std::move(written));
  }
  return {};
}

Result<UniqueFd> open_group(TreeState& state, TreeState::Place& unified, const std::string& path) {
  return open_at(TRY(state.root(unified, false)), path, O_RDONLY | O_DIRECTORY);
}

Result<void> close_devices_v2(TreeState& state, int dir, const GroupOptions& options) {
  if (!options.devices.empty()) {
    std::vector<DeviceRule> rules = default_device_rules();
    rules.insert(rules.end(), options.devices.begin(), options.devices.end());
    const UniqueFd program = TRY(load_device_program(rules));
    return attach_device_program(program.get(), dir);
  }
  if (!state.default_program)
    state.default_program = TRY(load_device_program(default_device_rules()));
  return attach_device_program(state.default_program.get(), dir);
}

// Makes one directory, to be removed again if a later step fails. kAlreadyExists when somebody has
// it.
Result<void> make_new(TreeState& state, TreeState::Place& place, const std::string& path,
                      Rollback& undo) {
  if (!TRY(state.make_dir(place, path))) {
    return fail(Code::kAlreadyExists, "make cgroup", place.root + "/" + path);
  }
  const int root_dir = TRY(state.root(place, false));
  undo.add([root_dir, path]() -> Result<void> {
    if (::unlinkat(root_dir, path.c_str(), AT_REMOVEDIR) != 0)
      return fail_errno(errno, "remove cgroup", path);
    return {};
  });
  return {};
}

}  // namespace

Result<Group> Tree::create(const std::string& path, const CgroupResources& resources,
                           const GroupOptions& options) {
  TRY(check_path(path));
  TRY(check(resources));
  for (const DeviceRule& rule : options.devices) TRY(check(rule));
  const ControllerSet set = TRY(wanted(state_->hierarchy, resources, options));
  Group group(state_, path);
  Rollback undo;
  for (TreeState::Place& place : state_->places) {
    ControllerSet here = set & place.mount->controllers;
    if (place.mount->v2) {
      if (!here.empty()) {
        TRY(state_->make_dir(place, parent_of(path)));
        TRY(state_->enable(place, parent_of(path), here));
      }
      TRY(make_new(*state_, place, path, undo));
      group.dir_ = TRY(open_group(*state_, place, path));
      if (here.has(Controller::kDevices)) TRY(close_devices_v2(*state_, group.dir_.get(), options));
    } else {
      if (here.has(Controller::kDevices) && options.devices.empty()) {
        group.devices_path_ = TRY(shared_devices(*state_));
        here.remove(Controller::kDevices);
      }
      if (here.empty()) continue;
      TRY(make_new(*state_, place, path, undo));
      if (here.has(Controller::kDevices)) {
        TRY(close_devices_v1(place.dir.get(), path, options.devices));
        group.devices_path_ = path;
      }
    }
    for (Controller c : here.list())
      TRY(write_values(place.dir.get(), path, c, resources, place.mount->v2));
    group.made_ = group.made_ | (place.mount->v2 ? here : place.mount->controllers);
  }
  undo.release();
  return group;
}

Result<void> Tree::expect_child(const std::string& path, const GroupOptions& options) {
  const ControllerSet set = TRY(wanted(state_->hierarchy, {}, options));
  for (TreeState::Place& place : state_->places) {
    ControllerSet here = set & place.mount->controllers;
    if (!place.mount->v2 && here.has(Controller::kDevices) && options.devices.empty()) {
      TRY(shared_devices(*state_));
      here.remove(Controller::kDevices);
    }
    if (here.empty()) continue;
    TRY(state_->make_dir(place, path));
    if (place.mount->v2) TRY(state_->enable(place, path, here));
  }
  return {};
}

Result<Group> Tree::ensure(const std::string& path) {
  TRY(check_path(path));
  for (TreeState::Place& place : state_->places) {
    // Refused while somebody is in it or below it: then nobody has ended the group.
    auto root = state_->root(place, false);
    if (root) (void)::unlinkat(*root, path.c_str(), AT_REMOVEDIR);
  }
  auto made = create(path, {}, {});
  if (made || made.error().code != Code::kAlreadyExists) return made;
  return find(path);
}

}  // namespace podctl::cgroup
