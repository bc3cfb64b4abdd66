// The engine's calls, each handed to Impl; and the requests that are no more than one message.
#include "podctl/engine/engine.hpp"

#include <sys/ioctl.h>

#include <cerrno>

#include "engine/impl.hpp"
#include "podctl/ipam/id_ranges.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::engine {
namespace {

constexpr std::chrono::seconds kStatsBound{3};  // somebody looks and waits for it
constexpr std::chrono::seconds kKillBound{15};  // the shim may just settle starts, for up to 10 s

// The workload's three ends for the wire: what is absent is /dev/null.
Result<std::vector<UniqueFd>> complete(ExecStdio stdio) {
  std::vector<UniqueFd> fds;
  for (UniqueFd* fd : {&stdio.in, &stdio.out, &stdio.err}) {
    if (!*fd) *fd = TRY(sys::open_null());
    fds.push_back(std::move(*fd));
  }
  if (stdio.program) fds.push_back(std::move(stdio.program));
  return fds;
}

}  // namespace

Engine::Engine(boost::asio::io_context& io, Layout layout, Options options)
    : impl_(std::make_shared<Impl>(*this, io, std::move(layout), std::move(options))) {}

Engine::~Engine() {
  impl_->ready.uid.clear();  // its shim ends by itself: nobody may clean up beside it
  // Closing fails the open requests, whose callbacks may erase pods.
  for (auto& [uid, pod] : std::exchange(impl_->pods, {})) pod.link->close();
  impl_->engine = nullptr;
  impl_->workers.join();
  impl_->releases.join();
}

void Engine::prepare(Callback<void> done) {
  impl_->when_ready([impl = impl_, done = std::move(done)](Result<void> ready) {
    impl->answer_later<void>(done, std::move(ready));
  });
}

void Engine::recover(std::function<void(std::vector<RecoveredSandbox>)> done) {
  impl_->when_ready(
      [impl = impl_, done = std::move(done)](const Result<void>&) { impl->recover(done); });
}

void Engine::allocate_network(const std::string& uid, Callback<wire::NetworkSpec> done) {
  impl_->when_ready([impl = impl_, uid, done = std::move(done)](Result<void> ready) {
    if (!ready) return impl->answer_later<wire::NetworkSpec>(done, Failure(ready.error()));
    impl->allocate(uid, done);
  });
}

void Engine::allocate_ids(const std::string& uid, Callback<IdRange> done) {
  impl_->when_ready([impl = impl_, uid, done = std::move(done)](Result<void> ready) {
    if (!ready) return impl->answer_later<IdRange>(done, Failure(ready.error()));
    impl->offload<IdRange>(
        [where = impl->layout, uid] { return ipam::allocate_ids(where, uid, ipam::others_ids()); },
        done);
  });
}

void Engine::release_ids(const std::string& uid, Callback<void> done) {
  impl_->offload<void>([where = impl_->layout, uid] { return ipam::release_ids(where, uid); },
                       std::move(done));
}

void Engine::release_ids_but(std::vector<std::string> known, Callback<void> done) {
  impl_->when_ready([impl = impl_, known = std::move(known),
                     done = std::move(done)](Result<void> ready) mutable {
    if (!ready) return impl->answer_later<void>(done, std::move(ready));
    for (std::string& uid : pods_on_disk(impl->layout)) known.push_back(std::move(uid));
    impl->offload<void>([where = impl->layout,
                         known = std::move(known)] { return ipam::release_ids_but(where, known); },
                        std::move(done));
  });
}

void Engine::publish_ports(const std::string& uid, std::vector<nat::HostPort> ports,
                           Callback<void> done) {
  if (!impl_->subnet) {
    return impl_->answer_later<void>(
        std::move(done),
        fail(Code::kFailedPrecondition, "lead host ports to", uid, "it has no addresses"));
  }
  impl_->offload<void>(
      [where = impl_->layout, subnet = *impl_->subnet, uid, ports = std::move(ports)] {
        return engine::publish_ports(where, subnet, uid, ports);
      },
      std::move(done));
}

void Engine::protect_memory(std::int64_t guaranteed, std::int64_t burstable, Callback<void> done) {
  impl_->offload<void>([where = impl_->layout, guaranteed,
                        burstable] { return engine::protect_memory(where, guaranteed, burstable); },
                       std::move(done));
}

std::optional<std::string> Engine::take_ready(const wire::SandboxSpec& like) {
  return impl_->take_ready(like);
}

void Engine::create_sandbox(wire::SandboxSpec spec, Callback<wire::SandboxInfo> done) {
  impl_->when_ready(
      [impl = impl_, spec = std::move(spec), done = std::move(done)](Result<void> ready) mutable {
        if (!ready) return impl->answer_later<wire::SandboxInfo>(done, Failure(ready.error()));
        impl->create(std::move(spec), done);
      });
}

void Engine::start_container(const std::string& uid, wire::ContainerSpec spec,
                             Callback<wire::ContainerInfo> done) {
  impl_->expect_like(uid, spec);
  impl_->ask<wire::ContainerInfo>(uid, wire::Type::kStartContainer, wire::encode(spec),
                                  std::move(done));
}

std::string Engine::helper(const std::string& name) const {
  return impl_->options.helpers + "/" + name;
}

void Engine::exec(const std::string& uid, wire::ExecSpec spec, ExecStdio stdio,
                  Callback<ExecStarted> started, Callback<int> exited) {
  const auto at = impl_->pods.find(uid);
  auto fds = complete(std::move(stdio));
  if (at == impl_->pods.end() || !fds) {
    return impl_->answer_later<ExecStarted>(
        std::move(started),
        fds ? fail(Code::kNotFound, "find sandbox", uid) : Failure(fds.error()));
  }
  // Both ends of this exec meet under its number, which is known only once it is sent.
  auto number = std::make_shared<std::uint32_t>(0);
  *number = at->second.link->request(
      wire::Type::kExec, wire::encode(spec),
      [impl = impl_, uid, number, started = std::move(started),
       exited = std::move(exited)](Result<wire::Message> reply) {
        if (!reply) return started(Failure(std::move(reply).error()));
        auto body = wire::decode<wire::ExecStarted>(reply->body);
        if (!body) return started(Failure(std::move(body).error()));
        if (const auto pod = impl->pods.find(uid); pod != impl->pods.end()) {
          pod->second.execs.emplace(*number, exited);
        }
        ExecStarted result{.exec = *number, .pid = body->pid};
        if (!reply->fds.empty()) result.terminal = std::move(reply->fds[0]);
        started(std::move(result));
      },
      std::move(*fds));
}

void Engine::attach(const std::string& uid, wire::AttachRequest asked, ExecStdio pipes,
                    Callback<Attached> done) {
  const auto at = impl_->pods.find(uid);
  if (at == impl_->pods.end())
    return impl_->answer_later<Attached>(std::move(done),
                                         fail(Code::kNotFound, "find sandbox", uid));
  std::vector<UniqueFd> fds;
  if (asked.out) fds.push_back(std::move(pipes.out));
  if (asked.err) fds.push_back(std::move(pipes.err));
  at->second.link->request(
      wire::Type::kAttach, wire::encode(asked),
      [done = std::move(done)](Result<wire::Message> reply) {
        if (!reply) return done(Failure(std::move(reply).error()));
        auto body = wire::decode<wire::Attached>(reply->body);
        if (!body) return done(Failure(std::move(body).error()));
        Attached attached{.tty = body->tty, .input = {}};
        if (!reply->fds.empty()) attached.input = std::move(reply->fds[0]);
        done(std::move(attached));
      },
      std::move(fds));
}

void Engine::pod_sockets(const std::string& uid, Callback<std::vector<UniqueFd>> done) {
  const auto at = impl_->pods.find(uid);
  if (at == impl_->pods.end()) {
    return impl_->answer_later<std::vector<UniqueFd>>(std::move(done),
                                                      fail(Code::kNotFound, "find sandbox", uid));
  }
  at->second.link->request(wire::Type::kPodSockets, wire::encode(wire::Nothing{}),
                           [done = std::move(done)](Result<wire::Message> reply) {
                             if (!reply) return done(Failure(std::move(reply).error()));
                             done(std::move(reply->fds));
                           });
}

Result<void> Engine::resize_exec(int terminal, std::uint16_t rows, std::uint16_t cols) {
  winsize size{.ws_row = rows, .ws_col = cols, .ws_xpixel = 0, .ws_ypixel = 0};
  if (::ioctl(terminal, TIOCSWINSZ, &size) != 0) return fail_errno(errno, "resize terminal", {});
  return {};
}

void Engine::fill_volumes(const std::string& uid, std::vector<wire::VolumeContent> contents,
                          Callback<void> done) {
  impl_->ask<void>(uid, wire::Type::kFillVolumes,
                   wire::encode(wire::VolumeContents{.contents = std::move(contents)}),
                   std::move(done));
}

void Engine::kill_exec(const std::string& uid, std::uint32_t exec, Callback<void> done) {
  impl_->ask<void>(uid, wire::Type::kKillExec, wire::encode(wire::ExecRef{.request = exec}),
                   std::move(done));
}

void Engine::signal(const std::string& uid, const std::string& id, int signo, Callback<void> done) {
  impl_->ask<void>(uid, wire::Type::kSignal,
                   wire::encode(wire::SignalRequest{.id = id, .signo = signo}), std::move(done));
}

void Engine::kill(const std::string& uid, const std::string& id, Callback<void> done) {
  impl_->ask<void>(
      uid, wire::Type::kKill, wire::encode(wire::ContainerRef{.id = id}),
      [impl = impl_, uid, done = std::move(done)](Result<void> killed) {
        // A shim that does not answer ends; without it its pod does, by the cgroup.
        if (!killed && killed.error().code == Code::kUnavailable) {
          if (const auto pod = impl->pods.find(uid); pod != impl->pods.end())
            pod->second.link->kill_process();
        }
        done(std::move(killed));
      },
      kKillBound);
}

void Engine::update_resources(const std::string& uid, const std::string& id,
                              CgroupResources resources, Callback<void> done) {
  impl_->ask<void>(uid, wire::Type::kUpdateResources,
                   wire::encode(wire::UpdateRequest{.id = id, .resources = std::move(resources)}),
                   std::move(done));
}

void Engine::stats(const std::string& uid, Callback<wire::SandboxStats> done) {
  impl_->ask<wire::SandboxStats>(uid, wire::Type::kStats, wire::encode(wire::Nothing{}),
                                 std::move(done), kStatsBound);
}

void Engine::ack_exit(const std::string& uid, const std::string& id) {
  impl_->ask<void>(uid, wire::Type::kAckExit, wire::encode(wire::ContainerRef{.id = id}),
                   [](const Result<void>&) {});
}

void Engine::remove_container(const std::string& uid, const std::string& id, Callback<void> done) {
  impl_->ask<void>(uid, wire::Type::kRemoveContainer, wire::encode(wire::ContainerRef{.id = id}),
                   std::move(done));
}

void Engine::destroy_sandbox(const std::string& uid, Removal removal, Callback<void> done) {
  impl_->when_ready([impl = impl_, uid, removal = std::move(removal),
                     done = std::move(done)](Result<void> ready) {
    if (!ready) return impl->answer_later<void>(done, std::move(ready));
    impl->destroy(uid, removal, done);
  });
}

void Engine::reset(Callback<void> done) {
  impl_->when_ready([impl = impl_, done = std::move(done)](Result<void> ready) {
    if (!ready) return impl->answer_later<void>(done, std::move(ready));
    impl->reset(done);
  });
}

bool Engine::shim_alive(const std::string& uid) const {
  const auto pod = impl_->pods.find(uid);
  return pod != impl_->pods.end() && pod->second.link && !pod->second.link->lost();
}

}  // namespace podctl::engine
