// A pod with a user namespace of its own, on the real kernel: what its processes and its files are
// to the host.
#include <sys/mount.h>
#include <sys/resource.h>

#include "pod_fixture.hpp"
#include "podctl/runtime/user_namespace.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr IdRange kIds{.first = 589824, .count = 65536};

class RuntimeUsers : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!put_busybox()) GTEST_SKIP() << "needs a static /bin/busybox";
    auto spec = sandbox_spec();
    spec.users = kIds;
    spec.share_pid = shared_pid();
    spec.sysctls = {{"kernel.shm_rmid_forced", "1"}, {"net.ipv4.ping_group_range", "0 65535"}};
    spec.volumes = {{.name = "mem", .memory = true, .mode = 02777, .group = 6000}};
    spec.files = {{"hosts", "127.0.0.1 localhost\n", 0644}};
    make_sandbox(spec);
    ASSERT_TRUE(sandbox_);
  }
  virtual bool shared_pid() const { return false; }
  wire::ContainerSpec shell(const std::string& script) {
    auto spec = container_spec({});
    spec.argv = {"busybox", "sh", "-c", script};
    return spec;
  }
  static std::string owner(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return "none";
    return std::to_string(st.st_uid) + ":" + std::to_string(st.st_gid);
  }
};

class RuntimeUsersSharedPid : public RuntimeUsers {
  bool shared_pid() const override { return true; }
};

TEST_F(RuntimeUsers, ROOT_EveryProcessIsAnUnprivilegedUserOfTheHost) {
  EXPECT_EQ(sandbox_->info().users, kIds);
  auto running = start(shell("cat /proc/self/uid_map /proc/self/gid_map; exec busybox sleep 60"));
  ASSERT_TRUE(running) << running.error().message();
  const std::string pid = std::to_string(running->container->process().pid);
  EXPECT_EQ(owner("/proc/" + pid), "589824:589824");
  EXPECT_EQ(owner("/proc/" + std::to_string(sandbox_->pause().pid)), "589824:589824");
  const auto inside =
      exec(*running, exec_spec(*running, {"show", ",", "read", "/proc/self/uid_map"}));
  EXPECT_EQ(inside.value("uid"), "0");
  EXPECT_THAT(inside.output, HasSubstr("589824      65536"));
  // One user namespace, the pod's, which is not the host's.
  const auto own = [](const std::string& of) {
    return fs::read_symlink("/proc/" + of + "/ns/user").string();
  };
  EXPECT_EQ(own(pid), own(std::to_string(sandbox_->pause().pid)));
  EXPECT_NE(own(pid), own("self"));
  stop(std::move(*running));
}

TEST_F(RuntimeUsersSharedPid, ROOT_PauseIsOneOfThem) {
  auto spec =
      container_spec({"list", "/proc/1/fd", ",", "list", "/proc/1/root/", ",", "open-exe", "1"});
  spec.pid = wire::PidMode::kPod;
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, HasSubstr("open-exe error="));
  EXPECT_EQ(outcome.value("entry"), "");
}

TEST_F(RuntimeUsers, ROOT_FilesBelongToItsIdsOnDiskAndToItsUsersInside) {
  put("of-root", "x");
  put("of-5", "x");
  ASSERT_EQ(::chown((image() + "/of-5").c_str(), 5, 6), 0);
  auto running = start(shell(
      "busybox stat -c '%n=%u:%g' /of-root /of-5 /dev/null /dev/pts /dev/shm /proc/self/fd/1 /m;"
      "echo >/made; busybox chown 7:8 /made; echo >>/of-5; echo done; exec busybox sleep 60"));
  ASSERT_TRUE(running) << running.error().message();
  std::string output;
  char buffer[512];
  while (output.find("done") == std::string::npos) {
    const auto n = ::read(running->output.get(), buffer, sizeof buffer);
    ASSERT_GT(n, 0) << output;
    output.append(buffer, static_cast<std::size_t>(n));
  }
  const Outcome seen{.output = output};
  EXPECT_EQ(seen.value("/of-root"), "0:0");
  EXPECT_EQ(seen.value("/of-5"), "5:6");
  EXPECT_EQ(seen.value("/dev/null"), "0:0");
  const std::string upper = running->container->spec().rootfs.upper;
  EXPECT_EQ(owner(upper), "589824:589824");
  EXPECT_EQ(owner(upper + "/made"), "589831:589832");
  EXPECT_EQ(owner(upper + "/of-5"), "589829:589830") << "copied up";
  EXPECT_EQ(owner(image() + "/of-5"), "5:6");
  stop(std::move(*running));
}

TEST_F(RuntimeUsers, ROOT_VolumesAreIdmappedToTheBottomOrRefused) {
  const std::string volume = directory_ + "/volume";
  fs::create_directories(volume + "/below");
  std::ofstream(volume + "/of-root") << "secret";
  fs::permissions(volume + "/of-root", fs::perms::owner_read | fs::perms::owner_write);
  auto spec = shell(
      "busybox cat /v/of-root; busybox stat -c ' %u:%g' /v/of-root; echo >/v/made; "
      "echo >/v/sub/made; busybox stat -c '%n %u:%g' /m /m/sub");
  spec.mounts = {
      {.kind = wire::MountKind::kHostPath,
       .source = volume,
       .target = "/v",
       .name = "v",
       .mapped = true},
      {.kind = wire::MountKind::kBind,
       .source = volume,
       .target = "/v/sub",
       .sub_path = "sub",
       .name = "v",
       .mapped = true},
      {.kind = wire::MountKind::kPodVolume, .source = "mem", .target = "/m", .name = "m"},
      {.kind = wire::MountKind::kPodVolume,
       .source = "mem",
       .target = "/m/sub",
       .sub_path = "sub",
       .name = "m"}};
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.output, "secret 0:0\n/m 0:6000\n/m/sub 0:6000\n");
  EXPECT_EQ(owner(volume + "/made"), "0:0");
  EXPECT_EQ(owner(volume + "/sub/made"), "0:0");

  spec.mounts = {{.kind = wire::MountKind::kHostPath,
                  .source = "/proc",
                  .target = "/v",
                  .name = "v",
                  .mapped = true}};
  const auto error = refusal(spec);
  EXPECT_EQ(error.sys_errno, EINVAL);
  EXPECT_THAT(error.message(), HasSubstr("volume 'v' at '/v'"));
  EXPECT_THAT(error.message(), HasSubstr("cannot be idmapped by this kernel"));
}

TEST_F(RuntimeUsers, ROOT_ImageVolumesOfOneLayerAndOfManyAreItsUsersToo) {
  const std::string lower = directory_ + "/lower";
  fs::create_directories(lower + "/data");
  std::ofstream(lower + "/data/old") << "old";
  put("data/new", "new");
  for (const auto& layers : {std::vector<std::string>{lower}, {image(), lower}}) {
    for (const char* sub : {"", "data"}) {
      const std::string at = *sub == '\0' ? "/v/data/old" : "/v/old";
      auto spec = shell("busybox stat -c '%u:%g' " + at + "; echo >" + at);
      spec.mounts = {{.kind = wire::MountKind::kImage,
                      .target = "/v",
                      .sub_path = sub,
                      .read_only = true,
                      .name = "v",
                      .layers = layers}};
      const auto outcome = run(spec);
      EXPECT_THAT(outcome.output, HasSubstr("0:0\n")) << layers.size() << sub;
      EXPECT_THAT(outcome.output, HasSubstr("Read-only file system"));
    }
  }
}

// overlayfs takes some sixty layers by fsconfig(2), beyond that only by mount(2).
TEST_F(RuntimeUsers, ROOT_ARootOfManyLayersIsMadeAsAny) {
  auto spec = shell("busybox stat -c '%u:%g' /layer-0 /layer-89");
  for (int n = 0; n < 90; ++n) {
    const std::string layer = directory_ + "/layers/" + std::to_string(n);
    fs::create_directories(layer);
    std::ofstream(layer + "/layer-" + std::to_string(n)) << n;
    spec.rootfs.layers.push_back(layer);
  }
  EXPECT_EQ(run(spec).output, "0:0\n0:0\n");
}

TEST_F(RuntimeUsers, ROOT_AUserThatTheNamespaceHasNotIsRefused) {
  auto spec = container_spec({"show"});
  spec.user.uid = 65535;
  EXPECT_EQ(run(spec).value("uid"), "65535");
  spec.user.uid = 65536;
  auto error = refusal(spec);
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("65536: the pod's user namespace has the ids 0 to 65535"));
  // As an image may say it, whose words nobody has looked at before.
  put("etc/passwd", "far:x:100000:100000::/:/bin/sh\n");
  spec.user = {.image_user = "far"};
  EXPECT_THAT(refusal(spec).message(), HasSubstr("100000: the pod's user namespace has"));
}

TEST_F(RuntimeUsers, ROOT_HardLimitsAreRaisedAllTheSame) {
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  auto spec = shell("ulimit -n");
  spec.rlimits = {{.resource = RLIMIT_NOFILE, .soft = 4096, .hard = now.rlim_max}};
  EXPECT_EQ(run(spec).output, "4096\n");
}

TEST_F(RuntimeUsers, ROOT_ItsOwnKernelParametersAreItsRoots) {
  auto spec =
      shell("busybox cat /proc/sys/kernel/shm_rmid_forced; busybox hostname; echo x >/dev/stdout");
  EXPECT_EQ(run(spec).output, "1\nweb\nx\n");
  spec = container_spec({"show"});
  spec.tty = true;
  EXPECT_THAT(run(spec).output, HasSubstr("uid=0\r\n"));
}

TEST(RuntimeUserNamespace, ROOT_IsTriedWithoutLeavingAnything) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string here = scratch_directory("test");
  const auto tried = runtime::try_user_namespace(here);
  EXPECT_TRUE(tried) << tried.error().message();
  const auto proc = runtime::try_user_namespace("/proc");
  ASSERT_FALSE(proc);
  EXPECT_THAT(proc.error().message(), HasSubstr("cannot be idmapped by this kernel"));
  const auto child = sys::peek_any_child();
  EXPECT_TRUE(!child && child.error().code == Code::kNotFound) << "a child was left";
  fs::remove_all(here);
}

}  // namespace
}  // namespace podctl
