// Closing devices on a v1 hierarchy: `a` into devices.deny, then the list into devices.allow.
// Documentation/admin-guide/cgroup-v1/devices.rst. Deny-all is EINVAL while a directory has
// children.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "cgroup/tree_state.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/devices.hpp"

namespace podctl::cgroup {
namespace {

Result<void> allow(int fd, const DeviceRule& rule) {
  const std::string text = device_rule_text(rule);
  if (::write(fd, text.data(), text.size()) < 0) {
    return fail_errno(errno, "allow device", "\"" + text + "\"");
  }
  return {};
}

std::string shared_name() {
  std::string all;
  for (const DeviceRule& rule : default_device_rules()) all += device_rule_text(rule) + "\n";
  return "devices-" + text::hex(text::hash64(all), 8);
}

// True when the directory is there and closed.
Result<bool> closed(int root, const std::string& name) {
  auto list = read_at(root, name + "/devices.list");
  if (!list && list.error().code == Code::kNotFound) return false;
  if (TRY(std::move(list)).starts_with("a ")) {
    return fail(Code::kFailedPrecondition, "use cgroup", name, "somebody opened its devices");
  }
  return true;
}

}  // namespace

Result<void> close_devices_v1(int root, const std::string& path,
                              const std::vector<DeviceRule>& extra) {
  TRY(write_at(root, joined(path, "devices.deny"), "a"));
  const UniqueFd file = TRY(open_at(root, joined(path, "devices.allow"), O_WRONLY));
  for (const DeviceRule& rule : default_device_rules()) TRY(allow(file.get(), rule));
  for (const DeviceRule& rule : extra) TRY(allow(file.get(), rule));
  return {};
}

Result<std::string> shared_devices(TreeState& state) {
  TreeState::Place& place = *state.place(Controller::kDevices);
  const int root = TRY(state.root(place, true));
  std::string name = shared_name();
  if (state.shared_devices_ready || TRY(closed(root, name))) {
    state.shared_devices_ready = true;
    return name;
  }
  // Filled under a name of our own and renamed (v1 allows that), so nobody ever meets it half open.
  const std::string draft = name + "." + std::to_string(::getpid());
  if (::mkdirat(root, draft.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno(errno, "make cgroup", place.root + "/" + draft);
  }
  TRY(close_devices_v1(root, draft, {}));
  if (::renameat(root, draft.c_str(), root, name.c_str()) != 0) {
    const int err = errno;
    ::unlinkat(root, draft.c_str(), AT_REMOVEDIR);
    if (err != EEXIST) return fail_errno(err, "rename cgroup", place.root + "/" + draft);
    if (!TRY(closed(root, name)))
      return fail(Code::kUnavailable, "make cgroup", place.root + "/" + name);
  }
  state.shared_devices_ready = true;
  return name;
}

}  // namespace podctl::cgroup
