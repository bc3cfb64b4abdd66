// Whole files, and removing a tree that somebody hostile may have made.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/files.hpp"
#include "scratch.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = scratch_directory("files");
    ASSERT_FALSE(dir_.empty());
  }
  void TearDown() override { (void)remove_tree(dir_); }
  void make_file(const std::string& path) { std::ofstream(dir_ + path) << "x"; }

  std::string dir_;
};

using WholeFile = RemoveTree;

TEST_F(WholeFile, IsWrittenToDiskAsOneStep) {
  const std::string path = dir_ + "/state";
  for (const std::string content : {"first", "", "third"}) {
    ASSERT_TRUE(write_file_to_disk(path, content, 0600));
    EXPECT_EQ(*read_file(path, 100), content);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  }
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(write_file_to_disk(dir_ + "/none/state", "", 0600).error().code, Code::kNotFound);
}

TEST_F(RemoveTree, WhatIsNotThereIsGone) {
  EXPECT_TRUE(remove_tree(dir_ + "/none"));
  EXPECT_TRUE(remove_tree(dir_ + "/no/such/parent"));
}

TEST_F(RemoveTree, FilesDirectoriesAndLinksGoButNotWhatLinksLeadTo) {
  fs::create_directories(dir_ + "/tree/a/b");
  fs::create_directories(dir_ + "/elsewhere");
  make_file("/tree/file");
  make_file("/tree/a/b/file");
  make_file("/elsewhere/file");
  fs::create_directory_symlink(dir_ + "/elsewhere", dir_ + "/tree/a/link");
  const auto removed = remove_tree(dir_ + "/tree");
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(dir_ + "/tree"));
  EXPECT_TRUE(fs::exists(dir_ + "/elsewhere/file"));
}

TEST_F(RemoveTree, ManyEntriesNeedSeveralReads) {
  fs::create_directories(dir_ + "/tree");
  for (int i = 0; i < 500; ++i) make_file("/tree/" + std::string(40, 'x') + std::to_string(i));
  const auto removed = remove_tree(dir_ + "/tree");
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(dir_ + "/tree"));
}

// A container can nest directories as deep as it likes: paths end at 4096 bytes, chdir does not.
TEST_F(RemoveTree, TwoMayRemoveTheSame) {
  for (int round = 0; round < 10; ++round) {
    for (int n = 0; n < 20; ++n) {
      fs::create_directories(dir_ + "/tree/" + std::to_string(n) + "/a/b");
    }
    Result<void> other;
    std::thread thread([&] { other = remove_tree(dir_ + "/tree"); });
    const auto removed = remove_tree(dir_ + "/tree");
    thread.join();
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_TRUE(other) << other.error().message();
    ASSERT_FALSE(fs::exists(dir_ + "/tree"));
  }
}

TEST_F(RemoveTree, NestingNeedsNeitherStackNorDescriptors) {
  fs::create_directories(dir_ + "/tree");
  UniqueFd at(::open((dir_ + "/tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < 400; ++i) {
    // Also a name that is taken where deep directories are moved to.
    ASSERT_EQ(::mkdirat(at.get(), i == 0 ? ".moved-0" : "d", 0700), 0);
    at =
        UniqueFd(::openat(at.get(), i == 0 ? ".moved-0" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
  at.reset();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto removed = remove_tree(dir_ + "/tree");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(dir_ + "/tree"));
}

}  // namespace
}  // namespace podctl::sys
