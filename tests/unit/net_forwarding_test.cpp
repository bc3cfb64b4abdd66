// Forwarding switches over a fake /proc/sys: what is changed, recorded and put back.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "podctl/net/forwarding.hpp"

namespace podctl::net {
namespace {

namespace fs = std::filesystem;

class Forwarding : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = "/tmp/podctl-test-XXXXXX";
    dir_ = ::mkdtemp(path.data());
    record_ = dir_ + "/changed";
  }
  void TearDown() override { fs::remove_all(dir_); }
  void put(const std::string& name, const std::string& value) {
    const fs::path path = fs::path(dir_) / "net" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << value << "\n";
  }
  std::string get(const std::string& name) {
    std::ifstream file(fs::path(dir_) / "net" / name);
    std::string value;
    file >> value;
    return value;
  }
  void laptop() {
    put("ipv4/ip_forward", "0");
    put("ipv6/conf/all/forwarding", "0");
    put("ipv6/conf/all/accept_ra", "1");
    put("ipv6/conf/default/accept_ra", "1");
    put("ipv6/conf/wlan0/accept_ra", "1");
    put("ipv6/conf/lan0/accept_ra", "0");
    put("ipv6/conf/lan1/accept_ra", "2");
  }
  std::string dir_, record_;
};

TEST_F(Forwarding, KeepsALaptopsRouter) {
  laptop();
  ASSERT_TRUE(enable_forwarding(record_, dir_));
  EXPECT_EQ(get("ipv4/ip_forward"), "1");
  EXPECT_EQ(get("ipv6/conf/all/forwarding"), "1");
  EXPECT_EQ(get("ipv6/conf/wlan0/accept_ra"), "2");
  EXPECT_EQ(get("ipv6/conf/default/accept_ra"), "2");
  EXPECT_EQ(get("ipv6/conf/lan0/accept_ra"), "0");
  EXPECT_EQ(get("ipv6/conf/lan1/accept_ra"), "2");
  EXPECT_EQ(get("ipv6/conf/all/accept_ra"), "1");  // "all" has no effect for it
  const auto changes = recorded_sysctls(record_);
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->size(), 4U);
  EXPECT_EQ(changes->back(), (SysctlChange{"net/ipv6/conf/all/forwarding", "0", "1"}));
}

TEST_F(Forwarding, IsPutBack) {
  laptop();
  ASSERT_TRUE(enable_forwarding(record_, dir_));
  ASSERT_TRUE(enable_forwarding(record_, dir_));  // a second root changes nothing more
  EXPECT_EQ(recorded_sysctls(record_)->size(), 4U);
  put("ipv6/conf/wlan0/accept_ra", "0");  // somebody else's since
  ASSERT_TRUE(restore_sysctls(record_, dir_));
  EXPECT_EQ(get("ipv4/ip_forward"), "0");
  EXPECT_EQ(get("ipv6/conf/all/forwarding"), "0");
  EXPECT_EQ(get("ipv6/conf/wlan0/accept_ra"), "0");
  EXPECT_EQ(get("ipv6/conf/default/accept_ra"), "1");
  EXPECT_FALSE(fs::exists(record_));
  EXPECT_TRUE(restore_sysctls(record_, dir_));
}

TEST_F(Forwarding, LeavesAForwardingHostAlone) {
  laptop();
  put("ipv4/ip_forward", "1");
  put("ipv6/conf/all/forwarding", "1");
  ASSERT_TRUE(enable_forwarding(record_, dir_));
  EXPECT_EQ(get("ipv6/conf/wlan0/accept_ra"), "1");
  EXPECT_TRUE(recorded_sysctls(record_)->empty());
}

TEST_F(Forwarding, WorksWithoutIpv6) {
  put("ipv4/ip_forward", "0");
  ASSERT_TRUE(enable_forwarding(record_, dir_));
  EXPECT_EQ(get("ipv4/ip_forward"), "1");
}

TEST_F(Forwarding, RefusesABrokenRecord) {
  for (const char* line : {"kernel/core_pattern 0 1", "net/../kernel/x 0 1",
                           "net/ipv4/ip_forward 0", "x", "net/a b 1"}) {
    std::ofstream(record_, std::ios::trunc) << line << "\n";
    auto changes = recorded_sysctls(record_);
    ASSERT_FALSE(changes) << line;
    EXPECT_EQ(changes.error().code, Code::kCorrupt);
  }
}

}  // namespace
}  // namespace podctl::net
