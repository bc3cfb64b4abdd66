// Masquerade and foreign firewalls on the real kernel, in network namespaces of the test's own.
#include <boost/json/serialize.hpp>

#include "nat/nft.hpp"
#include "podctl/nat/nat.hpp"
#include "root/net_support.hpp"

namespace podctl::nat {
namespace {

NatSpec spec() {
  return {"podctl_test", "podctltest0", "podctl", {prefix("10.90.0.0/20"), prefix("fd12::/64")}};
}

class ROOT_Nat : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped()) return;
    if (auto able = check_kernel(); !able) GTEST_SKIP() << able.error().message();
  }
  // How often `word` is in what `nft list ...` prints.
  int count(const std::string& command, std::string_view word) {
    Nft nft = Nft::open().value();
    auto objects = nft.list(command);
    if (!objects) return -1;
    const std::string text = boost::json::serialize(*objects);
    int found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  }
  void firewall(const std::string& commands) {
    auto done = Nft::open().value().run(commands, "set up", "firewall");
    ASSERT_TRUE(done) << done.error().message();
  }
};

TEST_F(ROOT_Nat, IsMadeOnceAndGoes) {
  for (int i = 0; i < 3; ++i) {
    auto made = ensure_nat(spec());
    ASSERT_TRUE(made) << made.error().message();
  }
  EXPECT_EQ(count("list table inet podctl_test", "masquerade"), 2);
  ASSERT_TRUE(remove_nat("podctl_test"));
  ASSERT_TRUE(remove_nat("podctl_test"));
  EXPECT_EQ(count("list ruleset", "podctl"), 0);
}

TEST_F(ROOT_Nat, OtherBridgesOfPodctlAreKeptOut) {
  ASSERT_TRUE(ensure_nat(spec()));
  ASSERT_TRUE(ensure_nat(spec()));
  EXPECT_EQ(count("list chain inet podctl_test forward", "\"drop\""), 1);
  EXPECT_EQ(count("list chain inet podctl_test forward", "\"podctl*\""), 1);
}

TEST_F(ROOT_Nat, TwoRootsDoNotMeet) {
  NatSpec other = spec();
  other.table = "podctl_other";
  ASSERT_TRUE(ensure_nat(spec()));
  ASSERT_TRUE(ensure_nat(other));
  ASSERT_TRUE(remove_nat("podctl_test"));
  EXPECT_EQ(count("list table inet podctl_other", "masquerade"), 2);
}

TEST_F(ROOT_Nat, AForeignDropIsOpenedForTheBridgeOnly) {
  firewall(
      "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; "
      "policy drop; };"
      "add table inet mine; add chain inet mine f { type filter hook forward priority 0; policy "
      "accept; }");
  for (int i = 0; i < 2; ++i) {
    auto report = ensure_forward(spec());
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->opened, (std::vector<ForwardChain>{{"ip", "filter", "FORWARD"}}));
  }
  EXPECT_EQ(count("list chain ip filter FORWARD", "podctltest0"), 2);
  EXPECT_EQ(count("list table inet mine", "podctltest0"), 0);
  ASSERT_TRUE(remove_nat("podctl_test"));
  EXPECT_EQ(count("list chain ip filter FORWARD", "podctltest0"), 0);
  EXPECT_EQ(count("list chain ip filter FORWARD", "\"policy\":\"drop\""), 1);
}

TEST_F(ROOT_Nat, RefusesNamesThatAreCommands) {
  NatSpec bad = spec();
  bad.table = "x; flush ruleset";
  EXPECT_EQ(ensure_nat(bad).error().code, Code::kInvalidArgument);
  bad = spec();
  bad.bridge = "x\" accept";
  EXPECT_EQ(ensure_nat(bad).error().code, Code::kInvalidArgument);
  EXPECT_EQ(remove_nat("a b").error().code, Code::kInvalidArgument);
}

TEST_F(ROOT_Nat, Times) {
  Stopwatch ensure, forward, remove;
  for (int i = 0; i < 10; ++i) {
    ensure.start();
    ASSERT_TRUE(ensure_nat(spec()));
    ensure.stop();
    forward.start();
    ASSERT_TRUE(ensure_forward(spec()));
    forward.stop();
    remove.start();
    ASSERT_TRUE(remove_nat("podctl_test"));
    remove.stop();
  }
  ensure.print("ensure_nat");
  forward.print("ensure_forward");
  remove.print("remove_nat");
}

}  // namespace
}  // namespace podctl::nat
