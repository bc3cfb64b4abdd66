// Whoever attaches gets what goes into the log, all of it, however slowly it reads.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>

#include "scratch.hpp"
#include "shim/log_pump.hpp"

namespace podctl::shim {
namespace {

struct Pipe {
  UniqueFd read, write;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) read = UniqueFd(ends[0]), write = UniqueFd(ends[1]);
  }
};

class ShimLogTap : public ::testing::Test {
 protected:
  void SetUp() override {
    auto log = CriLog::open((root_ / "log").string(), 0, 1);
    ASSERT_TRUE(log);
    pump_ = std::make_unique<LogPump>(loop_, std::move(*log));
    ASSERT_TRUE(pump_->attach(Stream::kStdout, std::move(printed_.read)));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Lets the loop work until `done` says so; once a test, for a loop stops for good.
  void work_until(const std::function<bool()>& done) {
    std::function<void()> look = [&] {
      if (done()) return loop_.stop();
      loop_.after(1, look);
    };
    loop_.after(0, look);
    ASSERT_TRUE(loop_.run());
  }
  std::string take(int fd) {
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    std::string all(1 << 20, '\0');
    const auto n = ::read(fd, all.data(), all.size());
    all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return all;
  }

  const std::filesystem::path root_ = scratch_directory("tap");
  Loop loop_ = Loop::make().value();
  std::unique_ptr<LogPump> pump_;
  Pipe printed_, reader_;
};

TEST_F(ShimLogTap, WhoAttachesFromTheStartGetsWhatWasPrintedBeforeOnce) {
  pump_->keep_beginning();
  ASSERT_EQ(::write(printed_.write.get(), "one\n", 4), 4);
  pump_->pump();
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write), true));
  ASSERT_EQ(::write(printed_.write.get(), "two\n", 4), 4);
  pump_->pump();
  EXPECT_EQ(take(reader_.read.get()), "one\ntwo\n");
  Pipe second;
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(second.write), true));
  EXPECT_EQ(take(second.read.get()), "");
}

TEST_F(ShimLogTap, ALongBeginningIsNotKept) {
  pump_->keep_beginning();
  const std::string much(48'000, 'x');
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(::write(printed_.write.get(), much.data(), much.size()), 48'000);
    pump_->pump();
  }
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write), true));
  ASSERT_EQ(::write(printed_.write.get(), "now\n", 4), 4);
  pump_->pump();
  EXPECT_EQ(take(reader_.read.get()), "now\n");
}

// A beginning that does not fit into the reader's pipe holds up like anything else.
TEST_F(ShimLogTap, ABeginningThatIsReadSlowlyComesWholeAndFirst) {
  pump_->keep_beginning();
  const std::string much(60'000, 'x');
  ASSERT_EQ(::write(printed_.write.get(), much.data(), much.size()), 60'000);
  pump_->pump();
  ASSERT_GT(::fcntl(reader_.write.get(), F_SETPIPE_SZ, 4096), 0);
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write), true));
  ASSERT_EQ(::write(printed_.write.get(), "end\n", 4), 4);
  std::string got;
  work_until([&] {
    got += take(reader_.read.get());
    return got.ends_with("end\n");
  });
  EXPECT_EQ(got, much + "end\n");
}

TEST_F(ShimLogTap, WhatIsPrintedGoesToTheReaderToo) {
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write)));
  ASSERT_EQ(::write(printed_.write.get(), "text\n", 5), 5);
  pump_->pump();
  EXPECT_EQ(take(reader_.read.get()), "text\n");
}

TEST_F(ShimLogTap, ASlowReaderLosesNothingWhenTheContainerEnds) {
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write)));
  const std::string block(60'000, 'x');
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(::write(printed_.write.get(), block.data(), block.size()), 60'000);
    pump_->pump();
  }
  printed_.write.reset();
  pump_->drain();
  pump_.reset();
  std::size_t all = 0;
  work_until([&] { return (all += take(reader_.read.get()).size()) == 4 * block.size(); });
  EXPECT_EQ(all, 4 * block.size());
}

TEST_F(ShimLogTap, AReaderThatHasGoneIsForgotten) {
  ASSERT_TRUE(pump_->tap(Stream::kStdout, std::move(reader_.write)));
  reader_.read.reset();
  ASSERT_EQ(::write(printed_.write.get(), "text\n", 5), 5);
  int looks = 0;
  work_until([&] { return ++looks == 3; });
  ASSERT_EQ(::write(printed_.write.get(), "more\n", 5), 5);
  pump_->pump();
  pump_->drain();
}

}  // namespace
}  // namespace podctl::shim
