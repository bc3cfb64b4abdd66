// A group's life: entry for new processes, updates, finding again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cgroup/tree_state.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/cgroup/values.hpp"

namespace podctl::cgroup {
namespace {

bool exceeds(std::string_view now, std::string_view wanted) {
  // -1 is no limit on v1, and the kernel answers with a huge number.
  if (wanted == "-1") return false;
  return text::parse_u64(now).value_or(UINT64_MAX) > text::parse_u64(wanted).value_or(UINT64_MAX);
}

Result<void> put(int root, const std::string& path, const FileValue& value) {
  auto written = write_at(root, joined(path, value.file), value.value);
  if (!written && value.if_present && written.error().sys_errno == ENOENT) return {};
  return written;
}

// v1: memory may never exceed memsw, at any moment. Lowering writes memory first, raising memsw.
Result<void> apply_memory_v1(int root, const std::string& path, std::vector<FileValue> list) {
  if (list.size() == 2) {
    const std::string now = TRY(read_at(root, joined(path, list[0].file)));
    if (!exceeds(text::trim(now), list[0].value)) std::swap(list[0], list[1]);
  }
  for (const FileValue& value : list) TRY(put(root, path, value));
  return {};
}

// v1: quota/period may not exceed the parent's at any moment, and each is a file of its own. If the
// period first is refused, the quota first is the other way through.
Result<void> apply_cpu_v1(int root, const std::string& path, const std::vector<FileValue>& list) {
  std::vector<FileValue> later;
  for (const FileValue& value : list) {
    auto written = put(root, path, value);
    if (!written && value.file == "cpu.cfs_period_us" && written.error().sys_errno == EINVAL) {
      later.push_back(value);
      continue;
    }
    TRY(std::move(written));
  }
  for (const FileValue& value : later) TRY(put(root, path, value));
  return {};
}

// v2: a period alone must carry the quota that is in force.
Result<void> complete_cpu_max(int root, const std::string& path, const CgroupResources& r,
                              std::vector<FileValue>& list) {
  if (r.cpu_quota_us || !r.cpu_period_us) return {};
  const std::string now = TRY(read_at(root, joined(path, "cpu.max")));
  const std::string quota(text::split(text::trim(now), ' ').front());
  for (FileValue& value : list) {
    if (value.file == "cpu.max") value.value = quota + " " + std::to_string(*r.cpu_period_us);
  }
  return {};
}

// The device directory a running process of the group is in, for a group that was found again: ""
// if open.
std::string devices_of(pid_t pid, const TreeState::Place& place) {
  const auto content = read_path("/proc/" + std::to_string(pid) + "/cgroup");
  if (!content) return "";
  for (std::string_view line : text::split(*content, '\n')) {
    const auto at = line.find(":devices:");
    if (at == std::string_view::npos) continue;
    const std::string path(line.substr(at + 9));
    const std::string base = place.root.substr(place.mount->point.size());
    const std::string full = (place.mount->root == "/" ? "" : place.mount->root) + base + "/";
    if (path.starts_with(full)) return path.substr(full.size());
  }
  return "";
}

}  // namespace

Result<Entry> Group::entry() const {
  Entry entry;
  entry.cgroup2 = dir_.get();
  for (TreeState::Place& place : tree_->places) {
    if (place.mount->v2) continue;
    std::string path;
    if (!(place.mount->controllers & made_).empty()) path = path_;
    if (place.mount->controllers.has(Controller::kDevices) && !devices_path_.empty())
      path = devices_path_;
    if (path.empty()) continue;
    entry.tasks.push_back(
        TRY(open_at(TRY(tree_->root(place, false)), joined(path, "tasks"), O_WRONLY)));
  }
  return entry;
}

Result<void> Group::apply(const CgroupResources& resources) {
  TRY(check(resources));
  for (Controller c :
       {Controller::kCpu, Controller::kCpuset, Controller::kMemory, Controller::kPids}) {
    TreeState::Place* place = tree_->place(c);
    const bool v2 = place != nullptr && place->mount->v2;
    std::vector<FileValue> list = values(c, resources, v2);
    if (list.empty()) continue;
    if (!made_.has(c)) {
      return fail(Code::kFailedPrecondition, "update cgroup", path_,
                  "it was made without the controller " + std::string(controller_name(c)));
    }
    const int root = TRY(tree_->root(*place, false));
    if (c == Controller::kMemory && !v2) {
      TRY(apply_memory_v1(root, path_, std::move(list)));
    } else if (c == Controller::kCpu && !v2) {
      TRY(apply_cpu_v1(root, path_, list));
    } else {
      if (c == Controller::kCpu) TRY(complete_cpu_max(root, path_, resources, list));
      for (const FileValue& value : list) TRY(put(root, path_, value));
    }
  }
  return {};
}

std::vector<std::string> Group::directories() const {
  std::vector<std::string> out;
  for (const TreeState::Place& place : tree_->places) {
    const bool here =
        place.mount->v2 ? dir_.get() >= 0 : !(place.mount->controllers & made_).empty();
    if (here) out.push_back(place.root + "/" + path_);
    if (!place.mount->v2 && place.mount->controllers.has(Controller::kDevices) &&
        !devices_path_.empty() && devices_path_ != path_) {
      out.push_back(place.root + "/" + devices_path_);
    }
  }
  return out;
}

Result<Group> Tree::find(const std::string& path) const {
  Group group(state_, path);
  bool found = false;
  for (TreeState::Place& place : state_->places) {
    auto root = state_->root(place, false);
    if (!root) continue;
    auto dir = open_at(*root, at_name(path), O_RDONLY | O_DIRECTORY);
    if (!dir) continue;
    found = true;
    if (!place.mount->v2) {
      group.made_ = group.made_ | place.mount->controllers;
      if (place.mount->controllers.has(Controller::kDevices)) group.devices_path_ = path;
      continue;
    }
    const std::string offered = TRY(read_at(dir->get(), "cgroup.controllers"));
    for (std::string_view name : text::split(text::trim(offered), ' ')) {
      if (auto c = controller_from_name(name)) group.made_.add(*c);
    }
    group.dir_ = std::move(*dir);
  }
  if (!found) return fail(Code::kNotFound, "find cgroup", path);
  TreeState::Place* devices = state_->place(Controller::kDevices);
  if (group.devices_path_.empty() && devices != nullptr && !devices->mount->v2) {
    const auto pids = group.procs();
    if (pids && !pids->empty()) group.devices_path_ = devices_of(pids->front(), *devices);
  }
  return group;
}

}  // namespace podctl::cgroup
