#include "podctl/rootfs/overlay.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "podctl/sys/mount.hpp"
#include "podctl/sys/namespaces.hpp"

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

// `names`: the layers', then upper's and work's.
OverlayPlan plan_of(const Sources& s, const std::vector<std::string>& names) {
  OverlayPlan plan;
  for (std::size_t i = 0; i < s.layers.size(); ++i) plan.lower += (i == 0 ? "" : ":") + names[i];
  if (s.upper.empty()) return plan;
  plan.upper = names[names.size() - 2];
  plan.work = names.back();
  return plan;
}

OverlayPlan by_name(const Sources& s, const std::vector<std::string>& all) {
  OverlayPlan plan = plan_of(s, all);
  if (plan.short_enough()) return plan;
  const std::string directory = common_directory(all);
  const auto cut = directory == "/" ? 1 : directory.size() + 1;
  std::vector<std::string> names;
  for (const auto& path : all) names.push_back(path.substr(cut));
  plan = plan_of(s, names);
  plan.directory = directory;
  return plan;
}

OverlayPlan by_number(const Sources& s, const std::vector<int>& descriptors) {
  std::vector<std::string> names;
  for (const int fd : descriptors) names.push_back(std::to_string(fd));
  OverlayPlan plan = plan_of(s, names);
  plan.directory = "/proc/thread-self/fd";
  plan.by_descriptor = true;
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

Result<UniqueFd> mapped_layer(const std::string& layer, int users) {
  UniqueFd source = TRY(open_directory(layer));
  UniqueFd tree = TRY(sys::clone_mount(source.get(), false));
  if (users >= 0) TRY_CONTEXT(sys::map_ids(tree.get(), users, false), "layer " + layer);
  return tree;
}

Result<UniqueFd> bind_layer(const std::string& layer, int users) {
  UniqueFd tree = TRY(mapped_layer(layer, users));
  TRY(sys::set_attributes(tree.get(), sys::kReadOnly, false));
  return tree;
}

// The layers as idmapped mounts, each at a directory of a new tmpfs over `target`. Nothing spreads
// from the caller's mount namespace, and it goes once they are layers of an overlay.
Result<Sources> attach_mapped(const Sources& sources, const std::string& target, int users) {
  TRY(sys::enter_new(CLONE_NEWNS));
  const UniqueFd places = TRY(sys::new_mount("tmpfs", {{"mode", "700"}, {"size", "64k"}}, 0));
  TRY(sys::attach(places.get(), TRY(open_directory(target)).get(), target));
  Sources mapped{.layers = {}, .upper = sources.upper, .work = sources.work};
  for (const auto& layer : sources.layers) {
    const std::string name = std::to_string(mapped.layers.size());
    if (::mkdirat(places.get(), name.c_str(), 0700) != 0)
      return fail_errno(errno, "make directory", target + "/" + name);
    const UniqueFd mount = TRY(mapped_layer(layer, users));
    const std::string place = target + "/" + name;
    TRY(sys::attach(mount.get(), TRY(open_directory(place)).get(), place));
    mapped.layers.push_back(place);
  }
  return mapped;
}

// volatile: without it the end of the last process writes out the whole file system that `upper`
// lies on (overlayfs's sync at unmount), others' data too. Nobody mounts this upper again.
constexpr const char* kVolatile = "volatile";

Result<UniqueFd> mount_short(const OverlayPlan& plan) {
  std::vector<sys::MountOption> options = {{"lowerdir", plan.lower}};
  if (!plan.upper.empty()) {
    options.insert(options.end(),
                   {{"upperdir", plan.upper}, {"workdir", plan.work}, {kVolatile, ""}});
  }
  return sys::new_mount("overlay", options, 0);
}

// mount(2) attaches what it makes: a copy of that, attached nowhere, outlives the namespace.
Result<UniqueFd> mount_long(const OverlayPlan& plan, const std::string& target) {
  const UniqueFd under = TRY(open_directory(target));
  TRY(sys::mount_overlay(plan.options(), under.get(), 0));
  return sys::clone_mount(TRY(open_directory(target)).get(), false);
}

Result<OverlayPlan> plan_opened(const Sources& sources, std::vector<UniqueFd>& held) {
  held.clear();
  std::vector<int> numbers;
  for (const auto& path : all_paths(sources)) {
    held.push_back(TRY(open_directory(path)));
    numbers.push_back(held.back().get());
  }
  return plan_overlay(sources, numbers);
}

Result<UniqueFd> mount_plan(const OverlayPlan& plan, const std::string& target) {
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) {
    return fail_errno(errno, "enter", plan.directory);
  }
  auto mounted = plan.short_enough() ? mount_short(plan) : mount_long(plan, target);
  if (::chdir("/") != 0) return fail_errno(errno, "enter", "/");
  return mounted;
}

}  // namespace

std::string OverlayPlan::options() const {
  const std::string written =
      upper.empty() ? "" : ",upperdir=" + upper + ",workdir=" + work + "," + kVolatile;
  return "lowerdir=" + lower + written;
}

bool OverlayPlan::short_enough() const {
  return std::max({lower.size(), upper.size(), work.size()}) <= sys::kMaxOption;
}

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
    if (plan.short_enough()) return plan;
  }
  if (descriptors.size() == all.size()) return by_number(sources, descriptors);
  return OverlayPlan{.directory = {}, .lower = {}, .upper = {}, .work = {}, .by_descriptor = true};
}

namespace {

Result<UniqueFd> make_overlay(const Sources& sources, const std::string& target) {
  OverlayPlan plan = TRY(plan_overlay(sources));
  std::vector<UniqueFd> held;
  if (plan.by_descriptor) plan = TRY(plan_opened(sources, held));
  // overlayfs takes layers only of the caller's mount namespace: they are opened once more in it.
  if (!plan.short_enough()) {
    TRY(sys::enter_new(CLONE_NEWNS));
    plan = TRY(plan_opened(sources, held));
  }
  return TRY_CONTEXT(mount_plan(plan, target), std::to_string(sources.layers.size()) +
                                                   " layers, upper '" + sources.upper + "'");
}

}  // namespace

Result<UniqueFd> make_root(const Sources& sources, const std::string& target, int users) {
  if (sources.layers.size() == 1 && sources.upper.empty()) {
    return bind_layer(sources.layers.front(), users);
  }
  if (users < 0) return make_overlay(sources, target);
  return make_overlay(TRY(attach_mapped(sources, target, users)), target);
}

}  // namespace podctl::rootfs
