// Resources -> controller files, as tables; the device program as the instructions the kernel gets.
#include <gtest/gtest.h>

#include "podctl/cgroup/devices.hpp"
#include "podctl/cgroup/values.hpp"

namespace podctl::cgroup {
namespace {

TEST(CpuWeight, MatchesBothFormulasOfTheField) {
  struct Row {
    std::uint64_t shares, linear, quadratic;
  };
  for (const Row& row :
       {Row{2, 1, 1}, Row{10, 1, 4}, Row{51, 2, 11}, Row{102, 4, 17}, Row{256, 10, 35},
        Row{512, 20, 59}, Row{1024, 39, 100}, Row{2048, 79, 174}, Row{4096, 157, 303},
        Row{16384, 625, 942}, Row{262144, 10000, 10000}, Row{0, 1, 1}, Row{999999, 10000, 10000}}) {
    EXPECT_EQ(cpu_weight(row.shares), row.quadratic) << row.shares;
    EXPECT_EQ(cpu_weight_linear(row.shares), row.linear) << row.shares;
  }
}

TEST(CpuWeight, NeverFalls) {
  for (std::uint64_t shares = 3; shares <= 262144; shares += 7) {
    ASSERT_LE(cpu_weight(shares - 1), cpu_weight(shares)) << shares;
    ASSERT_GE(cpu_weight(shares), 1U);
    ASSERT_LE(cpu_weight(shares), 10000U);
  }
}

using Files = std::vector<FileValue>;

TEST(Values, Cpu) {
  CgroupResources r;
  r.cpu_shares = 512;
  r.cpu_quota_us = 50000;
  r.cpu_period_us = 100000;
  EXPECT_EQ(values(Controller::kCpu, r, true),
            (Files{{"cpu.weight", "59"}, {"cpu.max", "50000 100000"}}));
  EXPECT_EQ(values(Controller::kCpu, r, false), (Files{{"cpu.shares", "512"},
                                                       {"cpu.cfs_period_us", "100000"},
                                                       {"cpu.cfs_quota_us", "50000"}}));
}

TEST(Values, QuotaHasAFloorAndAnEnd) {
  CgroupResources r;
  for (auto [quota, v1, v2] : {std::tuple{1L, "1000", "1000"},
                               {999L, "1000", "1000"},
                               {1000L, "1000", "1000"},
                               {0L, "-1", "max"},
                               {-1L, "-1", "max"},
                               {250000L, "250000", "250000"}}) {
    r.cpu_quota_us = quota;
    EXPECT_EQ(values(Controller::kCpu, r, false), (Files{{"cpu.cfs_quota_us", v1}})) << quota;
    EXPECT_EQ(values(Controller::kCpu, r, true), (Files{{"cpu.max", v2}})) << quota;
  }
}

TEST(Values, SharesAreClampedAndZeroIsUnset) {
  CgroupResources r;
  r.cpu_shares = 1;
  EXPECT_EQ(values(Controller::kCpu, r, false), (Files{{"cpu.shares", "2"}}));
  r.cpu_shares = 0;
  EXPECT_TRUE(values(Controller::kCpu, r, false).empty());
  EXPECT_TRUE(values(Controller::kCpu, r, true).empty());
}

TEST(Values, MemoryKeepsSwapAtZeroBeyondTheLimit) {
  CgroupResources r;
  r.memory_limit = 64 << 20;
  EXPECT_EQ(values(Controller::kMemory, r, false),
            (Files{{"memory.limit_in_bytes", "67108864"},
                   {"memory.memsw.limit_in_bytes", "67108864", true}}));
  EXPECT_EQ(values(Controller::kMemory, r, true),
            (Files{{"memory.max", "67108864"}, {"memory.swap.max", "0", true}}));
  r.memory_limit = -1;
  EXPECT_EQ(values(Controller::kMemory, r, false),
            (Files{{"memory.limit_in_bytes", "-1"}, {"memory.memsw.limit_in_bytes", "-1", true}}));
  EXPECT_EQ(values(Controller::kMemory, r, true),
            (Files{{"memory.max", "max"}, {"memory.swap.max", "max", true}}));
}

TEST(Values, SoftMemoryLimitsAreV2Only) {
  CgroupResources r;
  r.memory_high = 10;
  r.memory_low = 20;
  r.memory_min = 30;
  r.oom_group = true;
  EXPECT_TRUE(values(Controller::kMemory, r, false).empty());
  EXPECT_EQ(values(Controller::kMemory, r, true), (Files{{"memory.min", "30"},
                                                         {"memory.low", "20"},
                                                         {"memory.high", "10"},
                                                         {"memory.oom.group", "1"}}));
  EXPECT_TRUE(needed(r, false).empty());
  EXPECT_EQ(needed(r, true), ControllerSet{Controller::kMemory});
}

TEST(Values, PidsAndCpuset) {
  CgroupResources r;
  r.pids_limit = -1;
  r.cpuset_cpus = "0-1";
  EXPECT_EQ(values(Controller::kPids, r, true), (Files{{"pids.max", "max"}}));
  EXPECT_EQ(values(Controller::kCpuset, r, false), (Files{{"cpuset.cpus", "0-1"}}));
  r.pids_limit = 30;
  EXPECT_EQ(values(Controller::kPids, r, false), (Files{{"pids.max", "30"}}));
  EXPECT_EQ(needed(r, false), (ControllerSet{Controller::kPids, Controller::kCpuset}));
}

TEST(Values, NothingAskedNothingWritten) {
  const CgroupResources none;
  EXPECT_TRUE(needed(none, true).empty());
  EXPECT_TRUE(needed(none, false).empty());
}

TEST(Check, RefusesWhatNoKernelTakes) {
  EXPECT_TRUE(check(CgroupResources{}));
  CgroupResources r;
  r.cpu_period_us = 0;
  EXPECT_FALSE(check(r));
  r = {};
  r.memory_limit = 0;
  EXPECT_FALSE(check(r));
  for (const char* list : {"a", "1-", "-1", "1,,2", "0 1", "0\n1"}) {
    r = {};
    r.cpuset_cpus = list;
    EXPECT_FALSE(check(r)) << list;
  }
  r = {};
  r.cpuset_cpus = "0-3,7";
  EXPECT_TRUE(check(r));
}

DeviceRule device(char type, std::int64_t major, std::int64_t minor, const char* access) {
  DeviceRule rule;
  rule.type = type;
  rule.major = major;
  rule.minor = minor;
  rule.access = access;
  return rule;
}

TEST(Devices, TextIsThatOfDevicesAllow) {
  EXPECT_EQ(device_rule_text(device('c', 1, 3, "rwm")), "c 1:3 rwm");
  EXPECT_EQ(device_rule_text(device('b', 8, -1, "r")), "b 8:* r");
  EXPECT_EQ(device_rule_text(device('a', -1, -1, "rwm")), "a");
  EXPECT_EQ(device_rule_text(default_device_rules().front()), "c *:* m");
}

TEST(Devices, RefusesRulesThatSayNothing) {
  EXPECT_TRUE(check(device('c', 10, 229, "rw")));
  EXPECT_FALSE(check(device('c', 10, 229, "")));
  EXPECT_FALSE(check(device('c', 10, 229, "x")));
  EXPECT_FALSE(check(device('p', 10, 229, "r")));
  EXPECT_FALSE(check(device('c', 1LL << 40, 0, "r")));
}

TEST(Devices, ProgramEndsClosedUnlessAllIsAllowed) {
  const auto closed = device_program({});
  EXPECT_EQ(closed.size(), 8U);
  const auto open = device_program({device('a', -1, -1, "rwm"), device('c', 1, 3, "r")});
  EXPECT_EQ(open.size(), 8U);  // nothing behind an unconditional return
  EXPECT_NE(open[6], closed[6]);
  // type, access (3), major, minor, return (2)
  EXPECT_EQ(device_program({device('c', 1, 3, "r")}).size(), 6U + 8U + 2U);
}

}  // namespace
}  // namespace podctl::cgroup
