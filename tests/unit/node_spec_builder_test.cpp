#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node/claims.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/node/claim_path.hpp"
#include "podctl/node/spec_builder.hpp"
#include "podctl/seccomp/hardening.hpp"
#include "podctl/sys/caps.hpp"

namespace podctl::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SpecBuilderTest : public testing::Test {
 protected:
  SpecBuilderTest() {
    machine.hostname = "laptop";
    machine.facts.name = "laptop";
    machine.facts.memory_bytes = 8ULL << 30;
    machine.capabilities =
        sys::named_caps() & ~(std::uint64_t{1} << *sys::cap_from_name("SYS_RESOURCE"));
    image.id = "sha256:1";
    image.layers = {"/layers/b", "/layers/a"};
    image.config.entrypoint = {"/entry"};
    image.config.cmd = {"cmd"};
  }
  // The fields of a container (and of the spec) as JSON.
  void make(const std::string& container, const std::string& spec = "",
            const std::string& pod_meta = "") {
    const std::string json = R"({"metadata":{"name":"web","namespace":"default","uid":"u-1")" +
                             pod_meta + R"(},"spec":{"containers":[{"name":"c","image":"i")" +
                             container + "}]" + spec + "}}";
    const auto faults = api::decode_json(json, pod, api::Unknown::kFault);
    ASSERT_TRUE(faults.empty()) << faults[0].field << faults[0].text << json;
    api::set_defaults(pod, "default");
  }
  Result<wire::ContainerSpec> build(std::uint32_t attempt = 0) {
    return build_container({pod, pod.spec.containers[0], attempt, image, ips, filter}, machine,
                           layout);
  }
  static const wire::MountSpec* mount_at(const wire::ContainerSpec& spec,
                                         const std::string& target) {
    for (const auto& mount : spec.mounts) {
      if (mount.target == target) return &mount;
    }
    return nullptr;
  }
  api::Pod pod;
  Machine machine;
  image::Image image;
  std::vector<std::string> ips{"10.0.0.2"};
  std::string filter = "bpf";
  Layout layout{"/r"};
};

TEST_F(SpecBuilderTest, CommandAndArgsOverEntrypointAndCmd) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table{
      {"", {"/entry", "cmd"}},
      {R"(,"args":["x"])", {"/entry", "x"}},
      {R"(,"command":["k"])", {"k"}},
      {R"j(,"command":["k"],"args":["x","$(V)","$$(V)"],"env":[{"name":"V","value":"v"}])j",
       {"k", "x", "v", "$(V)"}},
  };
  for (const auto& [fields, argv] : table) {
    pod = {};
    make(fields);
    EXPECT_EQ(build()->argv, argv) << fields;
  }
  image.config = {};
  pod = {};
  make("");
  EXPECT_THAT(build().error().message(), HasSubstr("no command specified"));
}

TEST_F(SpecBuilderTest, APlainContainerHasTheDefaultsOfKubernetesRuntimes) {
  make("");
  const auto spec = build();
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->id.size(), 64U);
  EXPECT_EQ(spec->id, build()->id);
  EXPECT_NE(spec->id, build(1)->id);
  EXPECT_EQ(spec->security.capabilities.bounding, seccomp::default_capabilities());
  EXPECT_EQ(spec->security.capabilities.ambient, 0U);
  EXPECT_FALSE(spec->security.no_new_privs);
  EXPECT_EQ(spec->security.seccomp, "bpf");
  EXPECT_EQ(spec->security.masked_paths, seccomp::default_masked_paths());
  EXPECT_EQ(spec->resources.pids_limit, kContainerPids);
  EXPECT_EQ(spec->oom_score_adj, 1000);
  EXPECT_EQ(spec->cwd, "/");
  EXPECT_EQ(spec->hostname_env, "web");
  EXPECT_EQ(spec->log_path, "/r/log/pods/default_web_u-1/c/0.log");
  for (const auto* target :
       {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/shm", "/dev/termination-log"}) {
    EXPECT_NE(mount_at(*spec, target), nullptr) << target;
  }
}

TEST_F(SpecBuilderTest, Privilege) {
  make(R"(,"securityContext":{"privileged":true,"allowPrivilegeEscalation":true})");
  auto spec = build();
  EXPECT_TRUE(spec->security.privileged);
  EXPECT_EQ(spec->security.capabilities.bounding, machine.capabilities)
      << "all that podctld has, no more";
  EXPECT_THAT(spec->security.masked_paths, IsEmpty());
  ASSERT_EQ(spec->device_rules.size(), 1U);
  EXPECT_TRUE(choose_seccomp(pod, pod.spec.containers[0], machine)->unconfined);

  pod = {};
  make(
      R"(,"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}})");
  spec = build();
  EXPECT_TRUE(spec->security.no_new_privs);
  EXPECT_EQ(spec->security.capabilities.bounding,
            std::uint64_t{1} << *sys::cap_from_name("NET_BIND_SERVICE"));
  EXPECT_THAT(spec->device_rules, IsEmpty());
}

TEST_F(SpecBuilderTest, SeccompIsTheContainersThenThePodsThenRuntimeDefault) {
  make("");
  EXPECT_FALSE(choose_seccomp(pod, pod.spec.containers[0], machine)->unconfined);
  pod = {};
  make("", R"(,"securityContext":{"seccompProfile":{"type":"Unconfined"}})");
  EXPECT_TRUE(choose_seccomp(pod, pod.spec.containers[0], machine)->unconfined);
  pod = {};
  make(R"(,"securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"a.json"}})",
       R"(,"securityContext":{"seccompProfile":{"type":"Unconfined"}})");
  const auto choice = choose_seccomp(pod, pod.spec.containers[0], machine);
  EXPECT_FALSE(choice->unconfined);
  EXPECT_EQ(choice->localhost, "a.json");
}

TEST_F(SpecBuilderTest, UsersAndRunAsNonRoot) {
  struct Row {
    const char* image_user;
    const char* container;
    const char* message;  // nullptr: it may run
  };
  const std::vector<Row> table{
      {"", "",
       "container has runAsNonRoot and image will run as root (pod: \"web_default(u-1)\", "
       "container: c)"},
      {"0:5", "", "image will run as root"},
      {"www", "",
       "container has runAsNonRoot and image has non-numeric user (www), cannot verify user is "
       "non-root"},
      {"1000", "", nullptr},
      {"", R"(,"securityContext":{"runAsUser":0})", "container's runAsUser breaks non-root policy"},
      {"www", R"(,"securityContext":{"runAsUser":7,"runAsGroup":8})", nullptr},
      {"", R"(,"securityContext":{"runAsNonRoot":false})", nullptr},
  };
  for (const auto& row : table) {
    pod = {};
    image.config.user = row.image_user;
    make(row.container,
         R"(,"securityContext":{"runAsNonRoot":true,"supplementalGroups":[4],"fsGroup":5})");
    const auto spec = build();
    if (row.message == nullptr) {
      ASSERT_TRUE(spec) << row.image_user << row.container << spec.error().message();
      EXPECT_THAT(spec->user.groups, ElementsAre(4, 5));
    } else {
      ASSERT_FALSE(spec) << row.image_user << row.container;
      EXPECT_THAT(spec.error().message(), HasSubstr(row.message));
    }
  }
}

TEST_F(SpecBuilderTest, GroupsOfTheImageAreLeftOutWherePolicyIsStrict) {
  for (const std::string policy : {"Strict", "Merge"}) {
    pod = {};
    make("", R"(,"securityContext":{"supplementalGroupsPolicy":")" + policy + R"("})");
    EXPECT_EQ(build()->user.strict_groups, policy == "Strict");
  }
}

TEST_F(SpecBuilderTest, VolumesBecomeMountsParentsFirst) {
  make(
      R"(,"volumeMounts":[{"name":"d","mountPath":"/data/deep/x/","readOnly":true,"recursiveReadOnly":"Enabled","subPath":"s"},
          {"name":"m","mountPath":"/data"},{"name":"h","mountPath":"/etc/hosts","mountPropagation":"HostToContainer"}])",
      R"(,"volumes":[{"name":"d","emptyDir":{}},{"name":"m","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}},
          {"name":"h","hostPath":{"path":"/srv/h","type":"FileOrCreate"}}])");
  const auto spec = build();
  ASSERT_TRUE(spec) << spec.error().message();
  const auto* disk = mount_at(*spec, "/data/deep/x");
  ASSERT_NE(disk, nullptr);
  EXPECT_EQ(disk->kind, wire::MountKind::kBind);
  EXPECT_EQ(disk->source, "/r/lib/pods/u-1/volumes/d");
  EXPECT_EQ(disk->sub_path, "s");
  EXPECT_TRUE(disk->read_only);
  EXPECT_TRUE(disk->recursive_read_only);
  const auto* memory = mount_at(*spec, "/data");
  EXPECT_EQ(memory->kind, wire::MountKind::kPodVolume);
  EXPECT_EQ(memory->source, "m");
  EXPECT_LT(memory, disk) << "a parent is mounted before what lies in it";
  const auto* hosts = mount_at(*spec, "/etc/hosts");
  EXPECT_EQ(hosts->kind, wire::MountKind::kHostPath) << "the container's own mount wins";
  EXPECT_EQ(hosts->host_type, wire::HostPathType::kFileOrCreate);
  EXPECT_EQ(hosts->propagation, wire::Propagation::kSlave);

  const auto sandbox = build_sandbox(pod, machine, layout);
  ASSERT_TRUE(sandbox);
  ASSERT_EQ(sandbox->volumes.size(), 2U);
  EXPECT_EQ(sandbox->volumes[1].size, 1U << 20);
  EXPECT_EQ(sandbox->volumes[0].mode, 0777U);
}

TEST_F(SpecBuilderTest, AMemoryVolumeIsNoLargerThanNodePodAndItsOwnLimit) {
  const auto size = [this](const std::string& more, const std::string& source) {
    pod = {};
    make(more, R"(,"volumes":[{"name":"m","emptyDir":{"medium":"Memory")" + source + "}}]");
    return build_sandbox(pod, machine, layout)->volumes[0].size;
  };
  const std::string limit = R"(,"resources":{"limits":{"memory":"64Mi"}})";
  EXPECT_EQ(size("", ""), 8ULL << 30) << "of the node";
  EXPECT_EQ(size("", R"(,"sizeLimit":"0")"), 8ULL << 30);
  EXPECT_EQ(size("", R"(,"sizeLimit":"1Ti")"), 8ULL << 30);
  EXPECT_EQ(size(limit, ""), 64ULL << 20) << "of the pod";
  EXPECT_EQ(size(limit, R"(,"sizeLimit":"1Mi")"), 1ULL << 20);
  EXPECT_EQ(size(limit, R"(,"sizeLimit":"1Gi")"), 64ULL << 20);
}

TEST_F(SpecBuilderTest, TheImagesVolumesAreDirectoriesUnlessThePodMountsThere) {
  make(R"(,"volumeMounts":[{"name":"d","mountPath":"/data/"}])",
       R"(,"volumes":[{"name":"d","emptyDir":{}}])");
  image.config.volumes = {"/data", "/data/deep/", "/var/cache", "/"};
  const auto spec = build();
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_THAT(spec->rootfs.volumes, testing::ElementsAre("/data/deep", "/var/cache"));
}

TEST_F(SpecBuilderTest, TheSandboxFollowsHostNamespacesQosAndSysctls) {
  make("");
  auto sandbox = build_sandbox(pod, machine, layout);
  EXPECT_EQ(sandbox->cgroup, "pods/besteffort/podu-1");
  EXPECT_EQ(sandbox->hostname, "web");
  EXPECT_EQ(sandbox->resources.pids_limit, kPodPids);
  EXPECT_EQ(sandbox->sysctls.size(), 2U);

  pod = {};
  make(R"(,"resources":{"limits":{"cpu":"1","memory":"64Mi"}})",
       R"(,"hostNetwork":true,"hostIPC":true,"shareProcessNamespace":true)");
  sandbox = build_sandbox(pod, machine, layout);
  EXPECT_EQ(sandbox->cgroup, "pods/podu-1");
  EXPECT_EQ(sandbox->network, wire::SandboxNamespace::kHost);
  EXPECT_EQ(sandbox->uts, wire::SandboxNamespace::kHost);
  EXPECT_EQ(sandbox->ipc, wire::SandboxNamespace::kHost);
  EXPECT_TRUE(sandbox->share_pid);
  EXPECT_THAT(sandbox->sysctls, IsEmpty());
  EXPECT_EQ(build()->pid, wire::PidMode::kPod);
  EXPECT_EQ(mount_at(*build(), "/dev/shm")->kind, wire::MountKind::kHostPath);

  pod = {};
  make("", R"(,"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_syncookies","value":"0"},
             {"name":"net.ipv4.ping_group_range","value":"0 1"}]})");
  EXPECT_EQ(build_sandbox(pod, machine, layout)->sysctls.size(), 3U)
      << "the pod's own replaces the default";
  pod.spec.securityContext->sysctls[0].name = "vm.swappiness";
  EXPECT_THAT(build_sandbox(pod, machine, layout).error().message(),
              HasSubstr("forbidden sysctl: \"vm.swappiness\" not allowlisted"));
  pod.spec.securityContext->sysctls[0].name = "kernel.msgmax";
  pod.spec.securityContext->sysctls[1].name = "net/ipv4/conf/eth0.1/forwarding";
  sandbox = build_sandbox(pod, machine, layout);
  ASSERT_TRUE(sandbox) << sandbox.error().message();
  EXPECT_EQ(sandbox->sysctls.size(), 4U);
  EXPECT_EQ(sandbox->sysctls[3].key, "net.ipv4.conf.eth0/1.forwarding");
  pod.spec.hostIPC = true;
  EXPECT_THAT(build_sandbox(pod, machine, layout).error().message(),
              HasSubstr("\"kernel.msgmax\" not allowed with host ipc enabled"));
}

TEST_F(SpecBuilderTest, UsersOfItsOwnSeeTheIdsOfVolumesAsTheyAreOnDisk) {
  for (const bool own : {false, true}) {
    pod = {};
    make(
        R"(,"volumeMounts":[{"name":"h","mountPath":"/h"},{"name":"d","mountPath":"/d"},
            {"name":"m","mountPath":"/m"},{"name":"c","mountPath":"/c"}])",
        std::string(R"(,"volumes":[{"name":"h","hostPath":{"path":"/x"}},{"name":"d","emptyDir":{}},
            {"name":"m","emptyDir":{"medium":"Memory"}},
            {"name":"c","persistentVolumeClaim":{"claimName":"c"}}],"hostUsers":)") +
            (own ? "false" : "true"));
    const auto sandbox = build_sandbox(pod, machine, layout);
    EXPECT_FALSE(sandbox->users) << "only the engine knows which are free";
    EXPECT_EQ(sandbox->sysctls[1].value, own ? "0 65535" : "0 2147483647");
    const auto container = build();
    for (const char* target : {"/h", "/d", "/c"})
      EXPECT_EQ(mount_at(*container, target)->mapped, own) << target;
    for (const char* target : {"/m", "/dev/shm", "/etc/hosts", "/etc/resolv.conf"})
      EXPECT_FALSE(mount_at(*container, target)->mapped) << target;
  }
}

TEST_F(SpecBuilderTest, AnExecTakesOverTheContainersEnvironmentUserAndHardening) {
  make(R"(,"env":[{"name":"A","value":"1"}],"workingDir":"/w","securityContext":{"runAsUser":5})");
  const auto exec = build_exec(*build(), {"sh"}, true);
  EXPECT_THAT(exec.argv, ElementsAre("sh"));
  EXPECT_THAT(exec.env, testing::Contains("A=1"));
  EXPECT_THAT(exec.env, testing::Contains("TERM=xterm"));
  EXPECT_EQ(exec.cwd, "/w");
  EXPECT_EQ(exec.user.uid, 5U);
  EXPECT_EQ(exec.security.seccomp, "bpf");
}

TEST_F(SpecBuilderTest, EmptyDirsAreTheFsGroups) {
  const std::string volumes =
      R"(,"volumes":[{"name":"d","emptyDir":{}},{"name":"m","emptyDir":{"medium":"Memory","mode":448}}])";
  make("", R"(,"securityContext":{"fsGroup":6000})" + volumes);
  const auto sandbox = build_sandbox(pod, machine, layout);
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(sandbox->volumes[0].group, 6000U);
  EXPECT_EQ(sandbox->volumes[0].mode, 02777U);
  EXPECT_EQ(sandbox->volumes[1].group, 6000U);
  EXPECT_EQ(sandbox->volumes[1].mode, 02770U);
}

TEST_F(SpecBuilderTest, AClaimsVolumeLiesOutsideThePod) {
  pod.metadata.namespace_ = "shop";
  make(
      R"(,"volumeMounts":[{"name":"c","mountPath":"/c","subPath":"s"},{"name":"r","mountPath":"/r"}])",
      R"(,"securityContext":{"fsGroup":6000,"fsGroupChangePolicy":"OnRootMismatch"},
          "volumes":[{"name":"c","persistentVolumeClaim":{"claimName":"data"}},
                     {"name":"r","persistentVolumeClaim":{"claimName":"data","readOnly":true}}])");
  EXPECT_TRUE(build_sandbox(pod, machine, layout)->volumes.empty());
  const auto volumes = claim_volumes(pod, layout);
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(volumes[0].path, claim_path(layout, pod.metadata.namespace_, "data"));
  EXPECT_EQ(volumes[0].group, 6000U);
  EXPECT_TRUE(volumes[0].on_mismatch);
  const auto spec = build();
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_EQ(mount_at(*spec, "/c")->source, volumes[0].path);
  EXPECT_EQ(mount_at(*spec, "/c")->sub_path, "s");
  EXPECT_FALSE(mount_at(*spec, "/c")->read_only);
  EXPECT_TRUE(mount_at(*spec, "/r")->read_only);
}

}  // namespace
}  // namespace podctl::node
