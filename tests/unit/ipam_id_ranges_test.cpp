// Host ids of pods on plain files, and what else has ids on a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "podctl/ipam/id_ranges.hpp"
#include "podctl/ipam/subnet.hpp"

namespace podctl::ipam {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPod = "8a7d0b44-2f0e-4f2a-9a5e-0d6a1c1f7e01";

class IdRanges : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = "/tmp/podctl-test-XXXXXX";
    dir_ = ::mkdtemp(path.data());
    registry_ = dir_ + "/registry";
  }
  void TearDown() override { fs::remove_all(dir_); }
  // One that is there: its run directory is.
  Layout root(const std::string& name) {
    Layout layout(dir_ + "/" + name);
    fs::create_directories(layout.run());
    return layout;
  }
  std::uint32_t first(const Layout& layout, const std::string& uid,
                      const std::vector<IdRange>& taken = {}) {
    const auto range = allocate_ids(layout, uid, taken, registry_);
    EXPECT_TRUE(range) << range.error().message();
    if (!range) return 0;
    EXPECT_EQ(range->count, 65536U);
    return range->first;
  }

  std::string dir_, registry_;
};

TEST_F(IdRanges, EachPodHasItsOwnWhicheverRootItIsOfAndKeepsThem) {
  EXPECT_EQ(first(root("a"), kPod), 65536U);
  EXPECT_EQ(first(root("a"), "other"), 131072U);
  EXPECT_EQ(first(root("b"), kPod), 196608U) << "the same uid of another root is another pod";
  EXPECT_EQ(first(root("a"), kPod, {{0, 4294967295U}}), 65536U) << "its own processes have them";
}

TEST_F(IdRanges, AreGivenBack) {
  first(root("a"), "one");
  first(root("a"), "two");
  first(root("b"), "one");
  ASSERT_TRUE(release_ids(root("a"), "one", registry_));
  ASSERT_TRUE(release_ids(root("a"), "one", registry_)) << "twice is no error";
  ASSERT_TRUE(release_ids(root("a"), "never", registry_));
  EXPECT_EQ(first(root("a"), "three"), 65536U);
  ASSERT_TRUE(release_ids_but(root("a"), {"two"}, registry_));
  EXPECT_EQ(first(root("a"), "four"), 65536U);
  EXPECT_EQ(first(root("a"), "two"), 131072U);
  ASSERT_TRUE(release_ids_but(root("a"), {}, registry_));
  EXPECT_EQ(first(root("c"), "x"), 65536U);
  EXPECT_EQ(first(root("b"), "one"), 196608U) << "another root's are not ours to release";
}

TEST_F(IdRanges, TouchNothingThatIsTaken) {
  EXPECT_EQ(first(root("a"), "one", {{100000, 65536}}), 196608U);
  EXPECT_EQ(first(root("a"), "two", {{65536, 1}, {131071, 1}}), 131072U);
  const auto none = allocate_ids(root("a"), "three", {{65536, 4294901759U}}, registry_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kExhausted);
}

TEST_F(IdRanges, OfARootThatIsGoneAreFreeAgainUnlessSomethingOfItRuns) {
  first(root("a"), kPod);
  fs::remove_all(dir_ + "/a");
  EXPECT_EQ(first(root("b"), "one", {{65536, 65536}}), 131072U) << "a process has them";
  EXPECT_EQ(first(root("b"), "two"), 65536U);
}

TEST_F(IdRanges, SurviveARegistryThatWasClearedByHand) {
  EXPECT_EQ(first(root("a"), kPod), 65536U);
  fs::remove(registry_ + "/65536");
  EXPECT_EQ(first(root("b"), "one"), 65536U);
  EXPECT_EQ(first(root("a"), kPod), 131072U);
  ASSERT_TRUE(release_ids(root("a"), kPod, registry_));
  EXPECT_EQ(first(root("a"), "two"), 131072U);
}

TEST_F(IdRanges, AreSharedByNobodyWhoAsksAtOnce) {
  const Layout a = root("a"), b = root("b");
  std::vector<std::uint32_t> got(32);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto range =
          allocate_ids(i % 2 == 0 ? a : b, "pod-" + std::to_string(i), {}, registry_);
      if (range) got[i] = range->first;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::uint32_t>(got.begin(), got.end()).size(), got.size());
}

TEST(IdTexts, SubuidGivesAwayWhatItsLinesSay) {
  EXPECT_THAT(allotments("alice:100000:65536\n\nbob:165536:1\n# no:line\nx:y:z\n:5\n1:2:3:4\n"),
              ElementsAre(IdRange{100000, 65536}, IdRange{165536, 1}, IdRange{2, 3}));
  EXPECT_THAT(allotments("a:4294967295:9\nb:4294967296:1\nc:1:18446744073709551615\nd:7:0\n"),
              ElementsAre(IdRange{4294967295U, 1}, IdRange{1, 4294967295U}));
}

TEST(IdTexts, AccountsAboveWhatAMachineUsuallyHasAreLeftAlone) {
  EXPECT_THAT(accounts("root:x:0:0::/root:/bin/sh\nu:x:65535:1:::\nad:x:1000001:5:::\nbroken\n"),
              ElementsAre(IdRange{1000001, 1}));
}

TEST(IdTexts, AMapTellsTheHostsSide) {
  EXPECT_THAT(mapped("         0          0 4294967295\n"), IsEmpty());
  EXPECT_THAT(mapped("         0     100000      65536\n     65536       1000          1\n"),
              ElementsAre(IdRange{100000, 65536}, IdRange{1000, 1}));
  EXPECT_THAT(mapped(""), IsEmpty()) << "the process has ended";
}

TEST(IdTexts, RangesOverlapByTheirIds) {
  EXPECT_TRUE((IdRange{1, 2}.overlaps({2, 1})));
  EXPECT_FALSE((IdRange{1, 2}.overlaps({3, 1})));
  EXPECT_TRUE((IdRange{4294967295U, 1}.overlaps({4294901760U, 65536})));
}

}  // namespace
}  // namespace podctl::ipam
