// A container decides what it sends to `podctl cp`, and may not decide what that is written over.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/copy_landing.hpp"
#include "scratch.hpp"

namespace podctl::cli {
namespace {

namespace fs = std::filesystem;

class CliCopyLanding : public ::testing::Test {
 protected:
  // A home, and a container that has files of the same names.
  void SetUp() override {
    for (const char* side : {"home", "evil"}) {
      fs::create_directories(root_ / side / ".ssh");
      std::ofstream(root_ / side / ".bashrc") << side;
      std::ofstream(root_ / side / ".ssh/authorized_keys") << side;
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  // cp POD:`source` HOME, where the container sends its directory, whatever was asked for.
  Result<void> copy(const std::string& source, const std::string& target) {
    const archive::Warn warn = [](const std::string&) {};
    Landing landing(source, root_ / target, {}, warn);
    TRY(archive::pack(
        root_ / "evil", [&landing](std::string_view data) { return landing.take(data); }, warn));
    EXPECT_TRUE(landing.complete());
    return {};
  }
  std::string text(const std::string& path) const {
    std::ifstream in(root_ / path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const fs::path root_ = scratch_directory("landing");
};

TEST_F(CliCopyLanding, ADirectoryInAFilesPlaceLandsUnderTheFilesName) {
  ASSERT_TRUE(copy("/app.log", "home"));
  EXPECT_EQ(text("home/.bashrc"), "home");
  EXPECT_EQ(text("home/.ssh/authorized_keys"), "home");
  EXPECT_EQ(text("home/app.log/.bashrc"), "evil");
}

TEST_F(CliCopyLanding, ItDoesNotReplaceAFileOfThatName) {
  std::ofstream(root_ / "home/app.log") << "home";
  EXPECT_FALSE(copy("/app.log", "home"));
  EXPECT_EQ(text("home/app.log"), "home");
  EXPECT_EQ(text("home/.bashrc"), "home");
}

TEST_F(CliCopyLanding, ALinkOfThatNameIsNotFollowed) {
  fs::create_directory_symlink(".", root_ / "home/app.log");
  EXPECT_FALSE(copy("/app.log", "home"));
  EXPECT_EQ(text("home/.bashrc"), "home");
}

TEST_F(CliCopyLanding, WhoAsksForTheContentGetsIt) {
  ASSERT_TRUE(copy("/app/.", "home"));
  EXPECT_EQ(text("home/.bashrc"), "evil");
}

TEST_F(CliCopyLanding, WhatIsNotThereBecomesTheDirectory) {
  ASSERT_TRUE(copy("/app", "new/place"));
  EXPECT_EQ(text("new/place/.bashrc"), "evil");
}

}  // namespace
}  // namespace podctl::cli
