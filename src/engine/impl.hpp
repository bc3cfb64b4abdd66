// The inside of Engine: the pods and their links, what waits for the root to be prepared, the
// workers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "engine/leftovers.hpp"
#include "engine/root.hpp"
#include "engine/shim_link.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/wire/codec.hpp"
#include "podctl/wire/expected.hpp"

namespace podctl::engine {

struct Pod {
  std::shared_ptr<ShimLink> link;
  std::map<std::uint32_t, Callback<int>> execs;  // running, by request
};

// A sandbox being destroyed: by its shim, by a worker that clears its files, or by both at once.
struct Ending {
  Removal removal;
  std::vector<Callback<void>> waiters;
  int busy = 0;          // halves under way
  bool cleared = false;  // the files' half has begun
  Result<void> result;
};

struct Engine::Impl : std::enable_shared_from_this<Engine::Impl> {
  Impl(Engine& owner, boost::asio::io_context& context, Layout where, Options with)
      : engine(&owner), io(context), layout(std::move(where)), options(std::move(with)) {}

  // Runs `work` on a worker, then `done` with its result on the loop. `done` is dropped once the
  // engine is gone.
  template <class T>
  void offload(std::function<Result<T>()> work, Callback<T> done) {
    auto guard = boost::asio::make_work_guard(io);
    boost::asio::post(workers, [self = weak_from_this(), guard, work = std::move(work),
                                done = std::move(done), &io = io]() mutable {
      boost::asio::post(io, [self, guard, done = std::move(done), result = work()]() mutable {
        if (!self.expired()) done(std::move(result));
      });
    });
  }
  template <class T>
  void answer_later(Callback<T> done, Result<T> result) {
    boost::asio::post(io, [done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }

  // root: at once when it is prepared, else in the order of the calls.
  void when_ready(Callback<void> call);
  void root_ready(Result<Root> made);
  void allocate(const std::string& uid, Callback<wire::NetworkSpec> done);
  void network_ready(Result<ipam::Subnet> made);
  Result<wire::NetworkSpec> network_of(const std::string& uid) const;

  // pods
  void create(wire::SandboxSpec spec, Callback<wire::SandboxInfo> done);
  Result<std::shared_ptr<ShimLink>> start_shim(const std::string& uid);
  Result<Pod*> add_pod(const std::string& uid, wire::Socket socket, UniqueFd process);
  void watch_shim(const std::string& uid, std::shared_ptr<sys::Child> child);
  void say_hello(const std::shared_ptr<ShimLink>& link, Callback<wire::State> done);
  template <class T>
  void ask(const std::string& uid, wire::Type type, std::string body, Callback<T> done,
           std::chrono::seconds bound = {});
  void on_event(const std::string& uid, const wire::Message& message);
  void on_lost(const std::string& uid);
  void fail_execs(const std::string& uid);

  // ready.cpp
  std::optional<std::string> take_ready(const wire::SandboxSpec& like);
  void expect_like(const std::string& uid, const wire::ContainerSpec& started);
  void ready_later(const wire::SandboxSpec& like);
  void ready_after(std::chrono::nanoseconds delay);
  void ready_due();
  void make_ready();
  void prepare(wire::SandboxSpec spec);
  void expect_containers();
  void give_up_ready();
  bool is_ready(const std::string& uid) const { return !uid.empty() && ready.uid == uid; }

  // ends
  void destroy(const std::string& uid, const Removal& removal, Callback<void> done);
  void clean(const std::string& uid);
  void clear(const std::string& uid);
  void half_done(const std::string& uid, Result<void> result);
  void finish_destroy(const std::string& uid, Ending ending);
  void release(const std::string& uid);
  void released(const std::string& uid);
  void reset(Callback<void> done);
  void reset_now(const Callback<void>& done);

  // recovery
  struct Recovery;
  void recover(std::function<void(std::vector<RecoveredSandbox>)> done);
  void recover_one(const std::shared_ptr<Recovery>& recovery, const std::string& uid);
  void recover_dead(const std::shared_ptr<Recovery>& recovery, const std::string& uid);

  Engine* engine;
  boost::asio::io_context& io;
  Layout layout;
  Options options;

  std::optional<Root> root;
  bool preparing = false;
  std::deque<Callback<void>> waiting;

  std::optional<ipam::Subnet> subnet;
  bool preparing_network = false;
  std::deque<Callback<void>> waiting_network;

  // The sandbox that is made before its pod.
  struct Ready {
    explicit Ready(boost::asio::io_context& io) : timer(io) {}
    void asked();  // something of a shim: no time to make one now

    std::string uid, kind;  // of the one that waits or is being made
    bool made = false;
    std::set<std::string> taken;             // given away, and create() has not come yet
    std::optional<wire::SandboxSpec> model;  // what the next one shall be like
    std::string last;                        // uid of the last pod, which has begun with these
    std::vector<wire::ExpectedContainer> started;
    std::uint64_t wanted_ns = 0, asked_ns = 0;
    boost::asio::steady_timer timer;
  };
  Ready ready{io};

  std::map<std::string, Pod> pods;
  std::map<std::string, Ending> destroying;
  // Whose addresses are just given back, and who asks for them anew meanwhile.
  std::map<std::string, std::vector<std::function<void()>>> releasing;
  bool resetting = false;  // nothing new is begun
  boost::asio::thread_pool workers{2}, releases{1};
};

template <class T>
void Engine::Impl::ask(const std::string& uid, wire::Type type, std::string body, Callback<T> done,
                       std::chrono::seconds bound) {
  when_ready([self = shared_from_this(), uid, type, body = std::move(body), done = std::move(done),
              bound](Result<void> ready) mutable {
    if (!ready) return self->answer_later<T>(std::move(done), Failure(std::move(ready).error()));
    const auto at = self->pods.find(uid);
    if (at == self->pods.end()) {
      return self->answer_later<T>(std::move(done), fail(Code::kNotFound, "find sandbox", uid));
    }
    self->ready.asked();
    at->second.link->request(
        type, std::move(body),
        [done = std::move(done)](Result<wire::Message> reply) {
          if (!reply) return done(Failure(std::move(reply).error()));
          if constexpr (std::is_void_v<T>) {
            done({});
          } else {
            done(wire::decode<T>(reply->body));
          }
        },
        {}, bound);
  });
}

}  // namespace podctl::engine
