// Giving a tree to a group: what anybody may do with their own files and group.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "podctl/sys/files.hpp"
#include "podctl/sys/group_tree.hpp"
#include "scratch.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;

class GroupTree : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = scratch_directory("group");
    ASSERT_FALSE(dir_.empty());
    make_directory(dir_, 0755);
    make_directory(dir_ + "/d", 0700);
    make_file(dir_ + "/d/f", 0640);
    make_file(outside_, 0600);
    fs::create_symlink(outside_, dir_ + "/link");
  }
  void TearDown() override {
    (void)remove_tree(dir_);
    fs::remove_all(fs::path(outside_).parent_path());
  }
  static void make_directory(const std::string& path, mode_t mode) {
    fs::create_directories(path);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  static void make_file(const std::string& path, mode_t mode) {
    std::ofstream(path) << "x";
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  static unsigned mode(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
  }
  std::string dir_;
  const std::string outside_ = scratch_directory("group-outside") + "/file";
};

TEST_F(GroupTree, TheGroupMayReadWriteAndEnterAllOfIt) {
  const auto given = give_tree_to_group(dir_, ::getegid(), false);
  ASSERT_TRUE(given) << given.error().message();
  EXPECT_EQ(mode(dir_), 02775U);
  EXPECT_EQ(mode(dir_ + "/d"), 02770U);
  EXPECT_EQ(mode(dir_ + "/d/f"), 0660U);
  EXPECT_EQ(mode(outside_), 0600U);  // behind a symlink
}

TEST_F(GroupTree, IsLeftAloneWhereItsTopIsTheGroupsAlready) {
  make_directory(dir_, 02770);
  ASSERT_TRUE(give_tree_to_group(dir_, ::getegid(), true));
  EXPECT_EQ(mode(dir_ + "/d/f"), 0640U);
  make_directory(dir_, 0770);
  ASSERT_TRUE(give_tree_to_group(dir_, ::getegid(), true));
  EXPECT_EQ(mode(dir_ + "/d/f"), 0660U);
}

TEST_F(GroupTree, WhatIsNotThereIsNamed) {
  const auto given = give_tree_to_group(dir_ + "/no", ::getegid(), false);
  ASSERT_FALSE(given);
  EXPECT_NE(given.error().message().find(dir_ + "/no"), std::string::npos);
}

}  // namespace
}  // namespace podctl::sys
