#include "cgroup/tree_state.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "podctl/base/text.hpp"

namespace podctl::cgroup {
namespace {

// cpuset refuses processes while cpus or mems are empty (ENOSPC). Our root takes its parent's, and
// hands its own down to every new child by itself: cgroup.clone_children (cgroup-v1/cpusets.rst).
Result<void> fill_cpuset(const Mount& mount, const std::string& root) {
  const std::string above = root.substr(0, root.rfind('/'));
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const std::string value = TRY(read_path((above.empty() ? mount.point : above) + "/" + file));
    TRY(write_at(AT_FDCWD, root + "/" + file, text::trim(value)));
  }
  return write_at(AT_FDCWD, root + "/cgroup.clone_children", "1");
}

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "/" + std::string(name);
}

TreeState::Place* TreeState::place(Controller c) {
  const Mount* mount = hierarchy.where(c);
  for (Place& place : places) {
    if (place.mount == mount && mount != nullptr) return &place;
  }
  return nullptr;
}

TreeState::Place* TreeState::unified() {
  for (Place& place : places) {
    if (place.mount->v2) return &place;
  }
  return nullptr;
}

Result<int> TreeState::root(Place& place, bool make) {
  if (place.dir) return place.dir.get();
  auto opened = open_at(AT_FDCWD, place.root, O_PATH | O_DIRECTORY);
  if (!opened && opened.error().sys_errno == ENOENT && make) {
    if (::mkdir(place.root.c_str(), 0755) == 0) {
      if (!place.mount->v2 && place.mount->controllers.has(Controller::kCpuset)) {
        TRY(fill_cpuset(*place.mount, place.root));
      }
    } else if (errno != EEXIST) {
      return fail_errno(errno, "make cgroup", place.root);
    }
    opened = open_at(AT_FDCWD, place.root, O_PATH | O_DIRECTORY);
  }
  place.dir = TRY(std::move(opened));
  return place.dir.get();
}

Result<bool> TreeState::make_dir(Place& place, const std::string& path) {
  const int root_dir = TRY(root(place, true));
  if (path.empty()) return false;
  if (::mkdirat(root_dir, path.c_str(), 0755) == 0) return true;
  if (errno == ENOENT) {
    TRY(make_dir(place, parent_of(path)));
    if (::mkdirat(root_dir, path.c_str(), 0755) == 0) return true;
  }
  if (errno == EEXIST) return false;
  return fail_errno(errno, "make cgroup", place.root + "/" + path);
}

Result<void> TreeState::enable(Place& place, const std::string& path, ControllerSet controllers) {
  const int root_dir = TRY(root(place, true));
  ControllerSet& known = enabled[path];
  controllers.remove(Controller::kDevices);  // no controller on v2
  controllers = controllers.minus(known);
  if (controllers.empty()) return {};
  const std::string file = joined(path, "cgroup.subtree_control");
  // Reading first: the write takes the kernel's global lock and waits for dying siblings.
  const std::string present = TRY(read_at(root_dir, file));
  for (std::string_view name : text::split(text::trim(present), ' ')) {
    if (auto c = controller_from_name(name)) known.add(*c);
  }
  controllers = controllers.minus(known);
  if (controllers.empty()) return {};
  std::string value;
  for (Controller c : controllers.list()) {
    value += (value.empty() ? "+" : " +") + std::string(controller_name(c));
  }
  auto written = write_at(root_dir, file, value);
  if (!written && written.error().sys_errno == ENOENT) {  // not given to `path` itself yet
    if (!path.empty()) {
      TRY(enable(place, parent_of(path), controllers));
    } else {
      const std::string above = place.root.substr(0, place.root.rfind('/'));
      TRY_CONTEXT(write_at(AT_FDCWD, above + "/cgroup.subtree_control", value),
                  "give podctl's cgroup its controllers");
    }
    written = write_at(root_dir, file, value);
  }
  if (!written && written.error().sys_errno == EBUSY) {
    return fail(Code::kFailedPrecondition, "enable controllers in", place.root + "/" + path,
                "it holds processes itself, and cgroup2 allows that only in leaves");
  }
  TRY(std::move(written));
  known = known | controllers;
  return {};
}

Result<std::vector<std::string>> TreeState::children(Place& place, const std::string& path) {
  std::vector<std::string> names;
  auto root_dir = root(place, false);
  if (!root_dir) {
    if (root_dir.error().code == Code::kNotFound) return names;
    return Failure(std::move(root_dir).error());
  }
  auto opened = open_at(*root_dir, at_name(path), O_RDONLY | O_DIRECTORY);
  if (!opened) {
    if (opened.error().code == Code::kNotFound) return names;
    return Failure(std::move(opened).error());
  }
  const std::unique_ptr<DIR, DirCloser> dir(::fdopendir(opened->get()));
  if (!dir) return fail_errno(errno, "list cgroup", path);
  (void)opened->release();
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace podctl::cgroup
