// The stream between podctl and podctl-cp: what goes in comes out, whole or in pieces.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "podctl/archive/tree.hpp"
#include "scratch.hpp"

namespace podctl::archive {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

// All entries, with the content of files, fed in pieces of `step` bytes.
std::vector<std::pair<Entry, std::string>> read_all(const std::string& tar, std::size_t step) {
  std::vector<std::pair<Entry, std::string>> all;
  TarReader reader;
  for (std::size_t at = 0; at < tar.size(); at += step) {
    reader.feed(std::string_view(tar).substr(at, step));
    for (;;) {
      auto piece = reader.next();
      EXPECT_TRUE(piece) << piece.error().message();
      if (!piece || !*piece) break;
      if ((*piece)->entry) {
        all.emplace_back(*(*piece)->entry, "");
      } else {
        all.back().second += (*piece)->data;
      }
    }
  }
  EXPECT_TRUE(reader.ended());
  return all;
}

TEST(ArchiveTar, EntriesComeBackAsTheyWereWhateverThePieces) {
  const std::string deep(90, 'd'), longest = deep + "/" + deep + "/file";
  Entry file{EntryType::kFile, longest, "", 1000, 04755, 1234567890, 7};
  Entry link{EntryType::kSymlink, "l", std::string(300, 't'), 0, 0777, 0, 0};
  Entry directory{EntryType::kDirectory, ".", "", 0, 0700, 0, 0};
  const std::string data(1000, 'x');
  const std::string tar = encode_header(directory) + encode_header(file) + data +
                          padding(data.size()) + encode_header(link) + end_of_archive();
  for (const std::size_t step : {std::size_t{1}, std::size_t{511}, std::size_t{4096}, tar.size()}) {
    const auto all = read_all(tar, step);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].first.path, ".");
    EXPECT_EQ(all[0].first.type, EntryType::kDirectory);
    EXPECT_EQ(all[1].first.path, longest);
    EXPECT_EQ(all[1].first.uid, 1234567890U);
    EXPECT_EQ(all[1].first.mode, 04755U);
    EXPECT_EQ(all[1].second, data);
    EXPECT_EQ(all[2].first.link, link.link);
  }
}

TEST(ArchiveTar, PathsThatLeadOutAreNotSafe) {
  for (const char* path : {"", "/", "/etc", "..", "../a", "a/..", "a/../b", "a//b", "./a", "a/."})
    EXPECT_FALSE(safe_path(path)) << path;
  EXPECT_FALSE(safe_path(std::string_view("a\0b", 3)));
  for (const char* path : {".", "a", "a/b", "..a", "a..", "...", "a b"})
    EXPECT_TRUE(safe_path(path)) << path;
}

TEST(ArchiveTar, WhatIsNoArchiveIsRefused) {
  TarReader reader;
  reader.feed(std::string(512, 'x'));
  const auto piece = reader.next();
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code, Code::kCorrupt);
}

class ArchiveTree : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }

  // Packs `from` and unpacks it as `name` in `to`.
  Result<void> copy(const fs::path& from, const fs::path& to, const std::string& name,
                    UnpackPolicy policy = {.symlinks = true}) {
    std::string tar;
    const Warn warn = [this](const std::string& text) { warnings_.push_back(text); };
    complete_ = TRY(pack(
        from, [&tar](std::string_view data) { return tar += data, Result<void>(); }, warn));
    UniqueFd parent(::open(to.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    Unpacker unpacker(std::move(parent), name, policy, warn);
    TarReader reader;
    reader.feed(tar);
    while (auto piece = TRY(reader.next())) TRY(unpacker.take(*piece));
    return {};
  }

  const fs::path root_ = scratch_directory("archive");
  std::vector<std::string> warnings_;
  bool complete_ = false;
};

TEST_F(ArchiveTree, ATreeIsCopiedWithModesAndSymlinks) {
  fs::create_directories(root_ / "a/sub/empty");
  fs::create_directory(root_ / "out");
  write(root_ / "a/run", "#!/bin/sh\n");
  ::chmod((root_ / "a/run").c_str(), 0750);
  write(root_ / "a/sub/big", std::string(200'000, 'b'));
  fs::create_symlink("run", root_ / "a/link");
  ASSERT_TRUE(copy(root_ / "a", root_ / "out", "b"));
  EXPECT_TRUE(complete_);
  EXPECT_EQ(content(root_ / "out/b/run"), "#!/bin/sh\n");
  EXPECT_EQ(fs::status(root_ / "out/b/run").permissions(), fs::perms(0750));
  EXPECT_EQ(fs::file_size(root_ / "out/b/sub/big"), 200'000U);
  EXPECT_TRUE(fs::is_directory(root_ / "out/b/sub/empty"));
  EXPECT_EQ(fs::read_symlink(root_ / "out/b/link"), "run");
}

TEST_F(ArchiveTree, AFileIsWrittenOverInPlaceAndADirectoryIsAddedTo) {
  fs::create_directories(root_ / "a");
  fs::create_directories(root_ / "out/a");
  write(root_ / "a/x", "new");
  write(root_ / "out/a/x", "older and longer");
  write(root_ / "out/a/kept", "kept");
  ASSERT_TRUE(copy(root_ / "a", root_ / "out", "a"));
  EXPECT_EQ(content(root_ / "out/a/x"), "new");
  EXPECT_EQ(content(root_ / "out/a/kept"), "kept");
}

TEST_F(ArchiveTree, WhatIsNoFileIsLeftOutAndTold) {
  fs::create_directories(root_ / "a");
  fs::create_directories(root_ / "out");
  ::mkfifo((root_ / "a/fifo").c_str(), 0600);
  write(root_ / "a/x", "x");
  ASSERT_TRUE(copy(root_ / "a", root_ / "out", "a"));
  EXPECT_FALSE(complete_);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0], "\"fifo\" is left out: neither a file nor a directory");
  EXPECT_EQ(content(root_ / "out/a/x"), "x");
}

// tar copies them as empty files.
TEST_F(ArchiveTree, FilesThatDoNotSayHowLargeTheyAreAreReadToTheirEnd) {
  fs::create_directories(root_ / "out");
  ASSERT_TRUE(copy("/proc/self/status", root_ / "out", "status"));
  EXPECT_TRUE(complete_);
  const auto text = content(root_ / "out/status");
  EXPECT_TRUE(text.starts_with("Name:\t")) << text;
  EXPECT_TRUE(text.ends_with("\n"));
  write(root_ / "empty", "");
  ASSERT_TRUE(copy(root_ / "empty", root_ / "out", "empty"));
  EXPECT_EQ(fs::file_size(root_ / "out/empty"), 0U);
}

TEST_F(ArchiveTree, SymlinksAreSkippedWhereTheyAreNotWanted) {
  fs::create_directories(root_ / "a");
  fs::create_directories(root_ / "out");
  fs::create_symlink("/etc", root_ / "a/etc");
  ASSERT_TRUE(copy(root_ / "a", root_ / "out", "a", {}));
  EXPECT_EQ(warnings_, std::vector<std::string>{"skipping symlink: \"etc\" -> \"/etc\""});
  EXPECT_FALSE(fs::exists(fs::symlink_status(root_ / "out/a/etc")));
}

}  // namespace
}  // namespace podctl::archive
