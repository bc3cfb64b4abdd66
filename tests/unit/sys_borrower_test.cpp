#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "podctl/sys/borrower.hpp"

// What a program with borrowers has to do.
#if !defined(__SANITIZE_ADDRESS__)
void* operator new(std::size_t size) { return podctl::sys::borrowed::allocate(size); }
void operator delete(void* memory) noexcept { podctl::sys::borrowed::free_memory(memory); }
void operator delete(void* memory, std::size_t) noexcept {
  podctl::sys::borrowed::free_memory(memory);
}
#endif

namespace podctl::sys {
namespace {

struct Pipe {
  UniqueFd read, write;
};

Pipe make_pipe() {
  int fds[2];
  EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

int run(const char* program) {
  char* argv[] = {const_cast<char*>(program), nullptr};
  char* env[] = {nullptr};
  ::execve(program, argv, env);
  return 99;
}

int end_of(const Child& child) {
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED);
  return info.si_status;
}

class BorrowerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Borrower::available()) GTEST_SKIP() << "this build has no borrowers";
  }
};

TEST_F(BorrowerTest, ExecutesAndClosesWhatItWasGiven) {
  Pipe pipe = make_pipe();
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(pipe.write));
  auto borrower = Borrower::begin(
      {}, [](Result<void>) { return run("/bin/false"); }, std::move(fds));
  ASSERT_TRUE(borrower.has_value());
  char byte = 0;
  EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 0);  // nobody holds the other end
  const auto child = (*borrower)->join();
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(end_of(*child), 1);
}

// Each waits for a byte that is only written once all of them are there.
TEST_F(BorrowerTest, EightRunSideBySideAndThenThereIsNoneToBeHad) {
  const Pipe there = make_pipe(), go = make_pipe();
  const int out = there.write.get(), in = go.read.get();
  std::vector<std::unique_ptr<Borrower>> borrowers;
  while (Borrower::available()) {
    auto work = [out, in](Result<void>) {
      char byte = 'x';
      if (::write(out, &byte, 1) != 1 || ::read(in, &byte, 1) != 1) return 98;
      return run("/bin/true");
    };
    auto borrower = Borrower::begin({.keep = {out, in}}, std::move(work), {});
    ASSERT_TRUE(borrower.has_value());
    borrowers.push_back(std::move(*borrower));
  }
  EXPECT_EQ(borrowers.size(), 8U);
  EXPECT_FALSE(Borrower::begin({}, [](Result<void>) { return 0; }, {}).has_value());
  char byte = 0;
  for (std::size_t n = 0; n < borrowers.size(); ++n)
    ASSERT_EQ(::read(there.read.get(), &byte, 1), 1);
  for (std::size_t n = 0; n < borrowers.size(); ++n)
    ASSERT_EQ(::write(go.write.get(), &byte, 1), 1);
  for (auto& borrower : borrowers) {
    const auto child = borrower->join();
    ASSERT_TRUE(child.has_value());
    EXPECT_EQ(end_of(*child), 0);
  }
  EXPECT_TRUE(Borrower::available());
}

// One that dies of want of memory must leave nothing locked: the others would wait for it for ever.
TEST_F(BorrowerTest, OnesThatUseUpTheirHeapsEndByThemselves) {
  std::vector<std::unique_ptr<Borrower>> borrowers;
  for (int n = 0; n < 2; ++n) {
    auto work = [](Result<void>) {
      for (std::vector<std::string> all;;) all.push_back(std::string(1 << 20, 'x'));
      return 0;
    };
    auto borrower = Borrower::begin({}, work, {});
    ASSERT_TRUE(borrower.has_value());
    borrowers.push_back(std::move(*borrower));
  }
  for (auto& borrower : borrowers) {
    const auto child = borrower->join();
    ASSERT_TRUE(child.has_value());
    EXPECT_EQ(end_of(*child), 127);
  }
  borrowed::give_back();
}

// What it allocates is neither in our heap nor freed by us.
TEST_F(BorrowerTest, WhatItAllocatesIsForgotten) {
  for (int n = 0; n < 20; ++n) {
    auto work = [](Result<void>) {
      std::vector<std::string> names;
      for (int i = 0; i < 1000; ++i) names.push_back(std::string(100, 'x'));
      return names.size() == 1000 ? run("/bin/true") : 98;
    };
    auto borrower = Borrower::begin({}, work, {});
    ASSERT_TRUE(borrower.has_value());
    const auto child = (*borrower)->join();
    ASSERT_TRUE(child.has_value());
    EXPECT_EQ(end_of(*child), 0);
    borrowed::give_back();
  }
}

// The page faults of a borrower that uses 40 KiB of its heap, and of the program that it becomes.
long faults_of_one() {
  rusage before{}, after{};
  ::getrusage(RUSAGE_CHILDREN, &before);
  auto work = [](Result<void>) {
    const std::string used(40 << 10, 'x');
    return used.back() == 'x' ? run("/bin/true") : 98;
  };
  auto borrower = Borrower::begin({}, work, {});
  EXPECT_TRUE(borrower.has_value());
  if (!borrower) return 0;
  const auto child = (*borrower)->join();
  EXPECT_TRUE(child.has_value());
  EXPECT_EQ(child ? end_of(*child) : -1, 0);
  ::getrusage(RUSAGE_CHILDREN, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST_F(BorrowerTest, WhatItUsuallyTouchesIsThereBeforeIt) {
  borrowed::give_back();
  const long unprepared = faults_of_one();
  borrowed::give_back();
  borrowed::make_ready(1);
  EXPECT_GE(unprepared, faults_of_one() + 9);
  borrowed::give_back();
}

TEST_F(BorrowerTest, DroppedWhileItHangsItIsKilledAndReaped) {
  const Pipe never = make_pipe();
  const int in = never.read.get();
  pid_t pid = -1;
  {
    auto work = [in](Result<void>) {
      char byte = 0;
      return ::read(in, &byte, 1) == 1 ? 0 : 1;
    };
    auto borrower = Borrower::begin({.keep = {in}}, work, {});
    ASSERT_TRUE(borrower.has_value());
    while ((pid = (*borrower)->pid()) < 0) ::usleep(100);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(BorrowerTest, ACloneThatIsRefusedIsToldWhenJoined) {
  auto borrower = Borrower::begin({.cgroup = 1000000}, [](Result<void>) { return 0; }, {});
  ASSERT_TRUE(borrower.has_value());
  const auto child = (*borrower)->join();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().op, "clone process");
}

// The kernel has already written the number of a pidfd that it never opened.
TEST_F(BorrowerTest, ACloneThatIsRefusedLeavesOthersDescriptorsAlone) {
  auto borrower = Borrower::begin({.cgroup = 1000000}, [](Result<void>) { return 0; }, {});
  ASSERT_TRUE(borrower.has_value());
  const Pipe pipe = make_pipe();
  borrower->reset();
  EXPECT_NE(::fcntl(pipe.read.get(), F_GETFD), -1);
  EXPECT_NE(::fcntl(pipe.write.get(), F_GETFD), -1);
}

}  // namespace
}  // namespace podctl::sys
