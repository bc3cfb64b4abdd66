// What all groups of one Tree share: the mounts, this root's directory in each, and what has been
// prepared. Private to cgroup. Paths are relative to the root's directory of one mount; "" is that
// directory itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cgroup/files.hpp"
#include "podctl/base/resources.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cgroup/hierarchy.hpp"

namespace podctl::cgroup {

struct TreeState {
  struct Place {
    const Mount* mount = nullptr;
    std::string root;  // absolute directory of this root
    UniqueFd dir;      // O_PATH of it, opened at first use
  };

  Hierarchy hierarchy;
  std::vector<Place> places;  // one a mount, same order
  std::map<std::string, ControllerSet>
      enabled;                        // v2: what a directory's children are known to have
  UniqueFd default_program;           // v2: closes devices by the default list
  bool shared_devices_ready = false;  // v1: the shared directory was found or made

  Place* place(Controller c);
  Place* unified();

  // The root's descriptor; made on demand when `make`. kNotFound else.
  Result<int> root(Place& place, bool make);
  // Makes one directory and its missing parents. True when it is new, false when it was there.
  Result<bool> make_dir(Place& place, const std::string& path);
  // v2: lets the children of `path` have `controllers`, enabling from the top where it is missing.
  Result<void> enable(Place& place, const std::string& path, ControllerSet controllers);
  // Names below `path` in one hierarchy; empty when the directory is not there.
  Result<std::vector<std::string>> children(Place& place, const std::string& path);
};

// "a/b/c" -> "a/b"; "a" -> "".
std::string parent_of(const std::string& path);
std::string joined(const std::string& path, std::string_view name);
// "." stands for the root itself in *at() calls.
inline const char* at_name(const std::string& path) { return path.empty() ? "." : path.c_str(); }

// v1: makes, or finds, the directory that closes devices by the default list, shared by every
// container of the root that asks for no device of its own (it holds a value, not a count, so one
// is enough). Its path.
Result<std::string> shared_devices(TreeState& state);
// v1: a directory of its own for a list that differs; `path` was just made and has no children.
Result<void> close_devices_v1(int root, const std::string& path,
                              const std::vector<DeviceRule>& extra);

}  // namespace podctl::cgroup
