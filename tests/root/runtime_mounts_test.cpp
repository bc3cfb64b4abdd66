// Mounts between host and container, in a mount namespace that plays the host's.
#include <sched.h>
#include <sys/mount.h>

#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class RuntimeMounts : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!put_busybox()) GTEST_SKIP() << "needs a static /bin/busybox";
    before_ = UniqueFd(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    fs::create_directories(volume());
    ASSERT_EQ(::mount("tmpfs", volume().c_str(), "tmpfs", 0, nullptr), 0);
  }
  void TearDown() override {
    if (before_) ::umount2(volume().c_str(), MNT_DETACH);
    PodTest::TearDown();
    if (!before_) return;
    EXPECT_EQ(::setns(before_.get(), CLONE_NEWNS), 0);
  }
  std::string volume() const { return directory_ + "/volume"; }
  void share_volume() {
    ASSERT_EQ(::mount(nullptr, volume().c_str(), nullptr, MS_SHARED, nullptr), 0);
  }
  wire::ContainerSpec with_volume(std::vector<std::string> argv, wire::Propagation propagation) {
    auto spec = container_spec({});
    spec.argv = std::move(argv);
    spec.mounts = {{.kind = wire::MountKind::kHostPath,
                    .source = volume(),
                    .target = "/volume",
                    .propagation = propagation,
                    .name = "volume"}};
    const std::uint64_t all = ~std::uint64_t{0};
    spec.security.privileged = true;
    spec.security.capabilities = {
        .bounding = all, .permitted = all, .effective = all, .inheritable = 0, .ambient = 0};
    return spec;
  }

 private:
  UniqueFd before_;
};

TEST_F(RuntimeMounts, ROOT_HostToContainerShowsLaterMountsOfTheHost) {
  share_volume();
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  for (const auto propagation : {wire::Propagation::kPrivate, wire::Propagation::kSlave}) {
    auto running = start(with_volume({"probe", "sleep", "60"}, propagation));
    ASSERT_TRUE(running) << running.error().message();
    fs::create_directories(volume() + "/late");
    ASSERT_EQ(::mount("tmpfs", (volume() + "/late").c_str(), "tmpfs", 0, nullptr), 0);
    std::ofstream(volume() + "/late/file") << "x";
    const auto seen = exec(*running, exec_spec(*running, {"list", "/volume/late"}));
    EXPECT_EQ(seen.value("entry"), propagation == wire::Propagation::kSlave ? "file" : "");
    stop(std::move(*running));
    ASSERT_EQ(::umount2((volume() + "/late").c_str(), MNT_DETACH), 0);
  }
}

TEST_F(RuntimeMounts, ROOT_BidirectionalShowsTheContainersMountsOnTheHost) {
  share_volume();
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  for (const auto propagation : {wire::Propagation::kSlave, wire::Propagation::kShared}) {
    const auto outcome = run(
        with_volume({"busybox", "sh", "-c",
                     "busybox mkdir -p /volume/inner && busybox mount -t tmpfs x /volume/inner && "
                     "busybox touch /volume/inner/file"},
                    propagation));
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_EQ(fs::exists(volume() + "/inner/file"), propagation == wire::Propagation::kShared);
  }
  ::umount2((volume() + "/inner").c_str(), MNT_DETACH);
}

TEST_F(RuntimeMounts, ROOT_PropagationNeedsASharedMount) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  const auto error = refusal(with_volume({"probe", "show"}, wire::Propagation::kShared));
  EXPECT_EQ(error.code, Code::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("Bidirectional needs one"));
}

TEST_F(RuntimeMounts, ROOT_ReadOnlyGoesAsDeepAsAsked) {
  fs::create_directories(volume() + "/below");
  ASSERT_EQ(::mount("tmpfs", (volume() + "/below").c_str(), "tmpfs", 0, nullptr), 0);
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = with_volume({"probe", "write", "/volume/x", ",", "write", "/volume/below/x"},
                          wire::Propagation::kPrivate);
  spec.mounts[0].read_only = true;
  const auto shallow = run(spec).output;
  EXPECT_THAT(shallow, HasSubstr("write error=EROFS"));
  EXPECT_THAT(shallow, HasSubstr("write ok"));
  spec.mounts[0].recursive_read_only = true;
  EXPECT_THAT(run(spec).output, Not(HasSubstr("write ok")));
  ::umount2((volume() + "/below").c_str(), MNT_DETACH);
}

// Two layers, of which the upper one changes a file and has links to everywhere.
class RuntimeImageVolumes : public RuntimeMounts {
 protected:
  void SetUp() override {
    RuntimeMounts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    fs::create_directories(lower() + "/data");
    fs::create_directories(upper() + "/data");
    std::ofstream(lower() + "/data/old") << "old ";
    std::ofstream(lower() + "/data/both") << "lower ";
    std::ofstream(upper() + "/data/both") << "upper ";
    std::ofstream(directory_ + "/secret") << "secret";
    fs::create_symlink("/data", upper() + "/own");
    fs::create_symlink(directory_, upper() + "/absolute");
    fs::create_symlink("../../../../../../../../.." + directory_, upper() + "/relative");
    fs::create_symlink("/proc/self/root" + directory_, upper() + "/magic");
    make_sandbox(sandbox_spec());
    ASSERT_TRUE(sandbox_);
  }
  std::string lower() const { return directory_ + "/lower"; }
  std::string upper() const { return directory_ + "/upper"; }
  wire::ContainerSpec showing(const std::string& script, const std::string& sub_path = {}) {
    auto spec = container_spec({});
    spec.argv = {"busybox", "sh", "-c", script};
    spec.mounts = {{.kind = wire::MountKind::kImage,
                    .target = "/v",
                    .sub_path = sub_path,
                    .read_only = true,
                    .name = "v",
                    .layers = {upper(), lower()}}};
    return spec;
  }
};

TEST_F(RuntimeImageVolumes, ROOT_LayersAreOneTreeThatNobodyWritesOrExecutes) {
  EXPECT_EQ(run(showing("busybox cat /v/data/old /v/data/both")).output, "old upper ");
  const auto outcome = run(showing("busybox grep ' /v ' /proc/self/mounts; echo x >/v/data/new"));
  EXPECT_NE(outcome.code, 0);
  for (const char* flag : {"ro,", "nosuid", "nodev", "noexec"})
    EXPECT_THAT(outcome.output, HasSubstr(flag));
  auto one = showing("busybox cat /v/data/both; echo x >/v/data/new");
  one.mounts[0].layers = {lower()};
  EXPECT_THAT(run(one).output, HasSubstr("lower "));
  EXPECT_FALSE(fs::exists(lower() + "/data/new"));
}

TEST_F(RuntimeImageVolumes, ROOT_ManyLayersFitToo) {
  auto many = showing("busybox cat /v/data/old /v/data/both");
  auto layers = many.mounts[0].layers;
  for (int n = 0; n < 100; ++n) {
    const std::string path = directory_ + "/layer-with-a-long-name-" + std::to_string(n);
    fs::create_directories(path);
    layers.insert(layers.begin(), path);
  }
  many.mounts[0].layers = layers;
  EXPECT_EQ(run(many).output, "old upper ");
  many = showing("busybox cat /v/old", "data");
  many.mounts[0].layers = layers;
  EXPECT_EQ(run(many).output, "old ");
}

TEST_F(RuntimeImageVolumes, ROOT_SubPathIsAPartThatHasToBeThere) {
  EXPECT_EQ(run(showing("busybox cat /v/old /v/both", "data")).output, "old upper ");
  EXPECT_EQ(run(showing("busybox cat /v", "data/both")).output, "upper ");
  EXPECT_EQ(run(showing("busybox cat /v/old", "own")).output, "old ");
  const auto message = refusal(showing("exit 0", "data/missing")).message();
  EXPECT_THAT(message, HasSubstr("ImageVolumeMountFailed"));
  EXPECT_THAT(message, HasSubstr("subPath 'data/missing'"));
  EXPECT_FALSE(fs::exists(upper() + "/data/missing"));
}

// CVE-2017-1002101, with an image in the place of a volume.
TEST_F(RuntimeImageVolumes, ROOT_LinksOfAnImageDoNotLeadOutOfIt) {
  for (const char* name : {"absolute", "relative", "magic"}) {
    EXPECT_THAT(refusal(showing("busybox cat /v/secret", name)).message(),
                HasSubstr("ImageVolumeMountFailed"));
  }
}

TEST_F(RuntimeMounts, ROOT_WhatAWorkloadMakesHasTheUsualMode) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec({});
  spec.argv = {"busybox", "sh", "-c",
               "umask; busybox mkdir /tmp; echo x >/tmp/f; busybox stat -c %a /tmp /tmp/f /work; "
               "echo y >/dev/stdout; busybox test -c /dev/ptmx && echo ptmx"};
  spec.cwd = "/work";  // made
  EXPECT_EQ(run(spec).output, "0022\n755\n644\n755\ny\nptmx\n");
}

}  // namespace
}  // namespace podctl
