// Subnets and addresses on plain files: no link, no root.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "podctl/ipam/addresses.hpp"
#include "podctl/ipam/subnet.hpp"

namespace podctl::ipam {
namespace {

namespace fs = std::filesystem;

class Ipam : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = "/tmp/podctl-test-XXXXXX";
    dir_ = ::mkdtemp(path.data());
    registry_ = dir_ + "/registry";
  }
  void TearDown() override { fs::remove_all(dir_); }
  Layout root(const std::string& name) { return Layout(dir_ + "/" + name); }
  Subnet must_acquire(const Layout& layout, const std::vector<IpPrefix>& in_use = {}) {
    auto subnet = acquire_subnet(layout, in_use, registry_);
    EXPECT_TRUE(subnet) << subnet.error().message();
    return subnet ? *subnet : Subnet{};
  }
  static IpPrefix prefix(const char* text) { return IpPrefix::parse(text).value(); }

  std::string dir_, registry_;
};

TEST_F(Ipam, EachRootHasItsOwnAndKeepsIt) {
  const Subnet a = must_acquire(root("a"));
  const Subnet b = must_acquire(root("b"));
  EXPECT_EQ(a.v4.str(), "10.90.0.0/20");
  EXPECT_EQ(b.v4.str(), "10.90.16.0/20");
  EXPECT_EQ(a.gateway4().str(), "10.90.0.1/20");
  EXPECT_TRUE(a.v6.str().starts_with("fd")) << a.v6.str();
  EXPECT_EQ(a.v6.length, 64);
  EXPECT_NE(a.v6, b.v6);
  EXPECT_EQ(must_acquire(root("a"), {a.v4}), a);  // its own bridge is in the routes by now
  EXPECT_EQ(recorded_subnet(root("a")).value(), a);
}

TEST_F(Ipam, LeavesOutWhatTheHostUses) {
  EXPECT_EQ(
      must_acquire(root("a"), {prefix("0.0.0.0/0"), prefix("10.90.0.0/19"), prefix("10.90.33.7/32"),
                               prefix("192.168.0.0/16"), prefix("::/0")})
          .v4.str(),
      "10.90.48.0/20");
  auto none = acquire_subnet(root("b"), {prefix("10.0.0.0/8")}, registry_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kExhausted);
}

TEST_F(Ipam, TheLastRootIsTold) {
  must_acquire(root("a"));
  must_acquire(root("b"));
  auto first = release_subnet(root("a"), registry_);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_FALSE(first->last_root);
  first->lock.reset();
  EXPECT_EQ(recorded_subnet(root("a")).error().code, Code::kNotFound);
  auto last = release_subnet(root("b"), registry_);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->last_root);
}

TEST_F(Ipam, ARootThatWasDeletedFreesItsSubnet) {
  must_acquire(root("a"));
  fs::remove_all(dir_ + "/a");
  EXPECT_EQ(must_acquire(root("b")).v4.str(), "10.90.0.0/20");
}

TEST_F(Ipam, ADesertedRootIsToldAndForgotten) {
  must_acquire(root("a"));
  must_acquire(root("b"));
  EXPECT_TRUE(deserted_roots(registry_)->empty());
  fs::remove_all(dir_ + "/a");
  const auto deserted = deserted_roots(registry_);
  ASSERT_TRUE(deserted);
  ASSERT_EQ(deserted->size(), 1U);
  EXPECT_EQ(deserted->front().root(), dir_ + "/a");
  ASSERT_TRUE(forget_root(deserted->front(), registry_));
  EXPECT_TRUE(deserted_roots(registry_)->empty());
  EXPECT_FALSE(fs::exists(registry_ + "/90.0"));
  EXPECT_TRUE(fs::exists(registry_ + "/90.16"));
}

TEST_F(Ipam, AForeignOwnerIsAConflict) {
  must_acquire(root("a"));
  fs::create_directories(root("b").run());
  std::ofstream(registry_ + "/90.0", std::ios::trunc) << root("b").root() << "\n";
  EXPECT_EQ(acquire_subnet(root("a"), {}, registry_).error().code, Code::kConflict);
  std::ofstream(root("a").run() + "/subnet", std::ios::trunc) << "nonsense\n";
  EXPECT_EQ(acquire_subnet(root("a"), {}, registry_).error().code, Code::kCorrupt);
}

TEST_F(Ipam, RootsThatStartAtOnceNeverMeet) {
  std::vector<std::thread> threads;
  std::vector<std::string> got(12);
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] { got[i] = must_acquire(root("r" + std::to_string(i))).v4.str(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), 12U);
}

TEST_F(Ipam, AddressesAreNextFitAndTheSameForTheSamePod) {
  const Layout layout = root("a");
  const Subnet subnet = must_acquire(layout);
  const auto one = allocate(layout, subnet, "uid-1");
  ASSERT_TRUE(one) << one.error().message();
  ASSERT_EQ(one->size(), 2U);
  EXPECT_EQ((*one)[0].str(), "10.90.0.2/20");
  EXPECT_EQ((*one)[1].address, subnet.v6.nth(2));
  EXPECT_EQ(allocate(layout, subnet, "uid-1").value(), *one);
  EXPECT_EQ(allocate(layout, subnet, "uid-2").value()[0].address.str(), "10.90.0.3");
  ASSERT_TRUE(release(layout, "uid-1"));
  ASSERT_TRUE(release(layout, "uid-1"));
  EXPECT_EQ(allocate(layout, subnet, "uid-3").value()[0].address.str(), "10.90.0.4");
  const auto all = list(layout).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].uid, "uid-2");
  EXPECT_EQ(all[1].address.str(), "10.90.0.4");
}

TEST_F(Ipam, ComesRoundAndEnds) {
  const Layout layout = root("a");
  Subnet subnet = must_acquire(layout);
  subnet.v4.length = 29;  // hosts 2-6
  for (int i = 2; i <= 6; ++i) ASSERT_TRUE(allocate(layout, subnet, "uid-" + std::to_string(i)));
  EXPECT_EQ(allocate(layout, subnet, "one-more").error().code, Code::kExhausted);
  ASSERT_TRUE(release(layout, "uid-4"));
  EXPECT_EQ(allocate(layout, subnet, "one-more").value()[0].address.str(), "10.90.0.4");
}

TEST_F(Ipam, RecoverFreesWhatNoPodHas) {
  const Layout layout = root("a");
  const Subnet subnet = must_acquire(layout);
  for (const char* uid : {"live", "dead"}) ASSERT_TRUE(allocate(layout, subnet, uid));
  std::ofstream(layout.addresses() + "/10.90.0.9");  // a crash between making and naming
  const auto freed = recover(layout, {"live"});
  ASSERT_TRUE(freed) << freed.error().message();
  EXPECT_EQ(freed->size(), 2U);
  EXPECT_EQ(list(layout)->size(), 1U);
  EXPECT_FALSE(fs::is_symlink(layout.addresses() + "/@dead"));
  EXPECT_TRUE(fs::is_symlink(layout.addresses() + "/@live"));
}

TEST_F(Ipam, RefusesAUidThatIsAPath) {
  const Subnet subnet = must_acquire(root("a"));
  for (const char* uid : {"", "..", "../x", "a/b", "a\nb"}) {
    EXPECT_EQ(allocate(root("a"), subnet, uid).error().code, Code::kInvalidArgument) << uid;
  }
}

TEST_F(Ipam, TwoWritersNeverShareAnAddress) {
  const Layout layout = root("a");
  const Subnet subnet = must_acquire(layout);
  std::vector<std::string> got(60);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 15; ++i) {
        got[t * 15 + i] =
            allocate(layout, subnet, "u" + std::to_string(t * 15 + i)).value()[0].address.str();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), 60U);
}

TEST_F(Ipam, Times) {
  using Clock = std::chrono::steady_clock;
  const Layout layout = root("a");
  const Subnet subnet = must_acquire(layout);
  const auto start = Clock::now();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(allocate(layout, subnet, "u" + std::to_string(i)));
  const auto middle = Clock::now();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(release(layout, "u" + std::to_string(i)));
  const auto us = [](Clock::duration d) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(d).count() /
                             200);
  };
  std::printf("address, us: allocate %ld, release %ld\n", us(middle - start),
              us(Clock::now() - middle));
}

}  // namespace
}  // namespace podctl::ipam
