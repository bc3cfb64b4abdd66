#include "podctl/rootfs/overlay.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "podctl/sys/mount.hpp"

namespace podctl::rootfs {
namespace {

bool plain(const std::string& path) { return path.find_first_of(":,\\\"\n") == std::string::npos; }

// The longest directory that holds all the paths: "/a/b" of "/a/b/c" and "/a/b/d/e"; "/" at least.
std::string common_directory(const std::vector<std::string>& paths) {
  std::string common = paths.front();
  for (const auto& path : paths) {
    std::size_t same = 0;
    while (same < common.size() && same < path.size() && common[same] == path[same]) ++same;
    common.resize(same);
  }
  const auto slash = common.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : common.substr(0, slash);
}

// volatile: without it the end of the last process writes out the whole file system that `upper` lies
// on (overlayfs's sync at unmount), others' data too. Nobody mounts this upper again.
std::string options_of(const std::vector<std::string>& layers, const std::string& upper,
                       const std::string& work) {
  std::string out = "lowerdir=";
  for (std::size_t i = 0; i < layers.size(); ++i) out += (i == 0 ? "" : ":") + layers[i];
  if (!upper.empty()) out += ",upperdir=" + upper + ",workdir=" + work + ",volatile";
  return out;
}

OverlayPlan by_name(const Sources& s, const std::vector<std::string>& all) {
  OverlayPlan plan;
  plan.options = options_of(s.layers, s.upper, s.work);
  if (plan.options.size() <= kMaxOptions) return plan;
  plan.directory = common_directory(all);
  const auto cut = plan.directory == "/" ? 1 : plan.directory.size() + 1;
  std::vector<std::string> layers;
  for (const auto& layer : s.layers) layers.push_back(layer.substr(cut));
  plan.options = options_of(layers, s.upper.empty() ? "" : s.upper.substr(cut),
                            s.work.empty() ? "" : s.work.substr(cut));
  return plan;
}

OverlayPlan by_number(const Sources& s, const std::vector<int>& descriptors) {
  std::vector<std::string> names;
  for (const int fd : descriptors) names.push_back(std::to_string(fd));
  const std::vector<std::string> layers(names.begin(),
                                        names.begin() + static_cast<long>(s.layers.size()));
  OverlayPlan plan{"/proc/thread-self/fd", {}, true};
  plan.options = s.upper.empty() ? options_of(layers, "", "")
                                 : options_of(layers, names[names.size() - 2], names.back());
  return plan;
}

Result<UniqueFd> open_directory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", path);
  return fd;
}

std::vector<std::string> all_paths(const Sources& s) {
  std::vector<std::string> all = s.layers;
  if (!s.upper.empty()) all.insert(all.end(), {s.upper, s.work});
  return all;
}

Result<UniqueFd> bind_layer(const std::string& layer, int target, const std::string& name) {
  UniqueFd source = TRY(open_directory(layer));
  UniqueFd tree = TRY(sys::clone_mount(source.get(), false));
  TRY(sys::set_attributes(tree.get(), sys::kReadOnly, false));
  TRY(sys::attach(tree.get(), target, name));
  return tree;
}

Result<void> mount_plan(const OverlayPlan& plan, int target) {
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) {
    return fail_errno(errno, "enter", plan.directory);
  }
  auto mounted = sys::mount_overlay(plan.options, target, 0);
  if (::chdir("/") != 0) return fail_errno(errno, "enter", "/");
  return mounted;
}

}  // namespace

Result<OverlayPlan> plan_overlay(const Sources& sources, const std::vector<int>& descriptors) {
  if (sources.layers.empty()) {
    return fail(Code::kInvalidArgument, "plan overlay", {}, "an image without layers");
  }
  if (sources.layers.size() > kMaxLayers) {
    return fail(Code::kUnsupported, "plan overlay",
                std::to_string(sources.layers.size()) + " layers",
                "overlayfs takes at most " + std::to_string(kMaxLayers));
  }
  const auto all = all_paths(sources);
  for (const auto& path : all) {
    if (!path.starts_with('/') || path.size() < 2) {
      return fail(Code::kInvalidArgument, "plan overlay", path, "not an absolute directory");
    }
  }
  if (std::all_of(all.begin(), all.end(), plain)) {
    OverlayPlan plan = by_name(sources, all);
    if (plan.options.size() <= kMaxOptions) return plan;
  }
  if (descriptors.size() == all.size()) return by_number(sources, descriptors);
  return OverlayPlan{{}, {}, true};
}

Result<UniqueFd> mount_root(const Sources& sources, const std::string& target) {
  UniqueFd under = TRY(open_directory(target));
  if (sources.layers.size() == 1 && sources.upper.empty()) {
    return bind_layer(sources.layers.front(), under.get(), target);
  }
  OverlayPlan plan = TRY(plan_overlay(sources));
  std::vector<UniqueFd> held;
  if (plan.by_descriptor) {
    std::vector<int> numbers;
    for (const auto& path : all_paths(sources)) {
      held.push_back(TRY(open_directory(path)));
      numbers.push_back(held.back().get());
    }
    plan = TRY(plan_overlay(sources, numbers));
  }
  TRY_CONTEXT(mount_plan(plan, under.get()),
              std::to_string(sources.layers.size()) + " layers, upper '" + sources.upper + "'");
  // The name now leads to what was mounted over it: nobody else is in this mount namespace.
  return open_directory(target);
}

}  // namespace podctl::rootfs
