// CRI log files: cutting, tags, rotation. kubernetes cri-api constants.go; containerd cuts at 16
// KiB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "shim/cri_log.hpp"

namespace podctl::shim {
namespace {

namespace fs = std::filesystem;

class ShimCriLog : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "podctl-log-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    path_ = dir_ + "/ns_pod_uid/web/0.log";
  }
  void TearDown() override { fs::remove_all(dir_); }
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::string dir_, path_;
  timespec now_{1769860800, 7};
};

TEST_F(ShimCriLog, WritesWholeLinesWithTimeStreamAndTag) {
  auto log = MUST(CriLog::open(path_, 0, 1));
  MUST(log.write(Stream::kStdout, "one\ntwo\n", now_));
  MUST(log.write(Stream::kStderr, "\n", now_));
  EXPECT_EQ(read(path_),
            "2026-01-31T12:00:00.000000007Z stdout F one\n"
            "2026-01-31T12:00:00.000000007Z stdout F two\n"
            "2026-01-31T12:00:00.000000007Z stderr F \n");
}

TEST_F(ShimCriLog, JoinsALineThatComesInPieces) {
  auto log = MUST(CriLog::open(path_, 0, 1));
  MUST(log.write(Stream::kStdout, "he", now_));
  MUST(log.write(Stream::kStderr, "err\n", now_));
  MUST(log.write(Stream::kStdout, "llo\n", now_));
  EXPECT_EQ(read(path_),
            "2026-01-31T12:00:00.000000007Z stderr F err\n"
            "2026-01-31T12:00:00.000000007Z stdout F hello\n");
}

TEST_F(ShimCriLog, CutsALongLineAt16KiB) {
  auto log = MUST(CriLog::open(path_, 0, 1));
  MUST(log.write(Stream::kStdout, std::string(kMaxPiece, 'a') + "\n", now_));
  MUST(log.write(Stream::kStdout, std::string(kMaxPiece + 3, 'b') + "\n", now_));
  const std::string head = "2026-01-31T12:00:00.000000007Z stdout ";
  EXPECT_EQ(read(path_), head + "F " + std::string(kMaxPiece, 'a') + "\n" + head + "P " +
                             std::string(kMaxPiece, 'b') + "\n" + head + "F bbb\n");
}

TEST_F(ShimCriLog, WritesARestWithoutLineEndAsAPieceAtTheEnd) {
  auto log = MUST(CriLog::open(path_, 0, 1));
  MUST(log.write(Stream::kStdout, "prompt> ", now_));
  EXPECT_EQ(read(path_), "");
  MUST(log.finish(Stream::kStdout, now_));
  MUST(log.finish(Stream::kStdout, now_));
  EXPECT_EQ(read(path_), "2026-01-31T12:00:00.000000007Z stdout P prompt> \n");
}

TEST_F(ShimCriLog, RotatesBySizeAndKeepsSoManyFiles) {
  auto log = MUST(CriLog::open(path_, 100, 3));
  for (int i = 0; i < 6; ++i) {
    ++now_.tv_sec;
    MUST(log.write(Stream::kStdout, std::string(60, static_cast<char>('0' + i)) + "\n", now_));
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(path_).parent_path())) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("0.log", "0.log.20260131-120005",
                                                     "0.log.20260131-120006"));
  EXPECT_THAT(read(path_), ::testing::HasSubstr(std::string(60, '5')));
}

// podctld compresses what has been rotated.
TEST_F(ShimCriLog, CompressedFilesAreFilesOfTheLogToo) {
  auto log = MUST(CriLog::open(path_, 100, 3));
  const auto write = [&](char c) {
    ++now_.tv_sec;
    MUST(log.write(Stream::kStdout, std::string(60, c) + "\n", now_));
  };
  write('0');
  write('1');
  fs::rename(path_ + ".20260131-120002", path_ + ".20260131-120002.gz");
  write('2');
  std::ofstream(path_ + ".20260131-120003.gz") << "of a podctld that was killed before it was done";
  std::ofstream(path_ + ".20260131-120003.gz.tmp") << "not yet";
  write('3');
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(path_).parent_path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre(
                         "0.log", "0.log.20260131-120003", "0.log.20260131-120003.gz",
                         "0.log.20260131-120003.gz.tmp", "0.log.20260131-120004"));
}

// As many lines as may come in a second: no file grows beyond its bound, none is overwritten, and
// the order of their names stays that of their lines.
TEST_F(ShimCriLog, RotatesSeveralTimesInASecond) {
  auto log = MUST(CriLog::open(path_, 100, 3));
  const auto write = [&](char c) {
    MUST(log.write(Stream::kStdout, std::string(60, c) + "\n", now_));
  };
  for (const char c : {'1', '2', '3', '4', '5'}) write(c);
  ++now_.tv_sec;
  write('6');
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(fs::path(path_).parent_path())) {
    files[entry.path().filename()] = read(entry.path());
  }
  ASSERT_EQ(files.size(), 3U);
  std::string kept;
  for (const auto& [name, text] : files) kept += text.substr(text.size() - 2, 1);
  EXPECT_EQ(kept, "645");  // 0.log, then the others from old to new
}

}  // namespace
}  // namespace podctl::shim
