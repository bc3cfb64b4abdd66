// Whole pods with the real podctl-pause and podctl-init: namespaces, network, exit codes, exec.
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

}  // namespace
}  // namespace podctl
