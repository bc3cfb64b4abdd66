// Who gets which CPUs, what is remembered of it, and the machine's CPUs from a tree of files.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "node/cpu_manager.hpp"
#include "scratch.hpp"

namespace podctl::node {
namespace {

using ::testing::HasSubstr;

// Two threads a core, as Linux numbers them: 0 and 4 are the first core's.
std::vector<Cpu> eight() {
  std::vector<Cpu> cpus;
  for (unsigned id = 0; id < 8; ++id) cpus.push_back({id, 0, id % 4});
  return cpus;
}

api::Container container(const std::string& name, const std::string& cpu, bool sidecar = false) {
  api::Container c;
  c.name = name;
  c.resources.ensure().limits = {{"cpu", *api::Quantity::parse(cpu)},
                                 {"memory", *api::Quantity::parse("1Mi")}};
  if (sidecar) c.restartPolicy = "Always";
  return c;
}

api::Pod pod(const std::string& uid, std::vector<api::Container> containers,
             std::vector<api::Container> init = {}) {
  api::Pod pod;
  pod.metadata.uid = uid;
  pod.spec.containers.assign(containers.begin(), containers.end());
  pod.spec.initContainers.assign(init.begin(), init.end());
  return pod;
}

class CpuManagement : public ::testing::Test {
 protected:
  void SetUp() override { manager_ = open(); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<CpuManager> open(CpuSet reserved = {0}) {
    auto manager = CpuManager::open(eight(), std::move(reserved), state_);
    EXPECT_TRUE(manager) << manager.error().message();
    return manager ? std::move(*manager) : nullptr;
  }

  const std::string directory_ = scratch_directory("cpus"), state_ = directory_ + "/state";
  std::unique_ptr<CpuManager> manager_;
};

TEST(CpuList, BothWays) {
  EXPECT_EQ(cpu_list({}), "");
  EXPECT_EQ(cpu_list({0, 1, 2, 4, 7, 8}), "0-2,4,7-8");
  EXPECT_EQ(*parse_cpu_list("0-2,4,7-8"), (CpuSet{0, 1, 2, 4, 7, 8}));
  for (const char* bad : {"", ",", "1,", "2-1", "-", "1-", "a", "0x1", "1 2", "0-4000000000"})
    EXPECT_FALSE(parse_cpu_list(bad)) << bad;
}

TEST(CpuChoice, WholeCoresFirstThenTheSmallestRest) {
  EXPECT_EQ(choose_cpus(eight(), {1, 2, 3, 4, 5, 6, 7}, 2), (CpuSet{1, 5}));
  EXPECT_EQ(choose_cpus(eight(), {1, 2, 3, 4, 5, 6, 7}, 3), (CpuSet{1, 4, 5}));
  EXPECT_EQ(choose_cpus(eight(), {1, 2, 5, 7}, 1), (CpuSet{2}));
  EXPECT_EQ(choose_cpus(eight(), {1, 2, 5, 7}, 4), (CpuSet{1, 2, 5, 7}));
  EXPECT_EQ(choose_cpus(eight(), {1, 2}, 0), CpuSet{});
}

TEST_F(CpuManagement, WholeCpusAreTakenFromThoseThatShare) {
  int changes = 0;
  manager_->on_change = [&] { ++changes; };
  ASSERT_TRUE(manager_->admit(pod("a", {container("two", "2"), container("half", "500m")})));
  EXPECT_EQ(manager_->cpus_of("a", "two"), "1,5");
  EXPECT_EQ(manager_->cpus_of("a", "half"), "0,2-4,6-7");
  EXPECT_EQ(manager_->cpus_of("other", "any"), "0,2-4,6-7");
  EXPECT_EQ(manager_->own("a", "half"), nullptr);
  EXPECT_EQ(changes, 1);
  ASSERT_TRUE(manager_->admit(pod("a", {container("two", "2"), container("half", "500m")})));
  ASSERT_TRUE(manager_->admit(pod("none", {container("half", "500m")})));
  EXPECT_EQ(changes, 1);  // nothing new
  ASSERT_TRUE(manager_->keep_only({"none"}));
  EXPECT_EQ(manager_->shared().size(), 8U);
  EXPECT_EQ(changes, 2);
}

TEST_F(CpuManagement, WhatIsReservedIsNobodysAlone) {
  ASSERT_TRUE(manager_->admit(pod("a", {container("all", "7")})));
  EXPECT_EQ(manager_->shared(), CpuSet{0});
  const auto refused = manager_->admit(pod("b", {container("one", "1")}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "not enough cpus available to satisfy request: requested=1, available=0");
  EXPECT_FALSE(manager_->fits(pod("b", {container("one", "1")})));
  EXPECT_TRUE(manager_->fits(pod("a", {container("all", "7")})));  // it has them
}

// The CPUs of init containers that end are the later ones'; a sidecar keeps its own.
TEST_F(CpuManagement, InitContainersLendTheirs) {
  ASSERT_TRUE(manager_->admit(
      pod("a", {container("main", "2")},
          {container("before", "3"), container("beside", "1", true), container("after", "2")})));
  const auto *main = manager_->own("a", "main"), *beside = manager_->own("a", "beside");
  const auto *before = manager_->own("a", "before"), *after = manager_->own("a", "after");
  ASSERT_TRUE(main && beside && before && after);
  EXPECT_EQ(main->size(), 2U);
  EXPECT_EQ(before->size(), 3U);
  EXPECT_EQ(*after, *main);
  for (const unsigned cpu : *beside) EXPECT_FALSE(main->contains(cpu) || after->contains(cpu));
  EXPECT_EQ(manager_->shared().size(), 5U);  // no more than at any one time
}

TEST_F(CpuManagement, TheNextPodctldKnows) {
  ASSERT_TRUE(manager_->admit(pod("a", {container("two", "2")})));
  ASSERT_TRUE(manager_->admit(pod("b", {container("one", "1")})));
  const auto b = manager_->cpus_of("b", "one");
  EXPECT_EQ(open()->cpus_of("a", "two"), "1,5");
  EXPECT_EQ(open()->cpus_of("b", "one"), b);
  // What may not be given out any more is not; the other pod keeps its own.
  const auto other = open({0, 1});
  EXPECT_EQ(other->own("a", "two"), nullptr);
  EXPECT_EQ(other->cpus_of("b", "one"), b);
}

TEST_F(CpuManagement, WhatWasReserved) {
  EXPECT_FALSE(CpuManager::reserved_before(state_).value());  // nothing was said of it yet
  ASSERT_TRUE(manager_->save());
  EXPECT_EQ(*CpuManager::reserved_before(state_), CpuSet{0});
  ASSERT_TRUE(open({0, 4})->save());
  EXPECT_EQ(*CpuManager::reserved_before(state_), (CpuSet{0, 4}));
  EXPECT_FALSE(CpuManager::reserved_before(directory_ + "/none").value());
}

TEST_F(CpuManagement, AFileThatIsNotOurs) {
  for (const char* text : {"x", "[]", "{\"entries\": 1}", "{}"}) {
    std::ofstream(state_) << text;
    const auto opened = CpuManager::open(eight(), {0}, state_);
    ASSERT_FALSE(opened) << text;
    EXPECT_THAT(opened.error().message(), HasSubstr("not what podctld wrote"));
    EXPECT_FALSE(CpuManager::reserved_before(state_)) << text;
  }
  std::ofstream(state_)
      << R"({"entries": {"a": {"x": "9"}, "b": {"x": 1}, "c": 3, "d": {"x": "2"}}})";
  EXPECT_EQ(open()->shared(), (CpuSet{0, 1, 3, 4, 5, 6, 7}));
}

TEST_F(CpuManagement, AFileThatBreaksOff) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "/state: it is empty: remove it, and start podctld with"},
      {"{\"entries\": {\"a\"", "its end is missing: remove it"}};
  for (const auto& [text, message] : cases) {
    std::ofstream(state_) << text;
    const auto opened = CpuManager::open(eight(), {0}, state_);
    ASSERT_FALSE(opened) << text;
    EXPECT_THAT(opened.error().message(), HasSubstr(message));
    EXPECT_FALSE(CpuManager::reserved_before(state_)) << text;
  }
}

// What cannot be remembered has not been given.
TEST_F(CpuManagement, ADiskThatTakesNothing) {
  std::filesystem::create_directory(directory_ + "/lost");
  auto manager = CpuManager::open(eight(), {0}, directory_ + "/lost/state");
  ASSERT_TRUE(manager);
  std::filesystem::remove_all(directory_ + "/lost");
  EXPECT_FALSE((*manager)->admit(pod("a", {container("two", "2")})));
  EXPECT_EQ((*manager)->shared().size(), 8U);
}

TEST_F(CpuManagement, TheMachinesCpus) {
  const auto put = [&](const std::string& path, const std::string& text) {
    const std::filesystem::path file = directory_ + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  };
  put("online", "0-1,3");
  put("cpu0/topology/physical_package_id", "1");
  put("cpu0/topology/core_id", "7");
  const auto cpus = read_cpus(directory_);
  ASSERT_TRUE(cpus);
  ASSERT_EQ(cpus->size(), 3U);
  EXPECT_EQ((*cpus)[0].socket, 1U);
  EXPECT_EQ((*cpus)[0].core, 7U);
  EXPECT_EQ((*cpus)[2].id, 3U);
  EXPECT_EQ((*cpus)[2].core, 3U);  // not told
  EXPECT_FALSE(read_cpus(directory_ + "/none"));
  EXPECT_TRUE(read_cpus());
}

}  // namespace
}  // namespace podctl::node
