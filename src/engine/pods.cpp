// Pods with a living shim: the root prepared first, a shim started, its events, its loss.
#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/impl.hpp"
#include "podctl/ipam/addresses.hpp"
#include "podctl/sys/process.hpp"

namespace podctl::engine {

void Engine::Impl::when_ready(Callback<void> call) {
  if (resetting) return call(fail(Code::kUnavailable, "use", layout.root(), "it is being reset"));
  if (root) return call({});
  waiting.push_back(std::move(call));
  if (std::exchange(preparing, true)) return;
  offload<Root>(
      [where = layout, helpers = options.helpers, in_service = options.in_service] {
        return prepare_root(where, helpers, in_service);
      },
      [self = shared_from_this()](Result<Root> made) { self->root_ready(std::move(made)); });
}

void Engine::Impl::root_ready(Result<Root> made) {
  preparing = false;
  if (made) root.emplace(std::move(*made));
  for (auto& call : std::exchange(waiting, {})) {
    call(made ? Result<void>() : Failure(made.error()));
  }
}

// Found again after a restart, a pod may ask for its addresses while they are still given back: it
// would get what is free a moment later.
void Engine::Impl::allocate(const std::string& uid, Callback<wire::NetworkSpec> done) {
  if (const auto at = releasing.find(uid); at != releasing.end()) {
    at->second.push_back(
        [self = shared_from_this(), uid, done = std::move(done)] { self->allocate(uid, done); });
    return;
  }
  if (subnet) return answer_later<wire::NetworkSpec>(std::move(done), network_of(uid));
  waiting_network.push_back([self = shared_from_this(), uid, done](Result<void> ready) {
    done(ready ? self->network_of(uid) : Failure(std::move(ready).error()));
  });
  if (std::exchange(preparing_network, true)) return;
  offload<ipam::Subnet>([where = layout] { return prepare_network(where); },
                        [self = shared_from_this()](Result<ipam::Subnet> made) {
                          self->network_ready(std::move(made));
                        });
}

void Engine::Impl::network_ready(Result<ipam::Subnet> made) {
  preparing_network = false;
  if (made) subnet = *made;
  for (auto& call : std::exchange(waiting_network, {})) {
    call(made ? Result<void>() : Failure(made.error()));
  }
}

Result<wire::NetworkSpec> Engine::Impl::network_of(const std::string& uid) const {
  wire::NetworkSpec spec{.bridge = layout.bridge(), .host_ifname = layout.host_veth(uid)};
  spec.addresses = TRY(ipam::allocate(layout, *subnet, uid));
  spec.gateways = {subnet->gateway4().address, subnet->gateway6().address};
  return spec;
}

void Engine::Impl::create(wire::SandboxSpec spec, Callback<wire::SandboxInfo> done) {
  const std::string uid = spec.uid;
  const bool waits = ready.taken.erase(uid) > 0;
  if ((pods.contains(uid) && !waits) || destroying.contains(uid)) {
    return answer_later<wire::SandboxInfo>(std::move(done),
                                           fail(Code::kAlreadyExists, "create sandbox", uid));
  }
  if (waits && pods.at(uid).link->lost()) {
    return destroy(uid, {}, [self = shared_from_this(), spec, done](const Result<void>&) {
      self->create(spec, done);
    });
  }
  Result<std::shared_ptr<ShimLink>> link;
  if (waits) {
    link = pods.at(uid).link;
  } else {
    link = start_shim(uid);
  }
  if (!link) return answer_later<wire::SandboxInfo>(std::move(done), Failure(link.error()));
  ready.last = uid;
  ready.started.clear();
  (*link)->request(
      wire::Type::kCreateSandbox, wire::encode(spec),
      [self = shared_from_this(), spec, link = *link, waits, done](Result<wire::Message> reply) {
        if (reply) {
          if (!spec.users) self->ready_later(spec);  // whose ids are of one pod alone
          return done(wire::decode<wire::SandboxInfo>(reply->body));
        }
        // Nothing was left by the attempt: the shim has nothing to live for. One that was made
        // before its pod has its sandbox yet, which whoever asked destroys.
        if (!waits) {
          link->close();
          self->pods.erase(spec.uid);
        }
        done(Failure(std::move(reply).error()));
      });
}

Result<std::shared_ptr<ShimLink>> Engine::Impl::start_shim(const std::string& uid) {
  auto spawned = TRY(spawn_shim(*root, layout, uid));
  UniqueFd process(::fcntl(spawned.child.pidfd.get(), F_DUPFD_CLOEXEC, 0));
  watch_shim(uid, std::make_shared<sys::Child>(std::move(spawned.child)));
  const auto link = TRY(add_pod(uid, std::move(spawned.socket), std::move(process)))->link;
  say_hello(link, [](const Result<wire::State>&) {});
  return link;
}

Result<Pod*> Engine::Impl::add_pod(const std::string& uid, wire::Socket socket, UniqueFd process) {
  auto link = std::make_shared<ShimLink>(io, uid, std::move(socket));
  const auto self = weak_from_this();
  link->on_event = [self, uid](const wire::Message& message) {
    if (const auto impl = self.lock()) impl->on_event(uid, message);
  };
  link->on_lost = [self, uid] {
    if (const auto impl = self.lock()) impl->on_lost(uid);
  };
  link->set_process(std::move(process));
  TRY(link->open());
  return &(pods[uid] = Pod{.link = std::move(link), .execs = {}});
}

// A shim that ended is reaped, by its descriptor: podctld waits for nobody else.
void Engine::Impl::watch_shim(const std::string& uid, std::shared_ptr<sys::Child> child) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  auto descriptor = std::make_shared<Descriptor>(io);
  boost::system::error_code failed;
  descriptor->assign(child->pidfd.get(), failed);
  if (failed) return;
  descriptor->async_wait(Descriptor::wait_read,
                         [descriptor, child, uid](const boost::system::error_code&) {
                           (void)descriptor->release();
                           (void)sys::wait_child(child->pidfd.get(), false);
                         });
}

void Engine::Impl::say_hello(const std::shared_ptr<ShimLink>& link, Callback<wire::State> done) {
  link->request(wire::Type::kHello,
                wire::encode(wire::Hello{.version = wire::kVersion, .daemon = options.daemon}),
                [done = std::move(done)](Result<wire::Message> reply) {
                  if (!reply) return done(Failure(std::move(reply).error()));
                  done(wire::decode<wire::State>(reply->body));
                });
}

void Engine::Impl::on_event(const std::string& uid, const wire::Message& message) {
  if (engine == nullptr) return;
  if (is_ready(uid)) return give_up_ready();  // all that it can tell is its death
  switch (static_cast<wire::Type>(message.type)) {
    case wire::Type::kExited:
      if (const auto record = wire::decode<wire::ExitRecord>(message.body);
          record && engine->on_exit) {
        engine->on_exit(uid, *record);
      }
      return;
    case wire::Type::kSandboxDied:
      if (const auto died = wire::decode<wire::SandboxDied>(message.body);
          died && engine->on_sandbox_dead) {
        engine->on_sandbox_dead(uid, died->reason);
      }
      return;
    case wire::Type::kSandboxEnded:
      return clear(uid);
    case wire::Type::kExecExited: {
      const auto pod = pods.find(uid);
      const auto exited = wire::decode<wire::ExecExited>(message.body);
      if (pod == pods.end() || !exited) return;
      auto exec = pod->second.execs.extract(message.request);
      if (!exec.empty()) exec.mapped()(exited->exit_code);
      return;
    }
    default:
      return;  // an event of a newer shim
  }
}

void Engine::Impl::fail_execs(const std::string& uid) {
  const auto pod = pods.find(uid);
  if (pod == pods.end()) return;
  for (auto& [number, exited] : std::exchange(pod->second.execs, {})) {
    exited(fail(Code::kUnavailable, "await exec", uid, "the shim has died"));
  }
}

// Without its shim a pod has nobody to collect its exits: it ends, by its cgroup.
void Engine::Impl::on_lost(const std::string& uid) {
  fail_execs(uid);
  if (destroying.contains(uid)) return;
  if (is_ready(uid)) return give_up_ready();
  offload<void>([where = layout, uid] { return kill_pod(where, uid); },
                [self = shared_from_this(), uid](const Result<void>& killed) {
                  if (self->engine == nullptr || self->destroying.contains(uid)) return;
                  for (const wire::ExitRecord& record : read_exits(self->layout, uid)) {
                    if (self->engine->on_exit) self->engine->on_exit(uid, record);
                  }
                  const std::string why = killed ? "the shim has died"
                                                 : "the shim has died; " + killed.error().message();
                  if (self->engine->on_sandbox_dead) self->engine->on_sandbox_dead(uid, why);
                });
}

}  // namespace podctl::engine
