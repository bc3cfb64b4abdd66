// Whole pods with the real podctl-pause: namespaces, network, exit codes, exec.
#include <sys/resource.h>

#include <algorithm>
#include <iterator>

#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RuntimePod : public PodTest {};

TEST_F(RuntimePod, ROOT_SandboxWithoutNetworkRunsAContainer) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto running = start(container_spec({"show", ",", "mounts", ",", "exit", "7"}));
  ASSERT_TRUE(running) << running.error().message();
  const auto info = running->container->info();
  const auto outcome = finish(std::move(*running));
  EXPECT_EQ(outcome.code, 7) << outcome.output;
  EXPECT_EQ(outcome.value("hostname"), "web");
  EXPECT_EQ(outcome.value("pid"), "1");
  EXPECT_EQ(outcome.value("ppid"), "0");
  EXPECT_EQ(outcome.value("sid"), "1");
  EXPECT_EQ(outcome.value("cwd"), "/");
  EXPECT_EQ(outcome.value("CapEff"), "00000000a80425fb");
  EXPECT_EQ(outcome.value("CapAmb"), "0000000000000000");
  for (const auto& ns : info.namespaces) {
    if (ns.type == "user") continue;
    EXPECT_THAT(outcome.value("ns"), HasSubstr(ns.type + ":[" + std::to_string(ns.inode) + "]"));
  }
  EXPECT_FALSE(info.trace.empty());
}

TEST_F(RuntimePod, ROOT_PodsReachTheBridgeAndEachOther) {
  ASSERT_TRUE(net::ensure_bridge({.name = "br0", .addresses = {prefix("10.77.0.1/24")}, .mtu = 0}));
  auto spec = sandbox_spec();
  spec.net = wire::NetworkSpec{.bridge = "br0",
                               .host_ifname = "veth0",
                               .pod_ifname = "eth0",
                               .addresses = {prefix("10.77.0.2/24")},
                               .gateways = {ip("10.77.0.1")},
                               .mtu = 0};
  make_sandbox(spec);
  ASSERT_TRUE(sandbox_);
  auto server = start(container_spec({"listen", "8080"}));
  ASSERT_TRUE(server) << server.error().message();
  EXPECT_TRUE(eventually([] { return dial(ip("10.77.0.2"), 8080) == 0; }))
      << "the pod's address does not answer";
  // The other container of the pod shares its network.
  EXPECT_EQ(probe({"connect", "127.0.0.1", "8080", "over loopback"}).value("echo"),
            "over loopback");
  const auto report = sandbox_->network();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->pod_ifname, "eth0");
  EXPECT_THAT(report->addresses, ::testing::Contains("10.77.0.2/24"));
  EXPECT_EQ(report->pod_mac, sandbox_->info().pod_mac);
  stop(std::move(*server));
}

TEST_F(RuntimePod, ROOT_ExitCodesAndRefusalsAreTold) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  EXPECT_EQ(probe({"exit", "0"}).code, 0);
  EXPECT_EQ(probe({"exit", "42"}).code, 42);
  auto named = container_spec({"exit", "1"});
  named.name = "pause";  // as the sandbox's own process
  EXPECT_EQ(run(named).code, 1);

  auto spec = container_spec({});
  spec.argv = {"nosuch"};
  auto error = refusal(spec);
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr("exec: \"nosuch\": executable file not found in $PATH"));
  spec.argv = {"/etc"};
  EXPECT_THAT(refusal(spec).message(), HasSubstr("is a directory"));

  put("bin/script", "#!/no/such/interpreter\n");
  ::chmod((image() + "/bin/script").c_str(), 0755);
  spec.argv = {"script"};
  EXPECT_THAT(refusal(spec).message(), HasSubstr("interpreter \"/no/such/interpreter\""));

  spec.argv = {"probe", "show"};  // found in PATH
  spec.user.image_user = "nobody-here";
  EXPECT_THAT(refusal(spec).message(), HasSubstr("unable to find user nobody-here"));
}

// Pause is gone, and its namespaces with it, before or while the shim connects the pod's network.
TEST_F(RuntimePod, ROOT_WhatPauseFailsOfIsTold) {
  auto spec = sandbox_spec();
  spec.sysctls = {{"net.ipv4.tcp_syncookies", "zz"}};
  for (int turn = 0; turn < 40; ++turn) {
    auto tree = cgroup::Tree::open(layout_);
    ASSERT_TRUE(tree) << tree.error().message();
    const auto made =
        runtime::Sandbox::create(layout_, {.pause = pause_.get()}, std::move(*tree), spec);
    ASSERT_FALSE(made);
    ASSERT_EQ(made.error().message(),
              "sysctls: write 'zz' to /proc/sys/net/ipv4/tcp_syncookies: Invalid argument");
  }
}

// execve itself refuses them, when init has already said that it is ready.
TEST_F(RuntimePod, ROOT_LimitsThatExecveMeetsAreTold) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto first = container_spec({"sleep", "60"});
  first.user.uid = 1000;
  auto running = start(first);
  ASSERT_TRUE(running) << running.error().message();
  auto spec = container_spec({"exit", "0"});
  spec.user.uid = 1000;
  spec.rlimits = {{.resource = RLIMIT_NPROC, .soft = 0, .hard = 0}};
  const auto error = refusal(spec);
  EXPECT_EQ(error.code, Code::kExhausted);
  EXPECT_THAT(error.message(), HasSubstr("exec: \"/bin/probe\": its user has as many processes as "
                                         "RLIMIT_NPROC allows"));
  stop(std::move(*running));
  auto tight = container_spec({"exit", "0"});
  tight.security.privileged = true;  // not in borrowed memory
  tight.resources.memory_limit = 200 << 10;
  EXPECT_THAT(refusal(tight).message(),
              HasSubstr("the memory limit of 204800 bytes is too small to start in"));
}

TEST_F(RuntimePod, ROOT_SignalsEndTheWorkload) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  ASSERT_TRUE(running->container->signal(SIGKILL));
  EXPECT_EQ(finish(std::move(*running)).code, 137);
}

TEST_F(RuntimePod, ROOT_ExecEntersTheContainer) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec({"sleep", "60"});
  spec.rootfs.read_only = false;
  auto running = start(spec);
  ASSERT_TRUE(running) << running.error().message();
  auto command = exec_spec(*running, {"show", ",", "env", ",", "fds", ",", "exit", "3"});
  command.env = {"A=b"};
  command.cwd = "/etc";
  const auto outcome = exec(*running, command);
  EXPECT_EQ(outcome.code, 3) << outcome.output;
  EXPECT_EQ(outcome.value("hostname"), "web");
  EXPECT_EQ(outcome.value("cwd"), "/etc");
  EXPECT_EQ(outcome.value("CapEff"), "00000000a80425fb");
  EXPECT_THAT(outcome.value("env"), HasSubstr("A=b"));
  EXPECT_EQ(outcome.value("fd"), "0 1 2");
  for (const auto& ns : running->container->info().namespaces) {
    if (ns.type == "user") continue;
    EXPECT_THAT(outcome.value("ns"), HasSubstr(ns.type + ":[" + std::to_string(ns.inode) + "]"));
  }
  command.tty = true;
  command.rows = 30;
  command.cols = 100;
  const auto on_terminal = exec(*running, command);
  EXPECT_THAT(on_terminal.output, HasSubstr("tty=111"));
  EXPECT_THAT(on_terminal.output, HasSubstr("env=TERM=xterm"));
  stop(std::move(*running));
}

TEST_F(RuntimePod, ROOT_ATerminalIsTheConsole) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec({"show", ",", "mounts", ",", "exit", "5"});
  spec.tty = true;
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.output, HasSubstr("tty=111"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/dev/console devpts"));
}

TEST_F(RuntimePod, ROOT_ASharedPidNamespaceShowsTheOthers) {
  auto sandbox = sandbox_spec();
  sandbox.share_pid = true;
  make_sandbox(sandbox);
  ASSERT_TRUE(sandbox_);
  auto first = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(first) << first.error().message();
  auto spec = container_spec({"list", "/proc", ",", "show"});
  spec.pid = wire::PidMode::kPod;
  auto second = run(spec);
  EXPECT_NE(second.value("pid"), "1");
  EXPECT_THAT(second.lines(), ::testing::Contains("entry=1"));  // pause
  stop(std::move(*first));
}

TEST_F(RuntimePod, ROOT_AContainerMayJoinAnothersPidNamespace) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto first = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(first) << first.error().message();
  auto spec = container_spec({"read", "/proc/1/cmdline", ",", "show"});
  spec.pid = wire::PidMode::kTarget;
  spec.pid_target = first->container->spec().id;
  auto second = start(spec, first->container->process().pidfd.get());
  ASSERT_TRUE(second) << second.error().message();
  const auto outcome = finish(std::move(*second));
  EXPECT_THAT(outcome.output, HasSubstr("sleep"));
  EXPECT_EQ(outcome.value("ppid"), "0");
  stop(std::move(*first));
}

TEST_F(RuntimePod, ROOT_HostNamespacesAreTheHosts) {
  auto sandbox = sandbox_spec();
  sandbox.network = sandbox.ipc = sandbox.uts = wire::SandboxNamespace::kHost;
  make_sandbox(sandbox);
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec({"show"});
  spec.pid = wire::PidMode::kHost;
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.code, 0);
  for (const char* type : {"net", "ipc", "uts", "pid"}) {
    char link[64] = "";
    ASSERT_GT(
        ::readlink((std::string("/proc/thread-self/ns/") + type).c_str(), link, sizeof link - 1),
        0);
    EXPECT_THAT(outcome.value("ns"), HasSubstr(link));
  }
}

TEST_F(RuntimePod, ROOT_VolumesAreMountedAsAsked) {
  auto sandbox = sandbox_spec();
  sandbox.volumes = {{.name = "cache", .memory = true, .path = {}, .size = 1U << 20, .mode = 0777},
                     {.name = "shm", .memory = true, .path = {}, .size = 1U << 20, .mode = 0777}};
  make_sandbox(sandbox);
  ASSERT_TRUE(sandbox_);
  std::filesystem::create_directories(directory_ + "/host/sub");
  std::ofstream(directory_ + "/host/sub/file") << "from the host";
  auto spec = container_spec({"mounts", ",", "write", "/cache/x", ",", "list", "/cache", ",",
                              "read", "/deep/er/file", ",", "write", "/deep/er/other", ",", "list",
                              "/dev/shm", ",", "write", "/dev/shm/y"});
  spec.mounts = {
      {.kind = wire::MountKind::kPodVolume,
       .source = wire::kPodShm,
       .target = "/dev/shm",
       .name = "shm"},
      {.kind = wire::MountKind::kPodVolume, .source = "cache", .target = "/cache", .name = "cache"},
      {.kind = wire::MountKind::kPodVolume, .source = "shm", .target = "/memory", .name = "shm"},
      {.kind = wire::MountKind::kBind,
       .source = directory_ + "/host",
       .target = "/deep/er",
       .sub_path = "sub",
       .read_only = true,
       .name = "host"},
      {.kind = wire::MountKind::kTmpfs, .target = "/scratch", .size = 4096, .name = "scratch"}};
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, HasSubstr("from the host"));
  EXPECT_THAT(outcome.output, HasSubstr("write error=EROFS"));
  EXPECT_THAT(outcome.output, HasSubstr("entry=x"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/dev/shm tmpfs"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/memory tmpfs"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/scratch tmpfs"));
  // Kept by pause for the next container; the other memory volume, though called shm, is its own.
  spec.argv = {"/bin/probe", "list", "/cache", ",", "list", "/dev/shm"};
  EXPECT_EQ(run(spec).value("entry"), "x y");
  spec.argv = {"/bin/probe", "list", "/memory"};
  EXPECT_EQ(run(spec).value("entry"), "");
}

TEST_F(RuntimePod, ROOT_UserLimitsAndReadOnlyRoot) {
  put("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
  put("etc/group", "root:x:0:\nann:x:1000:\ndisk:x:6:ann\n");
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec(
      {"show", ",", "env", ",", "limits", ",", "write", "/etc/x", ",", "write", "/dev/stdout"});
  spec.user.image_user = "ann";
  spec.user.groups = {2000};
  spec.rootfs.read_only = true;
  spec.cwd = "/etc";
  spec.rlimits = {{.resource = RLIMIT_NOFILE, .soft = 100, .hard = 200}};
  spec.hostname_env = "web";
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.value("uid"), "1000");
  EXPECT_EQ(outcome.value("gid"), "1000");
  EXPECT_EQ(outcome.value("groups"), "6,1000,2000");
  EXPECT_EQ(outcome.value("cwd"), "/etc");
  EXPECT_EQ(outcome.value("CapEff"), "0000000000000000");
  EXPECT_EQ(outcome.value("CapBnd"), "00000000a80425fb");
  EXPECT_THAT(outcome.value("env"), HasSubstr("HOME=/home/ann"));
  EXPECT_THAT(outcome.value("env"), HasSubstr("HOSTNAME=web"));
  EXPECT_THAT(outcome.output, HasSubstr("write error=EROFS"));
  EXPECT_THAT(outcome.output, HasSubstr("write ok"));  // a pipe of its own
  EXPECT_THAT(outcome.value("limit"), ::testing::ContainsRegex("Max open files +100 +200"));
}

// As containerd serves them: what the image has there is there, and can be written in any case.
TEST_F(RuntimePod, ROOT_TheImagesVolumesAreWritable) {
  put("data/seed", "x");
  std::filesystem::create_directories(directory_ + "/volume");
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  for (const bool read_only : {false, true}) {
    auto spec = container_spec({"write", "/data/new", ",", "list", "/data", ",", "write",
                                "/var/made/file", ",", "list", "/data/inner"});
    spec.rootfs.read_only = read_only;
    spec.rootfs.volumes = {"/data", "/var/made"};
    spec.mounts = {{.source = directory_ + "/volume", .target = "/data/inner"}};
    const auto outcome = run(spec);
    EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("error="))) << outcome.output;
    EXPECT_THAT(outcome.lines(),
                ::testing::IsSupersetOf({"entry=inner", "entry=new", "entry=seed"}));
  }
  auto spec = container_spec({"write", "/elsewhere"});
  spec.rootfs.read_only = true;
  spec.rootfs.volumes = {"/data"};
  EXPECT_THAT(run(spec).output, HasSubstr("write error=EROFS"));
  EXPECT_FALSE(std::filesystem::exists(image() + "/data/new"));
}

TEST_F(RuntimePod, ROOT_APrivilegedContainerSeesAll) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto spec = container_spec({"mounts", ",", "list", "/dev"});
  spec.security.privileged = true;
  const std::uint64_t all = ~std::uint64_t{0};
  spec.security.capabilities = {
      .bounding = all, .permitted = all, .effective = all, .inheritable = 0, .ambient = 0};
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("mount=/sys sysfs rw"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("mount=/proc/keys")));
  if (std::filesystem::is_character_file("/dev/kmsg")) {
    EXPECT_THAT(outcome.lines(), ::testing::Contains("entry=kmsg"));
    EXPECT_THAT(probe({"list", "/dev"}).lines(), Not(::testing::Contains("entry=kmsg")));
  }
}

// Overlayfs splits names at ":" and ends options at a page: such layers go by descriptor number.
TEST_F(RuntimePod, ROOT_LayersMayBeManyAndOddlyNamed) {
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  for (const std::string odd : {"/plain", "/o:d,d\\"}) {
    auto spec = container_spec({"list", "/found", ",", "write", "/found/new"});
    for (int i = 0; i < 150; ++i) {
      const std::string layer = directory_ + odd + std::string(40, 'x') + std::to_string(i);
      std::filesystem::create_directories(layer + "/found");
      std::ofstream(layer + "/found/f" + std::to_string(i)) << "x";
      spec.rootfs.layers.push_back(layer);
    }
    const auto outcome = run(spec);
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), 'f'), 150) << odd;
    EXPECT_THAT(outcome.output, HasSubstr("write ok"));
  }
}

TEST_F(RuntimePod, ROOT_TheHostSeesNoMountOfAPod) {
  const auto count = [] {
    std::ifstream in("/proc/self/mountinfo");
    return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  };
  const auto before = count();
  make_sandbox(sandbox_spec());
  ASSERT_TRUE(sandbox_);
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  EXPECT_EQ(count(), before);
  stop(std::move(*running));
}

}  // namespace
}  // namespace podctl
