// Custody: what dies, and what must survive it. kill -9 of podctld, of pause, of the shim.
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>

#include <thread>

#include "engine/root.hpp"
#include "engine_fixture.hpp"
#include "podctl/ipam/addresses.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::engine {
namespace {

pid_t shim_pid(const Layout& layout, const std::string& uid) {
  std::ifstream in(layout.pod_run(uid) + "/shim.pid");
  pid_t pid = -1;
  in >> pid;
  return pid;
}

bool ends(const UniqueFd& child) {
  return eventually([&] {
    const auto exit = sys::wait_child(child.get(), false);
    return !exit || *exit;
  });
}

TEST_F(ROOT_Engine, NoLineAndNoExitIsLostWithoutPodctld) {
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(start(container("ender", "sleep 0.3; echo bye; exit 5")));
  ASSERT_TRUE(start(container(
      "talker",
      "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.02; done; sleep 1000")));
  abandon();
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += "line " + std::to_string(i) + "\n";
  const std::string exits = layout_.pod_run(kUid) + "/exits";
  ASSERT_TRUE(eventually([&] {
    std::error_code none_yet;
    return log_text("talker") == lines && !std::filesystem::is_empty(exits, none_yet) && !none_yet;
  }));
  open();
  std::optional<std::vector<RecoveredSandbox>> found;
  engine_->recover([&](auto list) { found = std::move(list); });
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  ASSERT_EQ(found->size(), 1U);
  const wire::State& state = (*found)[0].state;
  EXPECT_TRUE(state.alive);
  ASSERT_EQ(state.containers.size(), 1U);
  EXPECT_EQ(state.containers[0].name, "talker");
  ASSERT_EQ(state.exits.size(), 1U);
  EXPECT_EQ(state.exits[0].exit_code, 5);
  EXPECT_EQ(log_text("ender"), "bye\n");
  EXPECT_EQ(log_text("talker"), lines);
  engine_->ack_exit(kUid, state.exits[0].id);
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, KilledPauseEndsThePodAndIsToldAfterItsContainers) {
  const auto info = create(sandbox());
  ASSERT_TRUE(info);
  ASSERT_TRUE(start(container("main", "sleep 1000")));
  ASSERT_TRUE(start(container("many", "for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait")));
  std::map<std::string, wire::ExitRecord> before;
  engine_->on_sandbox_dead = [&](const std::string&, const std::string& why) {
    death_ = why;
    before = exits_;
  };
  ASSERT_EQ(::kill(info->pause_pid, SIGKILL), 0);
  EXPECT_TRUE(run_until([&] { return !death_.empty(); }));
  ASSERT_EQ(before.size(), 2U) << "every container's end comes first";
  EXPECT_EQ(before["main"].exit_code, 137);
  EXPECT_EQ(before["many"].exit_code, 137);
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

TEST_F(ROOT_Engine, NoLineIsLostWhileOthersComeAndGo) {
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(start(container(
      "talker", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 3")));
  for (int i = 0; i < 5; ++i) {
    const std::string name = "short" + std::to_string(i);
    ASSERT_TRUE(start(container(name, "sleep 1000 & echo $0; exit 2")));
    EXPECT_EQ(exit_of(name).exit_code, 2);
  }
  EXPECT_EQ(exit_of("talker").exit_code, 3);
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += "line " + std::to_string(i) + "\n";
  EXPECT_TRUE(log_text("talker") == lines);
  ASSERT_TRUE(destroy());
}

TEST_F(ROOT_Engine, KilledShimLeavesNothing) {
  ASSERT_TRUE(create(sandbox()));
  const auto info = start(container("main", "sleep 1000"));
  ASSERT_TRUE(info);
  ASSERT_EQ(::kill(shim_pid(layout_, kUid), SIGKILL), 0);
  EXPECT_TRUE(run_until([&] { return !death_.empty(); }));
  const auto done = destroy();
  ASSERT_TRUE(done) << done.error().message();
  expect_pod_gone();
}

TEST_F(ROOT_Engine, DeadShimIsFoundAndCleanedByRecover) {
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(start(container("done", "exit 4")));
  EXPECT_EQ(exit_of("done").exit_code, 4);
  ASSERT_TRUE(start(container("main", "sleep 1000")));
  const UniqueFd shim = MUST(sys::open_pidfd(shim_pid(layout_, kUid)));
  abandon();
  ASSERT_TRUE(sys::send_signal(shim.get(), SIGKILL));
  ASSERT_TRUE(ends(shim));
  open();
  std::optional<std::vector<RecoveredSandbox>> found;
  engine_->recover([&](auto list) { found = std::move(list); });
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  ASSERT_EQ(found->size(), 1U);
  EXPECT_TRUE((*found)[0].shim_dead);
  ASSERT_EQ((*found)[0].state.exits.size(), 1U);
  EXPECT_EQ((*found)[0].state.exits[0].exit_code, 4);
  expect_pod_gone();
}

// A podctld is killed while it has a sandbox destroyed: the next one meets the shim at its end.
TEST_F(ROOT_Engine, ShimThatEndsWhileItIsGreetedCountsAsDead) {
  sandbox();
  abandon();
  const std::string run = layout_.pod_run(kUid);
  std::filesystem::create_directories(run);
  UniqueFd ending = MUST(wire::listen_at(run, "shim.sock"));
  open();
  std::optional<std::vector<RecoveredSandbox>> found;
  engine_->recover([&](auto list) { found = std::move(list); });
  const auto greeted = [&ending] {
    pollfd knock{.fd = ending.get(), .events = POLLIN, .revents = 0};
    return ::poll(&knock, 1, 0) == 1;
  };
  ASSERT_TRUE(run_until(greeted));
  ending.reset();
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  ASSERT_EQ(found->size(), 1U);
  EXPECT_TRUE((*found)[0].shim_dead);
  EXPECT_FALSE(engine_->shim_alive(kUid));
  expect_pod_gone();
  EXPECT_TRUE(MUST(ipam::list(layout_)).empty()) << "its address is kept";
}

// podctld is killed right after it has started a shim: the next one has looked before that shim
// stood.
// One that was just ending hangs up before it has answered; nothing of its pod stays taken.
TEST_F(ROOT_Engine, ShimThatHangsUpWhenItIsAskedIsFoundDead) {
  ASSERT_TRUE(call<wire::NetworkSpec>([&](auto cb) { engine_->allocate_network(kUid, cb); }));
  ASSERT_EQ(MUST(ipam::list(layout_)).size(), 1U);
  std::filesystem::create_directories(layout_.pod_run(kUid));
  UniqueFd listener = MUST(wire::listen_at(layout_.pod_run(kUid), "shim.sock"));
  std::thread ending([&] {
    pollfd asked{.fd = listener.get(), .events = POLLIN, .revents = 0};
    ::poll(&asked, 1, 20'000);
    const auto connection = wire::accept_from(listener.get());
    listener.reset();
  });
  std::optional<std::vector<RecoveredSandbox>> found;
  engine_->recover([&](auto list) { found = std::move(list); });
  EXPECT_TRUE(run_until([&] { return found.has_value(); }));
  ending.join();
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_TRUE(found->front().shim_dead);
  EXPECT_TRUE(MUST(ipam::list(layout_)).empty());
  EXPECT_FALSE(std::filesystem::exists(layout_.pod_run(kUid)));
}

TEST_F(ROOT_Engine, ShimWhosePodctldIsDeadMakesNothing) {
  const Root root = MUST(prepare_root(layout_, PODCTL_BIN_DIR, true));
  auto [ours, theirs] = MUST(wire::Socket::pair());
  wire::Message request;
  request.type = static_cast<std::uint16_t>(wire::Type::kCreateSandbox);
  request.body = wire::encode(sandbox());
  ASSERT_TRUE(ours.send(std::move(request)));
  ours = wire::Socket();
  sys::SpawnSpec spec;
  spec.exe = root.shim.get();
  spec.argv = {"podctl-shim", kUid, layout_.root()};
  spec.fds = {{.from = theirs.fd(), .number = 3}, {.from = root.pause.get(), .number = 4}};
  const auto shim = MUST(sys::spawn(spec));
  EXPECT_TRUE(ends(shim.pidfd));
  expect_pod_gone();
}

TEST_F(ROOT_Engine, ShimThatNobodyKnowsEndsWithItsPod) {
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(start(container("main", "sleep 1000")));
  const UniqueFd shim = MUST(sys::open_pidfd(shim_pid(layout_, kUid)));
  abandon();
  open();  // and does not look
  ASSERT_FALSE(create(sandbox())) << "two shims of one pod";
  const auto done = destroy();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_TRUE(ends(shim));
  expect_pod_gone();
  ASSERT_TRUE(create(sandbox()));
  ASSERT_TRUE(destroy());
}

// A veth goes a little after its namespace, so the next podctld may find the addresses of a pod
// whose sandbox is to be made anew still taken, and gives them back.
TEST_F(ROOT_Engine, AddressesAreNotTakenWhileTheyAreGivenBack) {
  sandbox();
  const std::string veth = layout_.host_veth(kUid);
  ASSERT_TRUE(net::ensure_bridge({.name = veth}));  // any link of that name
  abandon();
  open();
  bool recovered = false;
  engine_->recover([&](auto) { recovered = true; });
  ASSERT_TRUE(run_until([&] { return recovered; }));
  std::optional<Result<wire::NetworkSpec>> given;
  engine_->allocate_network(kUid, [&](auto net) { given = std::move(net); });
  io_->restart();
  io_->run_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(net::remove_bridge(veth));
  ASSERT_TRUE(run_until([&] { return given.has_value(); }));
  ASSERT_TRUE(*given) << given->error().message();
  engine_.reset();  // after all that was under way
  const auto taken = MUST(ipam::list(layout_));
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].uid, kUid);
  EXPECT_EQ(taken[0].address.str(), (*given)->addresses[0].address.str());
}

TEST_F(ROOT_Engine, SharedPidNamespaceEndsCleanly) {
  auto spec = sandbox();
  spec.share_pid = true;
  const auto info = create(std::move(spec));
  ASSERT_TRUE(info) << info.error().message();
  auto main = container("main", "sleep 1000 & sleep 1000");
  main.pid = wire::PidMode::kPod;
  ASSERT_TRUE(start(main));
  ASSERT_EQ(::kill(info->pause_pid, SIGKILL), 0);
  EXPECT_EQ(exit_of("main").exit_code, 137);
  EXPECT_TRUE(run_until([&] { return !death_.empty(); }));
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

}  // namespace
}  // namespace podctl::engine
