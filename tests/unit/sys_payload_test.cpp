// Files that change all at once: the kubelet's layout, and that nothing hostile leads out of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/payload.hpp"
#include "scratch.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

class PayloadTest : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(fd_);
  }
  void TearDown() override { fs::remove_all(path_); }

  std::string read(const std::string& name) const {
    std::ifstream in(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(path_)) out.insert(entry.path().filename());
    return out;
  }
  unsigned mode(const std::string& name) const {
    struct stat st {};
    return ::stat((path_ + "/" + name).c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
  }

  const std::string path_ = scratch_directory("payload");
  UniqueFd fd_;
};

TEST_F(PayloadTest, LinksLeadThroughOneDirectory) {
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "1", 0440}, {"deep/er/b", "2", 0600}}));
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(read("deep/er/b"), "2");
  EXPECT_EQ(mode("a"), 0440U);
  EXPECT_EQ(mode("deep/er/b"), 0600U);
  EXPECT_EQ(mode("..data"), 0755U);
  EXPECT_EQ(fs::read_symlink(path_ + "/a"), "..data/a");
  EXPECT_EQ(fs::read_symlink(path_ + "/deep"), "..data/deep");
  EXPECT_EQ(names().size(), 4U);  // and ..data, and where that leads
}

TEST_F(PayloadTest, TheirGroupMayReadThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "1", 0400}, {"deep/er/b", "2", 0600}}, 6000));
  EXPECT_EQ(mode("a"), 0440U);
  EXPECT_EQ(mode("deep/er/b"), 0640U);
  EXPECT_EQ(mode("..data"), 02755U);
  for (const char* name : {"/a", "/deep/er", "/deep/er/b"}) {
    struct stat st {};
    ASSERT_EQ(::stat((path_ + name).c_str(), &st), 0);
    EXPECT_EQ(st.st_gid, 6000U) << name;
  }
}

TEST_F(PayloadTest, WhatIsWrittenAnewTakesThePlaceOfAll) {
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "1"}, {"gone", "x"}, {"dir/f", "x"}}));
  const auto before = fs::read_symlink(path_ + "/..data");
  const UniqueFd open(::open((path_ + "/a").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "2"}, {"new", "y"}}));
  EXPECT_EQ(read("a"), "2");
  char byte = 0;
  EXPECT_EQ(::read(open.get(), &byte, 1), 1);
  EXPECT_EQ(byte, '1');  // who has it open reads on
  const auto now = fs::read_symlink(path_ + "/..data");
  EXPECT_NE(now, before);
  EXPECT_THAT(names(), UnorderedElementsAre("..data", now, "a", "new"));
  ASSERT_TRUE(write_payload(fd_.get(), {}));
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(PayloadTest, AFailureLeavesWhatWasThere) {
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "1"}}));
  const auto before = names();
  EXPECT_FALSE(write_payload(fd_.get(), {{"a", "2"}, {"a", "twice"}}));
  EXPECT_FALSE(write_payload(fd_.get(), {{"../escape", "2"}}));
  EXPECT_EQ(names(), before);
  EXPECT_EQ(read("a"), "1");
  EXPECT_FALSE(fs::exists(path_ + "/../escape"));
}

// A privileged container of the pod reaches the volume and may have made any link in it.
TEST_F(PayloadTest, NoLinkInItIsFollowed) {
  const std::string outside = scratch_directory("payload-outside");
  std::ofstream(outside + "/kept") << "kept";
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "1"}}));
  fs::remove(path_ + "/..data");
  fs::create_directory_symlink(outside, path_ + "/..data");
  fs::create_symlink(outside + "/kept", path_ + "/..data_tmp");
  ASSERT_TRUE(write_payload(fd_.get(), {{"a", "2"}, {"b/c", "3"}}));
  EXPECT_EQ(read("b/c"), "3");
  std::ifstream kept(outside + "/kept");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "kept");
  EXPECT_EQ(std::distance(fs::directory_iterator(outside), {}), 1);
  fs::remove_all(outside);
}

}  // namespace
}  // namespace podctl::sys
