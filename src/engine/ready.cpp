// The sandbox that is made before its pod. At most one waits: it costs a shim, a pause and a veth
// pair, and is made while nobody asks for anything, so that a start finds all that done.
#include <algorithm>

#include "engine/impl.hpp"
#include "podctl/sys/clock.hpp"

namespace podctl::engine {
namespace {

constexpr std::chrono::milliseconds kQuiet{50};  // no shim was asked for anything for so long
constexpr std::chrono::seconds kIdle{30};        // no sandbox was wanted for so long
constexpr std::size_t kMostExpected = 2;         // most pods have no more containers at first

std::chrono::nanoseconds since(std::uint64_t boot_ns) {
  return std::chrono::nanoseconds(sys::boot_ns() - boot_ns);
}

// One like `model`, for nobody yet. The cgroup's last component ends with the uid.
wire::SandboxSpec for_uid(const wire::SandboxSpec& model, const std::string& uid) {
  auto spec = wire::anonymous(model);
  spec.cgroup.replace(spec.cgroup.size() - spec.uid.size(), spec.uid.size(), uid);
  spec.uid = uid;
  return spec;
}

}  // namespace

void Engine::Impl::Ready::asked() { asked_ns = sys::boot_ns(); }

std::optional<std::string> Engine::Impl::take_ready(const wire::SandboxSpec& like) {
  if (!ready.made || resetting || ready.kind != wire::sandbox_kind(like)) return {};
  std::string uid = std::exchange(ready.uid, {});
  ready.made = false;
  ready.taken.insert(uid);
  return uid;
}

// The next pod's first containers are likely to be those of the last one, started again and again
// by whoever works on it.
void Engine::Impl::expect_like(const std::string& uid, const wire::ContainerSpec& started) {
  if (uid != ready.last || ready.started.size() == kMostExpected) return;
  // Again what the first time could not be started.
  const auto known = [&](const wire::ExpectedContainer& it) { return it.name == started.name; };
  if (std::any_of(ready.started.begin(), ready.started.end(), known)) return;
  if (auto expected = wire::expectation(started)) ready.started.push_back(std::move(*expected));
}

void Engine::Impl::ready_later(const wire::SandboxSpec& like) {
  if (!options.new_uid || resetting || !like.cgroup.ends_with(like.uid)) return;
  if (!ready.uid.empty() && ready.kind != wire::sandbox_kind(like)) give_up_ready();
  ready.model = wire::anonymous(like);
  ready.wanted_ns = sys::boot_ns();
  ready_after(kQuiet);
}

void Engine::Impl::ready_after(std::chrono::nanoseconds delay) {
  ready.timer.expires_after(delay);
  ready.timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    if (const auto impl = self.lock(); impl && !error) impl->ready_due();
  });
}

void Engine::Impl::ready_due() {
  if (resetting || !root || !ready.model) return;
  if (const auto idle = since(ready.wanted_ns); idle >= kIdle) {
    ready.model.reset();
    return give_up_ready();
  }
  if (!ready.uid.empty()) return ready_after(kIdle - since(ready.wanted_ns));
  if (const auto quiet = since(ready.asked_ns); quiet < kQuiet) return ready_after(kQuiet - quiet);
  make_ready();
}

void Engine::Impl::make_ready() {
  auto spec = for_uid(*ready.model, options.new_uid());
  ready.uid = spec.uid;
  ready.kind = wire::sandbox_kind(spec);
  if (!spec.net) return prepare(std::move(spec));
  allocate(spec.uid, [self = shared_from_this(), spec](Result<wire::NetworkSpec> net) mutable {
    if (!self->is_ready(spec.uid)) return;  // given up, with its address
    if (!net) return self->give_up_ready();
    spec.net = std::move(*net);
    self->prepare(std::move(spec));
  });
}

void Engine::Impl::prepare(wire::SandboxSpec spec) {
  const auto link = start_shim(spec.uid);
  if (!link) return give_up_ready();
  (*link)->request(wire::Type::kPrepareSandbox, wire::encode(spec),
                   [self = shared_from_this(), uid = spec.uid](const Result<wire::Message>& reply) {
                     if (!self->is_ready(uid)) return;
                     if (!reply) return self->give_up_ready();
                     self->ready.made = true;
                     self->ready_after(kIdle);
                     self->expect_containers();
                   });
}

void Engine::Impl::expect_containers() {
  if (ready.started.empty()) return;
  const auto body = wire::encode(wire::ExpectRequest{ready.started});
  pods.at(ready.uid).link->request(wire::Type::kExpectContainers, body,
                                   [](const Result<wire::Message>&) {});
}

// Also when its shim or its pause has died: the next pod's start makes another one.
void Engine::Impl::give_up_ready() {
  if (ready.uid.empty()) return;
  const std::string uid = std::exchange(ready.uid, {});
  ready.made = false;
  destroy(uid, {.final = true, .logs = {}}, [](const Result<void>&) {});
}

}  // namespace podctl::engine
