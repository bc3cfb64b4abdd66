// What comes out of a hostile container stays below the target of the copy. kubectl's cp had each
// of these holes once.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "podctl/archive/tree.hpp"
#include "scratch.hpp"

namespace podctl::archive {
namespace {

namespace fs = std::filesystem;

class ArchiveCopy : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "target");
    fs::create_directories(root_ / "outside");
    std::ofstream(root_ / "outside/secret") << "untouched";
  }
  void TearDown() override {
    std::ifstream in(root_ / "outside/secret");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "untouched");
    EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "outside"), {}), 1);
    fs::remove_all(root_);
  }

  static std::string file(std::string path, const std::string& text) {
    const Entry entry{EntryType::kFile, std::move(path), "", text.size(), 0644, 0, 0};
    return encode_header(entry) + text + padding(text.size());
  }
  static std::string directory(std::string path) {
    return encode_header({EntryType::kDirectory, std::move(path), "", 0, 0755, 0, 0});
  }
  static std::string symlink(std::string path, std::string link) {
    return encode_header({EntryType::kSymlink, std::move(path), std::move(link), 0, 0777, 0, 0});
  }

  Result<void> unpack(const std::string& tar, UnpackPolicy policy = {}) {
    UniqueFd parent(::open((root_ / "target").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    Unpacker unpacker(std::move(parent), ".", policy, [](const std::string&) {});
    TarReader reader;
    reader.feed(tar + end_of_archive());
    while (auto piece = TRY(reader.next())) TRY(unpacker.take(*piece));
    return {};
  }

  const fs::path root_ = scratch_directory("archive");
};

TEST_F(ArchiveCopy, CVE_2018_1002100_NamesThatClimb) {
  for (const char* path :
       {"../outside/secret", "a/../../outside/secret", "/outside/secret", ".."}) {
    const auto done = unpack(directory(".") + file(path, "evil"));
    ASSERT_FALSE(done) << path;
    EXPECT_EQ(done.error().code, Code::kCorrupt);
  }
}

TEST_F(ArchiveCopy, CVE_2019_1002101_ASymlinkAndThenAFileThroughIt) {
  // Skipped, the link leaves its name to nobody.
  EXPECT_FALSE(unpack(directory(".") + symlink("a", "../outside") + file("a/secret", "evil")));
  // Made, as in a container, it is not followed.
  const auto done = unpack(directory(".") + symlink("b", "../outside") + file("b/secret", "evil"),
                           {.symlinks = true});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kPermissionDenied);
}

TEST_F(ArchiveCopy, CVE_2019_11246_ASymlinkInTheMiddleOfThePath) {
  EXPECT_FALSE(unpack(directory(".") + directory("d") + symlink("d/e", "../../outside") +
                          file("d/e/secret", "evil"),
                      {.symlinks = true}));
}

TEST_F(ArchiveCopy, CVE_2019_11249_ALinkToALink) {
  EXPECT_FALSE(unpack(directory(".") + symlink("one", "two") + symlink("two", "../outside") +
                          file("one/secret", "evil"),
                      {.symlinks = true}));
}

TEST_F(ArchiveCopy, CVE_2019_11251_AFileOverItsOwnLink) {
  // The link is replaced, what it led to is not written.
  ASSERT_TRUE(unpack(directory(".") + symlink("x", "../outside/secret") + file("x", "mine"),
                     {.symlinks = true}));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(root_ / "target/x")));
}

TEST_F(ArchiveCopy, WhatLiesThereBeforeIsNotFollowedEither) {
  fs::create_directory_symlink("../outside", root_ / "target/planted");
  fs::create_symlink("../outside/secret", root_ / "target/file");
  EXPECT_FALSE(unpack(directory(".") + directory("planted")));
  EXPECT_FALSE(unpack(directory(".") + file("planted/new", "evil")));
  EXPECT_TRUE(unpack(directory(".") + file("file", "mine")));
}

TEST_F(ArchiveCopy, NeitherDevicesNorHardLinksNorSetuidComeOut) {
  std::string device = directory("x");
  device[156] = '3';
  EXPECT_FALSE(unpack(device));
  const std::string text = "program";
  const Entry setuid{EntryType::kFile, "suid", "", text.size(), 06755, 4242, 4242};
  ASSERT_TRUE(unpack(directory(".") + encode_header(setuid) + text + padding(text.size())));
  EXPECT_EQ(fs::status(root_ / "target/suid").permissions(), fs::perms(0755));
}

}  // namespace
}  // namespace podctl::archive
