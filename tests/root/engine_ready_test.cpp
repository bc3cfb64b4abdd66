// The sandbox that is made before its pod: taken over, replaced, given up, never left behind.
#include <net/if.h>
#include <signal.h>

#include "engine_fixture.hpp"
#include "podctl/sys/process.hpp"

namespace podctl::engine {
namespace {

namespace fs = std::filesystem;

class ROOT_EngineReady : public ROOT_Engine {
 protected:
  static constexpr const char* kNext = "0a1b2c3d-0000-4000-8000-000000000002";

  void SetUp() override {
    // The first is kNext; later ones are nobody's business here.
    new_uid_ = [n = 2]() mutable {
      return "0a1b2c3d-0000-4000-8000-00000000000" + std::to_string(n++);
    };
    ROOT_Engine::SetUp();
  }
  // A first pod, after which another sandbox of its kind is made.
  void create_first() {
    const auto made = create(sandbox());
    ASSERT_TRUE(made) << made.error().message();
  }
  std::optional<std::string> take(const wire::SandboxSpec& like) {
    std::optional<std::string> uid;
    run_until([&] {
      if (!uid) uid = engine_->take_ready(like);
      return uid.has_value();
    });
    return uid;
  }
  bool shim_made(const std::string& uid) {
    return run_until([&] { return fs::exists(layout_.pod_run(uid) + "/shim.pid"); });
  }
  pid_t shim_of(const std::string& uid) const {
    pid_t pid = 0;
    std::ifstream(layout_.pod_run(uid) + "/shim.pid") >> pid;
    return pid;
  }
  bool gone(const std::string& uid) {
    return run_until([&] { return !fs::exists(layout_.pod_run(uid)); });
  }
};

TEST_F(ROOT_EngineReady, PodTakesOverWhatWasMadeBeforeIt) {
  create_first();
  ASSERT_EQ(take(sandbox(false)), kNext);
  const pid_t shim = shim_of(kNext);
  ASSERT_GT(shim, 0);

  auto spec = sandbox(true, kNext);
  spec.hostname = "second";
  spec.files = {{.name = "hosts", .content = "127.0.0.1 second\n"}};
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(shim_of(kNext), shim);
  std::vector<std::string> steps;
  for (const auto& step : made->trace) steps.push_back(step.name);
  EXPECT_EQ(steps, (std::vector<std::string>{"write pod files", "set names"}));
  EXPECT_EQ(made->pod_mac.substr(0, 5), "0a:58");
  std::ifstream hosts(layout_.pod_run(kNext) + "/files/hosts");
  std::string line;
  std::getline(hosts, line);
  EXPECT_EQ(line, "127.0.0.1 second");

  const auto started =
      start(container("c", "/bin/busybox hostname; /bin/busybox ip -o addr"), kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("c").exit_code, 0);
  const std::string said = log_text("c");
  EXPECT_TRUE(said.starts_with("second\n")) << said;
  EXPECT_NE(said.find(spec.net->addresses[0].str()), std::string::npos) << said;
  EXPECT_TRUE(destroy(kNext));
  expect_pod_gone(kNext);
}

TEST_F(ROOT_EngineReady, FilesAreThereBeforeThePodAndFilledWhenItComes) {
  auto first = sandbox(false);
  first.files = {{.name = "hosts", .content = "127.0.0.1 first\n"}};
  ASSERT_TRUE(create(first));
  ASSERT_EQ(take(sandbox(false)), kNext);
  const std::string hosts = layout_.pod_run(kNext) + "/files/hosts";
  ASSERT_TRUE(fs::exists(hosts));
  EXPECT_EQ(fs::file_size(hosts), 0U);

  auto spec = sandbox(true, kNext);
  spec.files = {{.name = "hosts", .content = "second\n"}, {.name = "more", .content = "third\n"}};
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(fs::file_size(hosts), 7U);
  EXPECT_EQ(fs::file_size(layout_.pod_run(kNext) + "/files/more"), 6U);
  EXPECT_TRUE(destroy(kNext));
  expect_pod_gone(kNext);
}

TEST_F(ROOT_EngineReady, OneThatDoesNotServeIsNotGivenAway) {
  create_first();
  auto other = sandbox(false);
  other.share_pid = true;
  ASSERT_TRUE(shim_made(kNext));
  EXPECT_EQ(engine_->take_ready(other), std::nullopt);
  ASSERT_EQ(take(sandbox(false)), kNext);

  // Whoever asks for another one all the same gets what it asks for.
  auto spec = sandbox(true, kNext);
  spec.share_pid = true;
  const auto made = create(spec);
  ASSERT_TRUE(made) << made.error().message();
  auto main = container("c", "/bin/busybox cat /proc/1/comm");
  main.pid = wire::PidMode::kPod;
  const auto started = start(main, kNext);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(exit_of("c").exit_code, 0);
  EXPECT_EQ(log_text("c"), "podctl-pause\n");
}

TEST_F(ROOT_EngineReady, AnotherKindOfPodMakesWayForItsOwn) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  const std::string second = "0a1b2c3d-0000-4000-8000-00000000000a";
  auto spec = sandbox(true, second);
  spec.shm_size = 1 << 20;
  ASSERT_TRUE(create(spec));
  EXPECT_TRUE(gone(kNext));
  EXPECT_EQ(take(spec), "0a1b2c3d-0000-4000-8000-000000000003");
}

TEST_F(ROOT_EngineReady, EndsWithThePodctldThatMadeIt) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  const UniqueFd shim = MUST(sys::open_pidfd(shim_of(kNext)));
  abandon();
  EXPECT_TRUE(sys::wait_child(shim.get(), true));
  // The kernel takes the veth down a little after its namespace.
  EXPECT_TRUE(eventually([&] { return ::if_nametoindex(layout_.host_veth(kNext).c_str()) == 0; }));
  expect_pod_gone(kNext);
  EXPECT_TRUE(fs::exists(layout_.pod_run(kUid)));
  open();
  std::vector<RecoveredSandbox> found;
  bool recovered = false;
  engine_->recover([&](auto all) {
    found = std::move(all);
    recovered = true;
  });
  ASSERT_TRUE(run_until([&] { return recovered; }));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].uid, kUid);
}

TEST_F(ROOT_EngineReady, DeadOneIsCleanedAwayAndNobodyHearsOfIt) {
  create_first();
  ASSERT_TRUE(shim_made(kNext));
  ASSERT_EQ(::kill(shim_of(kNext), SIGKILL), 0);
  EXPECT_TRUE(gone(kNext));
  EXPECT_EQ(engine_->take_ready(sandbox(false)), std::nullopt);
  EXPECT_EQ(death_, "");
}

}  // namespace
}  // namespace podctl::engine
