// Pods that end, and pods found again.
#include <boost/asio/steady_timer.hpp>

#include "engine/impl.hpp"
#include "podctl/ipam/addresses.hpp"

namespace podctl::engine {
namespace {

// A shim settles the starts under way before it greets, for up to 10 s.
constexpr std::chrono::seconds kHelloBound{15};
// A shim may settle starts for 10 s first; its own removal gives up after 10 s what does not end,
// after 5 s a cgroup.
constexpr std::chrono::seconds kDestroyBound{30};

}  // namespace

// Whoever comes later waits for the same end; what it wants removed beyond the first's goes then.
void Engine::Impl::destroy(const std::string& uid, const Removal& removal, Callback<void> done) {
  ready.asked();
  ready.taken.erase(uid);
  const auto [at, fresh] = destroying.try_emplace(uid);
  Ending& ending = at->second;
  ending.removal.final = ending.removal.final || removal.final;
  if (!removal.logs.empty()) ending.removal.logs = removal.logs;
  ending.removal.host_ports = ending.removal.host_ports || removal.host_ports;
  ending.waiters.push_back(std::move(done));
  if (!fresh) {
    ending.cleared = false;
    return;
  }
  ending.busy = 1;
  const auto pod = pods.find(uid);
  if (pod == pods.end() || pod->second.link->lost()) return clean(uid);
  const auto link = pod->second.link;
  link->request(
      wire::Type::kDestroySandbox, wire::encode(wire::Nothing{}),
      [self = shared_from_this(), uid, link](Result<wire::Message> reply) {
        if (!reply && reply.error().code == Code::kUnavailable) {
          link->kill_process();  // one that only hung would bring podctld back once it goes on
          return self->clean(uid);
        }
        self->half_done(uid, reply ? Result<void>() : Failure(std::move(reply).error()));
      },
      {}, kDestroyBound);
}

// The shim is dead, or nobody is connected with it.
void Engine::Impl::clean(const std::string& uid) {
  Ending& ending = destroying[uid];
  ending.cleared = true;
  offload<void>(
      [where = layout, uid, removal = ending.removal, remains = std::make_shared<sys::Remains>()] {
        return clean_pod(where, uid, removal, *remains);
      },
      [self = shared_from_this(), uid](Result<void> cleaned) {
        self->half_done(uid, std::move(cleaned));
      });
}

// Once nothing of the pod runs. The remains go with the closure, after its answer.
void Engine::Impl::clear(const std::string& uid) {
  const auto at = destroying.find(uid);
  if (at == destroying.end() || std::exchange(at->second.cleared, true)) return;
  ++at->second.busy;
  offload<void>(
      [where = layout, uid, removal = at->second.removal,
       remains = std::make_shared<sys::Remains>()] {
        return clear_pod(where, uid, removal, *remains);
      },
      [self = shared_from_this(), uid](Result<void> cleared) {
        self->half_done(uid, std::move(cleared));
      });
}

void Engine::Impl::half_done(const std::string& uid, Result<void> result) {
  const auto at = destroying.find(uid);
  Ending& ending = at->second;
  if (!result && ending.result) ending.result = std::move(result);
  if (--ending.busy > 0) return;
  if (ending.result && !ending.cleared) return clear(uid);  // nobody told when all had ended
  finish_destroy(uid, std::move(destroying.extract(at).mapped()));
}

void Engine::Impl::finish_destroy(const std::string& uid, Ending ending) {
  fail_execs(uid);
  if (ending.result) {
    if (const auto at = pods.find(uid); at != pods.end()) {
      at->second.link->close();
      pods.erase(at);
    }
  }
  for (auto& done : ending.waiters) done(ending.result);
  // Addresses that cannot be freed are when the next podctld recovers.
  if (ending.result && ending.removal.final) release(uid);
}

// Apart from the workers: it waits for the kernel, and others' removals must not wait with it.
void Engine::Impl::release(const std::string& uid) {
  releasing.try_emplace(uid);
  auto guard = boost::asio::make_work_guard(io);
  boost::asio::post(releases, [self = weak_from_this(), guard, where = layout, uid, &io = io] {
    (void)release_network(where, uid);
    boost::asio::post(io, [self, guard, uid] {
      if (const auto impl = self.lock()) impl->released(uid);
    });
  });
}

void Engine::Impl::released(const std::string& uid) {
  const auto at = releasing.extract(uid);
  if (at.empty()) return;
  for (const auto& call : at.mapped()) call();
}

// A network that is just being prepared would outlive its own removal.
void Engine::Impl::reset(Callback<void> done) {
  resetting = true;
  ready.timer.cancel();
  ready.model.reset();
  give_up_ready();
  const auto begin = [self = shared_from_this(), done = std::move(done)](const Result<void>&) {
    self->reset_now([self, done](Result<void> result) {
      self->resetting = false;
      done(std::move(result));
    });
  };
  if (!preparing_network) return begin({});
  waiting_network.push_back(begin);
}

void Engine::Impl::reset_now(const Callback<void>& done) {
  auto uids = pods_on_disk(layout);
  for (const auto& [uid, pod] : pods) {
    if (std::find(uids.begin(), uids.end(), uid) == uids.end()) uids.push_back(uid);
  }
  struct Progress {
    std::size_t left = 0;
    Result<void> result;
  };
  auto progress = std::make_shared<Progress>(Progress{.left = uids.size() + 1, .result = {}});
  const auto one = [self = shared_from_this(), progress, done](Result<void> ended) {
    if (!ended && progress->result) progress->result = std::move(ended);
    if (--progress->left > 0) return;
    if (!progress->result) return done(progress->result);
    self->root.reset();  // both are made anew by the next call that needs them
    self->subnet.reset();
    self->offload<void>([where = self->layout] { return reset_root(where); }, done);
  };
  for (const std::string& uid : uids) destroy(uid, {}, one);
  boost::asio::post(io, [one] { one({}); });
}

// One recover(): how many are still awaited, and what was found.
struct Engine::Impl::Recovery {
  std::size_t left = 0;
  std::vector<RecoveredSandbox> found;
  std::function<void(std::vector<RecoveredSandbox>)> done;
  std::shared_ptr<Impl> impl;

  void add(RecoveredSandbox sandbox) {
    found.push_back(std::move(sandbox));
    finish_one();
  }
  // Addresses of pods that are gone, but whose veth the kernel has not yet taken down.
  void release_lingering(const std::vector<std::string>& live) {
    const auto entries = ipam::list(impl->layout);
    if (!entries) return;
    for (const ipam::Allocation& entry : *entries) {
      if (std::find(live.begin(), live.end(), entry.uid) == live.end()) impl->release(entry.uid);
    }
  }
  void finish_one() {
    if (--left > 0) return;
    std::vector<std::string> live;
    for (const RecoveredSandbox& sandbox : found) {
      if (!sandbox.shim_dead) live.push_back(sandbox.uid);
    }
    (void)ipam::recover(impl->layout, live);
    release_lingering(live);
    done(std::move(found));
    for (const std::string& uid : live) {
      if (const auto at = impl->pods.find(uid); at != impl->pods.end()) {
        at->second.link->release_events();
      }
    }
  }
};

void Engine::Impl::recover(std::function<void(std::vector<RecoveredSandbox>)> done) {
  auto recovery = std::make_shared<Recovery>();
  recovery->done = std::move(done);
  recovery->impl = shared_from_this();
  const auto uids = pods_on_disk(layout);
  recovery->left = uids.size() + 1;
  for (const std::string& uid : uids) recover_one(recovery, uid);
  boost::asio::post(io, [recovery] { recovery->finish_one(); });
}

// What a dead shim has left goes before the pod is told of.
void Engine::Impl::recover_dead(const std::shared_ptr<Recovery>& recovery, const std::string& uid) {
  auto exits = read_exits(layout, uid);
  offload<void>(
      [where = layout, uid] {
        sys::Remains remains;
        return clean_pod(where, uid, {.host_ports = true}, remains);
      },
      [recovery, uid, exits = std::move(exits)](const Result<void>& cleaned) mutable {
        wire::State state{.uid = uid, .exits = std::move(exits)};
        state.death = cleaned ? "the shim has died" : cleaned.error().message();
        recovery->add({.uid = uid, .shim_dead = true, .state = std::move(state)});
      });
}

void Engine::Impl::recover_one(const std::shared_ptr<Recovery>& recovery, const std::string& uid) {
  if (pods.contains(uid)) return boost::asio::post(io, [recovery] { recovery->finish_one(); });
  auto socket = wire::connect_at(layout.pod_run(uid), "shim.sock");
  auto process = socket ? process_of(*socket) : UniqueFd();
  auto pod =
      socket ? add_pod(uid, std::move(*socket), std::move(process)) : Failure(socket.error());
  if (!pod) return recover_dead(recovery, uid);
  const auto link = (*pod)->link;
  link->hold_events();
  auto late = std::make_shared<boost::asio::steady_timer>(io, kHelloBound);
  auto told = std::make_shared<bool>(false);
  const auto tell = [recovery, uid, told, late](wire::State state) {
    if (std::exchange(*told, true)) return;
    late->cancel();
    recovery->add({.uid = uid, .shim_dead = false, .state = std::move(state)});
  };
  late->async_wait([tell, uid](const boost::system::error_code& error) {
    if (!error) tell({.uid = uid, .death = "its shim does not answer"});
  });
  say_hello(link, [self = shared_from_this(), recovery, uid, tell, told, late,
                   link](Result<wire::State> state) {
    if (state) return tell(std::move(*state));
    if (!link->hung_up()) return tell({.uid = uid, .death = state.error().message()});
    // It was just ending, its pod's removal half done: nobody has its addresses any more.
    if (std::exchange(*told, true)) return;
    late->cancel();
    link->on_lost = nullptr;  // told below, with what it has left removed
    boost::asio::post(self->io, [self, recovery, uid] {
      self->pods.erase(uid);
      self->recover_dead(recovery, uid);
    });
  });
}

}  // namespace podctl::engine
