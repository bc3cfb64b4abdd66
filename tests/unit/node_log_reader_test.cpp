#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "node/log_files.hpp"
#include "podctl/node/log_reader.hpp"

namespace podctl::node {
namespace {

class LogReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/podctl-logs-XXXXXX";
    dir_ = mkdtemp(name);
    path_ = dir_ + "/0.log";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  static std::string line(int second, const std::string& text, char tag = 'F') {
    char stamp[64];
    std::snprintf(stamp, sizeof stamp, "2026-07-01T10:00:%02d.000000001Z stdout %c ", second, tag);
    return stamp + text + "\n";
  }
  void append(const std::string& text, const std::string& file = {}) {
    std::ofstream(file.empty() ? path_ : file, std::ios::app) << text;
  }
  std::string all(LogOptions options = {}) {
    auto reader = LogReader::open(path_, options);
    if (!reader) return reader.error().message();
    std::string out;
    for (;;) {
      const auto more = (*reader)->read(10);
      if (more->empty()) return out;
      out += *more;
    }
  }
  std::string dir_, path_;
};

TEST_F(LogReaderTest, StripsThePrefixAndJoinsPartialLines) {
  append(line(0, "one") + line(1, "tw", 'P') + line(1, "o") + line(2, "") + "2026 torn");
  EXPECT_EQ(all(), "one\ntwo\n\n");
  LogOptions stamps;
  stamps.timestamps = true;
  EXPECT_EQ(all(stamps),
            "2026-07-01T10:00:00.000000001Z one\n2026-07-01T10:00:01.000000001Z two\n"
            "2026-07-01T10:00:02.000000001Z \n");
}

TEST_F(LogReaderTest, TailCountsWholeLinesOverRotatedFiles) {
  append(line(0, "a") + line(1, "b"), path_ + ".20260701-100000");
  append(line(2, "c", 'P') + line(2, "C") + line(3, "d"), path_ + ".20260701-110000");
  append(line(4, "e"));
  LogOptions options;
  const std::vector<std::pair<int, std::string>> table{
      {0, ""},           {1, "e\n"},           {2, "d\ne\n"},
      {3, "cC\nd\ne\n"}, {4, "b\ncC\nd\ne\n"}, {9, "a\nb\ncC\nd\ne\n"}};
  for (const auto& [lines, text] : table) {
    options.tail_lines = lines;
    EXPECT_EQ(all(options), text) << lines;
  }
  EXPECT_EQ(all(), "a\nb\ncC\nd\ne\n");
  EXPECT_EQ(log_tail(path_, 3, 4), "d\ne\n");
}

TEST_F(LogReaderTest, SinceAndLimit) {
  append(line(0, "a") + line(5, "bcd"));
  LogOptions options;
  options.since = api::Time(api::Time::parse("2026-07-01T10:00:03Z")->seconds());
  EXPECT_EQ(all(options), "bcd\n");
  options.limit_bytes = 2;
  EXPECT_EQ(all(options), "bc");
}

TEST_F(LogReaderTest, FollowsAcrossARotation) {
  append(line(0, "a"));
  auto reader = LogReader::open(path_, {});
  ASSERT_TRUE(reader);
  EXPECT_EQ(*(*reader)->read(100), "a\n");
  EXPECT_EQ(*(*reader)->read(100), "");
  append(line(1, "b"));
  std::filesystem::rename(path_, path_ + ".1");
  append(line(2, "c"));
  EXPECT_EQ(*(*reader)->read(100), "b\nc\n");
  append("2026-07-01T10:00:09Z stdout F unfinish");
  EXPECT_EQ(*(*reader)->read(100), "");
  append("ed\n");
  EXPECT_EQ(*(*reader)->read(100), "unfinished\n");
}

TEST_F(LogReaderTest, AllButTheNewestRotatedFileIsCompressedAndReadAllTheSame) {
  const std::string first = path_ + ".20260701-100000", second = path_ + ".20260701-110000";
  append(line(0, "a") + line(1, "b"), first);
  append(line(2, "c", 'P') + line(2, "C") + line(3, "d"), second);
  append(line(4, "e"));
  append("x", dir_ + "/0.log.20260701-100000.gz.tmp");  // of one that was killed
  append("x", dir_ + "/notes.txt");
  ASSERT_TRUE(*compress_log(dir_));
  EXPECT_FALSE(*compress_log(dir_));
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(first + ".gz"));
  EXPECT_FALSE(std::filesystem::exists(first + ".gz.tmp"));
  EXPECT_TRUE(std::filesystem::exists(second));
  EXPECT_EQ(all(), "a\nb\ncC\nd\ne\n");
  LogOptions tail;
  tail.tail_lines = 4;
  EXPECT_EQ(all(tail), "b\ncC\nd\ne\n");
  // Both forms: the text comes once.
  append(line(0, "a") + line(1, "b"), first);
  EXPECT_EQ(all(), "a\nb\ncC\nd\ne\n");
  ASSERT_TRUE(*compress_log(dir_));
  EXPECT_EQ(all(), "a\nb\ncC\nd\ne\n");
}

// A reader has listed the file before it was compressed, and the shim may remove it.
TEST_F(LogReaderTest, ALogThatIsCompressedOrRemovedWhileItIsRead) {
  append(line(0, "a"), path_ + ".20260701-100000");
  append(line(1, "b"), path_ + ".20260701-110000");
  append(line(2, "c"), path_ + ".20260701-120000");
  append(line(3, "d"));
  auto reader = std::move(*LogReader::open(path_, {}));
  EXPECT_EQ(*reader->read(1), "a\n");
  while (*compress_log(dir_)) {
  }
  std::filesystem::remove(path_ + ".20260701-120000");
  EXPECT_EQ(*reader->read(100), "b\nd\n");
}

TEST_F(LogReaderTest, WhatIsNoCompressedLogIsToldOf) {
  const std::string first = path_ + ".20260701-100000";
  append(line(0, std::string(5000, 'a')), first);
  append(line(1, "b"), path_ + ".20260701-110000");
  ASSERT_TRUE(*compress_log(dir_));
  std::filesystem::resize_file(first + ".gz", std::filesystem::file_size(first + ".gz") - 9);
  const auto reader = LogReader::open(path_, {});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::kCorrupt);
}

TEST_F(LogReaderTest, NoLogIsNotFound) {
  EXPECT_EQ(LogReader::open(path_, {}).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace podctl::node
