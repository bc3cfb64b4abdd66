// Hostile trees: no name leads out of the root, whatever its links say.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "podctl/sys/root_dir.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;

class RootDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "podctl-rootdir-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    base_ = name;
    fs::create_directories(base_ + "/root/etc");
    fs::create_directories(base_ + "/outside");
    std::ofstream(base_ + "/outside/secret") << "secret";
    std::ofstream(base_ + "/root/etc/file") << "inside";
    fs::create_symlink(base_ + "/outside", base_ + "/root/absolute");
    fs::create_symlink("../outside", base_ + "/root/climbing");
    fs::create_symlink("/etc/file", base_ + "/root/rooted");
    fs::create_symlink("loop", base_ + "/root/loop");
    fs::create_symlink("/proc/self/root", base_ + "/root/magic");
  }
  void TearDown() override { fs::remove_all(base_); }

  RootDir root(Resolve mode = Resolve::kInRoot) {
    auto opened = RootDir::open_host(base_ + "/root", mode);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  std::string base_;
};

TEST_F(RootDirTest, LinksAreTakenFromTheRoot) {
  EXPECT_EQ(root().read_file("rooted", 100).value_or(""), "inside");
  EXPECT_EQ(root().read_file("/../../etc/file", 100).value_or(""), "inside");
  for (const char* path : {"absolute/secret", "climbing/secret", "../outside/secret", "loop"}) {
    EXPECT_FALSE(root().open_path(path)) << path;
  }
}

TEST_F(RootDirTest, BeneathRefusesWhatLeadsOut) {
  const auto beneath = root(Resolve::kBeneath);
  for (const char* path : {"rooted", "absolute", "climbing", ".."}) {
    const auto opened = beneath.open_path(path);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, Code::kPermissionDenied) << path;
  }
  EXPECT_TRUE(beneath.open_path("etc/file"));
}

TEST_F(RootDirTest, MagicLinksAreRefused) {
  const auto host = RootDir::open_host("/");
  ASSERT_TRUE(host);
  EXPECT_FALSE(host->open_path("proc/self/fd/0"));
  EXPECT_FALSE(host->open_path("proc/self/root"));
}

TEST_F(RootDirTest, DirectoriesAreMadeInside) {
  EXPECT_TRUE(root().mkdir_all("a/b/c"));
  EXPECT_TRUE(fs::is_directory(base_ + "/root/a/b/c"));
  (void)root().mkdir_all("absolute/x");
  (void)root().mkdir_all("climbing/x");
  (void)root().mkdir_all("../outside/y");
  EXPECT_FALSE(fs::exists(base_ + "/outside/x"));
  EXPECT_FALSE(fs::exists(base_ + "/outside/y"));
  const auto over_file = root().mkdir_all("etc/file/x");
  ASSERT_FALSE(over_file);
  EXPECT_EQ(over_file.error().code, Code::kFailedPrecondition);
}

TEST_F(RootDirTest, FilesAreMadeInside) {
  fs::create_symlink(base_ + "/outside/new", base_ + "/root/dangling");
  (void)root().create_file("dangling");
  (void)root().create_file("climbing/new");
  EXPECT_FALSE(fs::exists(base_ + "/outside/new"));
  EXPECT_TRUE(root().create_file("deep/er/file"));
  EXPECT_TRUE(fs::is_regular_file(base_ + "/root/deep/er/file"));
}

TEST_F(RootDirTest, ARealDirectoryIsNoLink) {
  EXPECT_TRUE(root().open_real_directory("etc"));
  EXPECT_FALSE(root().open_real_directory("climbing"));
  EXPECT_FALSE(root().open_real_directory("rooted"));
  EXPECT_FALSE(root().open_real_directory("etc/file"));
}

TEST_F(RootDirTest, OnlyPlainFilesOfBoundedSizeAreRead) {
  ASSERT_EQ(::mkfifo((base_ + "/root/fifo").c_str(), 0600), 0);
  EXPECT_FALSE(root().read_file("fifo", 100));
  EXPECT_FALSE(root().read_file("etc", 100));
  EXPECT_EQ(root().read_file("etc/file", 3).error().code, Code::kExhausted);
  EXPECT_FALSE(root().open_path(std::string_view("etc\0x", 5)));
}

TEST_F(RootDirTest, RemovalTakesTheLinkNotItsTarget) {
  EXPECT_TRUE(root().remove("climbing"));
  EXPECT_TRUE(fs::exists(base_ + "/outside/secret"));
  EXPECT_FALSE(root().remove(".."));
  EXPECT_FALSE(root().remove(""));
}

}  // namespace
}  // namespace podctl::sys
