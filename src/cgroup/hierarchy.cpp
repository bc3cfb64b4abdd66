#include "podctl/cgroup/hierarchy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "cgroup/files.hpp"
#include "podctl/base/text.hpp"

namespace podctl::cgroup {
namespace {

constexpr std::array<std::string_view, kControllerCount> kNames = {
    "cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer"};

// mountinfo writes space, tab, newline and backslash as \ooo (proc(5)).
std::optional<std::string> unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      out += field[i];
      continue;
    }
    if (i + 3 >= field.size()) return std::nullopt;
    unsigned value = 0;
    for (std::size_t k = 1; k <= 3; ++k) {
      const char c = field[i + k];
      if (c < '0' || c > '7') return std::nullopt;
      value = value * 8 + static_cast<unsigned>(c - '0');
    }
    if (value > 255) return std::nullopt;
    out += static_cast<char>(value);
    i += 3;
  }
  return out;
}

Failure corrupt(std::string_view file, std::string_view line) {
  return fail(Code::kCorrupt, "parse", std::string(file), "line \"" + std::string(line) + "\"");
}

// One line: "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755". Nothing for other file
// systems.
Result<std::optional<Mount>> parse_mount(std::string_view line, const std::string& prefix) {
  const auto fields = text::split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), std::string_view("-"));
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return corrupt("mountinfo", line);
  const std::string_view type = dash[1];
  if (type != "cgroup" && type != "cgroup2") return std::optional<Mount>();
  const auto root = unescape(fields[3]);
  const auto point = unescape(fields[4]);
  if (!root || !point || root->empty() || root->front() != '/' || point->empty() ||
      point->front() != '/') {
    return corrupt("mountinfo", line);
  }
  Mount mount;
  mount.v2 = type == "cgroup2";
  mount.point = prefix + *point;
  mount.root = *root;
  mount.own = "/";
  if (!mount.v2) {
    for (std::string_view option : text::split(dash[3], ',')) {
      if (auto controller = controller_from_name(option)) mount.controllers.add(*controller);
    }
  }
  return std::optional<Mount>(std::move(mount));
}

// "8:pids:/a", "0::/a": the cgroup by controller name, "" for cgroup2.
Result<std::map<std::string, std::string, std::less<>>> parse_own(std::string_view self_cgroup) {
  std::map<std::string, std::string, std::less<>> own;
  for (std::string_view line : text::split(self_cgroup, '\n')) {
    if (line.empty()) continue;
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || second + 1 >= line.size() || line[second + 1] != '/' ||
        !text::parse_u64(line.substr(0, first))) {
      return corrupt("/proc/self/cgroup", line);
    }
    const std::string path(line.substr(second + 1));
    for (std::string_view name : text::split(line.substr(first + 1, second - first - 1), ',')) {
      own[std::string(name)] = path;
    }
  }
  return own;
}

// A hierarchy may be mounted more than once: the mount that shows most of it wins, then the first.
void keep_best(std::vector<Mount>& mounts, Mount mount) {
  for (Mount& known : mounts) {
    if (known.v2 != mount.v2 || known.controllers != mount.controllers) continue;
    if (mount.root.size() < known.root.size()) known = std::move(mount);
    return;
  }
  mounts.push_back(std::move(mount));
}

// What cgroup2 offers at its mount; a hybrid's is mostly empty.
Result<ControllerSet> offered(const Mount& mount) {
  ControllerSet set;
  const std::string content = TRY(read_path(mount.point + "/cgroup.controllers"));
  for (std::string_view name : text::split(text::trim(content), ' ')) {
    if (auto controller = controller_from_name(name)) set.add(*controller);
  }
  set.add(Controller::kDevices);  // a BPF program, so always there (CONFIG_CGROUP_BPF is checked at
                                  // use)
  return set;
}

}  // namespace

std::string_view controller_name(Controller controller) {
  return kNames.at(static_cast<std::size_t>(controller));
}

std::optional<Controller> controller_from_name(std::string_view name) {
  const auto it = std::find(kNames.begin(), kNames.end(), name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<Controller>(it - kNames.begin());
}

std::vector<Controller> ControllerSet::list() const {
  std::vector<Controller> out;
  for (std::size_t i = 0; i < kControllerCount; ++i) {
    if (has(static_cast<Controller>(i))) out.push_back(static_cast<Controller>(i));
  }
  return out;
}

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::kV2:
      return "v2";
    case Mode::kHybrid:
      return "hybrid";
    case Mode::kV1:
      return "v1";
  }
  return "unknown";
}

Result<Hierarchy> Hierarchy::detect() {
  const std::string mountinfo = TRY(read_path("/proc/self/mountinfo"));
  const std::string own = TRY(read_path("/proc/self/cgroup"));
  Hierarchy hierarchy = TRY(parse(mountinfo, own));
  hierarchy.systemd = ::access("/run/systemd/system", F_OK) == 0;
  return hierarchy;
}

Result<Hierarchy> Hierarchy::parse(std::string_view mountinfo, std::string_view self_cgroup,
                                   const std::string& prefix) {
  const auto own = TRY(parse_own(self_cgroup));
  Hierarchy hierarchy;
  for (std::string_view line : text::split(mountinfo, '\n')) {
    if (line.empty()) continue;
    auto mount = TRY(parse_mount(line, prefix));
    if (!mount || (!mount->v2 && mount->controllers.empty())) continue;
    const std::string key(mount->v2 ? "" : controller_name(mount->controllers.list().front()));
    if (const auto it = own.find(key); it != own.end()) mount->own = it->second;
    keep_best(hierarchy.mounts, std::move(*mount));
  }
  ControllerSet on_v1;
  for (const Mount& mount : hierarchy.mounts) on_v1 = on_v1 | mount.controllers;
  for (Mount& mount : hierarchy.mounts) {
    if (mount.v2) mount.controllers = TRY(offered(mount)).minus(on_v1);
  }
  if (hierarchy.mounts.empty()) {
    return fail(Code::kUnsupported, "find", "cgroup mounts", "no cgroup file system is mounted");
  }
  return hierarchy;
}

Mode Hierarchy::mode() const {
  const bool any_v1 =
      std::any_of(mounts.begin(), mounts.end(), [](const Mount& mount) { return !mount.v2; });
  if (unified() == nullptr) return Mode::kV1;
  return any_v1 ? Mode::kHybrid : Mode::kV2;
}

const Mount* Hierarchy::unified() const {
  const auto it =
      std::find_if(mounts.begin(), mounts.end(), [](const Mount& mount) { return mount.v2; });
  return it == mounts.end() ? nullptr : &*it;
}

const Mount* Hierarchy::where(Controller c) const {
  const auto it = std::find_if(mounts.begin(), mounts.end(),
                               [c](const Mount& mount) { return mount.controllers.has(c); });
  return it == mounts.end() ? nullptr : &*it;
}

ControllerSet Hierarchy::available() const {
  ControllerSet set;
  for (const Mount& mount : mounts) set = set | mount.controllers;
  return set;
}

}  // namespace podctl::cgroup
