#include "podctl/node/context.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "node/claims.hpp"
#include "node/env_file.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/objects.hpp"
#include "podctl/seccomp/filter.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::node {

namespace asio = boost::asio;

struct Offload::Impl {
  Impl(asio::io_context& io, int threads) : io(io), pool(static_cast<std::size_t>(threads)) {}
  asio::io_context& io;
  asio::thread_pool pool;
};

Offload::Offload(asio::io_context& io, int threads) : impl_(std::make_unique<Impl>(io, threads)) {}

Offload::~Offload() { impl_->pool.join(); }

void Offload::run(std::function<std::function<void()>()> job) {
  asio::post(impl_->pool, [this, job = std::move(job)] {
    auto then = job();
    if (then) asio::post(impl_->io, std::move(then));
  });
}

namespace {

// A volume in memory is mounted for pause alone, which keeps the mounts of its pod.
std::string volume_place(const Layout& layout, const api::Pod& pod, const api::Volume& volume,
                         std::int32_t pause_pid) {
  const auto& uid = pod.metadata.uid;
  if (volume.emptyDir->medium != "Memory") return layout.volume(uid, volume.name);
  return "/proc/" + std::to_string(pause_pid) + "/root" + layout.pod_mounts(uid) + "/" +
         volume.name;
}

// What a container has written: nothing on the way to it is trusted.
Result<std::string> volume_file(const Layout& layout, const api::Pod& pod, std::int32_t pause_pid,
                                const std::string& volume, const std::string& path) {
  const auto found = std::ranges::find(pod.spec.volumes, volume, &api::Volume::name);
  if (found == pod.spec.volumes.end() || !found->emptyDir) {
    return fail(Code::kUnsupported, "read env file", path,
                "volume \"" + volume + "\" is no emptyDir");
  }
  if (found->emptyDir->medium == "Memory" && pod.spec.shareProcessNamespace.value_or(false)) {
    return fail(Code::kUnsupported, "read env file", path,
                "volume \"" + volume +
                    "\" is in memory, of which podctld sees nothing in a pod that shares its PID "
                    "namespace: take one on disk");
  }
  const auto root = TRY(sys::RootDir::open_host(volume_place(layout, pod, *found, pause_pid)));
  return root.read_file(path, kEnvFileBytes);
}

}  // namespace

Configs configs_of(const Context& context, const std::string& ns, std::int32_t pause_pid) {
  return {[&context, ns](const std::string& name) {
            return context.objects.find<api::ConfigMap>(ns, name);
          },
          [&context, ns](const std::string& name) {
            return context.objects.find<api::Secret>(ns, name);
          },
          [&context, pause_pid](const api::Pod& pod, const std::string& volume,
                                const std::string& path) {
            return volume_file(context.layout, pod, pause_pid, volume, path);
          },
          [&context](const api::Pod& pod, const api::Volume& volume) {
            return claim_trouble(context.objects, pod, volume);
          }};
}

const api::Container* find_container(const api::Pod& pod, const std::string& name) {
  for (const auto* list : {&pod.spec.containers, &pod.spec.initContainers}) {
    for (const auto& container : *list) {
      if (container.name == name) return &container;
    }
  }
  for (const auto& container : pod.spec.ephemeralContainers) {
    if (container.name == name) return &container;
  }
  return nullptr;
}

Result<std::string> seccomp_filter(Context& context, const api::Pod& pod,
                                   const api::Container& container) {
  const auto choice = TRY(choose_seccomp(pod, container, context.machine));
  if (choice.unconfined) return std::string();
  if (choice.localhost.empty())
    return context.filters.get(seccomp::runtime_default(), choice.capabilities);
  if (choice.localhost[0] == '/' || choice.localhost.find("..") != std::string::npos) {
    return fail(Code::kInvalidArgument, "load seccomp profile", choice.localhost,
                "must be a descending relative path");
  }
  const std::string path = context.layout.lib() + "/seccomp-profiles/" + choice.localhost;
  const std::string text = read_small_file(path);
  if (text.empty()) return fail(Code::kNotFound, "load seccomp profile", path, "no such profile");
  return context.filters.get(TRY_CONTEXT(seccomp::parse_profile(text), path), choice.capabilities);
}

}  // namespace podctl::node
