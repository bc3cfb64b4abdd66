// Measuring a tree that somebody hostile may have made.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/disk_usage.hpp"
#include "podctl/sys/files.hpp"
#include "scratch.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMi = 1U << 20;

class DiskUsage : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = scratch_directory("usage");
    ASSERT_FALSE(dir_.empty());
  }
  void TearDown() override { (void)remove_tree(dir_); }
  void make_file(const std::string& path, std::size_t size) {
    std::ofstream(dir_ + path) << std::string(size, 'x');
  }
  std::uint64_t used() {
    const auto bytes = disk_usage(dir_);
    EXPECT_TRUE(bytes) << bytes.error().message();
    return bytes.value_or(0);
  }
  std::string dir_;
};

TEST_F(DiskUsage, CountsFilesAtEveryDepthOnce) {
  make_file("/a", kMi);
  fs::create_directories(dir_ + "/x/y");
  fs::create_directories(dir_ + "/x/z");
  make_file("/x/y/b", kMi);
  make_file("/x/z/c", kMi);
  fs::create_hard_link(dir_ + "/a", dir_ + "/x/again");
  fs::create_symlink("/usr", dir_ + "/out");
  EXPECT_GE(used(), 3 * kMi);
  EXPECT_LT(used(), 4 * kMi);
}

TEST_F(DiskUsage, AFileWithHolesTakesWhatIsWritten) {
  make_file("/holes", 1);
  ASSERT_EQ(::truncate((dir_ + "/holes").c_str(), 1L << 30), 0);
  EXPECT_LT(used(), kMi);
}

// Deeper than a path may be long, and than there are descriptors.
TEST_F(DiskUsage, NoDepthHidesAnything) {
  UniqueFd at(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY));
  const std::string name(200, 'd');
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = UniqueFd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
  }
  const UniqueFd file(::openat(at.get(), "deep", O_WRONLY | O_CREAT, 0644));
  const std::string much(kMi, 'x');
  ASSERT_EQ(::write(file.get(), much.data(), much.size()), static_cast<ssize_t>(kMi));
  EXPECT_GE(used(), kMi);
}

TEST_F(DiskUsage, WhatIsNotThereIsSaid) {
  EXPECT_EQ(disk_usage(dir_ + "/none").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace podctl::sys
