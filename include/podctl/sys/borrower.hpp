// A child that borrows its parent's address space (CLONE_VM and CLONE_VFORK) until it executes
// another program, with a stack and a heap of its own.
//
// A copy of even a small process costs milliseconds where the kernel runs virtualised: its page
// tables are made, and then both fault on every page that they write. A borrower costs nothing of
// that, but what it allocates nobody frees once it has executed, and if it is killed within malloc
// the parent's heap is left half changed. So a program whose children borrow has operator new and
// delete replaced by allocate() and free_memory() (the shim has): what a borrower takes from them
// lies in its loan and is forgotten as a whole. It must not call malloc by other ways.
//
// The kernel holds a thread made for the purpose, so the caller goes on at once and borrowers run
// side by side. All of this is for one thread, the only one that the program has besides.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/spawn.hpp"

namespace podctl::sys {

namespace borrowed {

// For operator new and delete. Without memory a borrower leaves and anybody else aborts. A borrower
// frees nothing of its parent's.
void* allocate(std::size_t size) noexcept;
void free_memory(void* memory) noexcept;
// Has the pages that a usual borrower touches there before it comes, for the next `borrowers`.
void make_ready(std::size_t borrowers) noexcept;
// Pages that borrowers have touched go back to the kernel, but for those of who still runs.
void give_back() noexcept;

struct Loan;

}  // namespace borrowed

class Borrower {
 public:
  // One more can be had. Never under ASan, which follows every stack, nor where the clone is not
  // written for the processor; else eight at once, for a borrower may be held up by others and
  // nobody waits for it.
  static bool available();
  // `work` must own what it needs; `fds`, those that `spec` names among them, are closed once it
  // has executed or ended.
  static Result<std::unique_ptr<Borrower>> begin(CopySpec spec, Work work,
                                                 std::vector<UniqueFd> fds);
  Borrower(const Borrower&) = delete;
  Borrower& operator=(const Borrower&) = delete;
  ~Borrower();  // kills it, should it not have executed

  // -1: not made yet, or never.
  pid_t pid() const { return pid_; }
  void kill();
  // Without having executed, or after; it may not be reaped yet.
  bool ended() const;
  // Waits until it has executed or ended, which leaves the child to the caller, as spawn_copy().
  Result<Child> join();

 private:
  Borrower(borrowed::Loan* loan, CopySpec spec, Work work, std::vector<UniqueFd> fds);
  static void* thread(void* self);
  void make();
  void wait();

  borrowed::Loan* loan_;
  CopySpec spec_;
  Work work_;
  std::vector<UniqueFd> fds_;
  pthread_t thread_{};
  bool joined_ = false, child_taken_ = false;
  // The kernel writes both before the child runs: the descriptor first, and also for a child that
  // it then refuses to make, when it is nobody's.
  std::atomic<pid_t> pid_ = -1;
  std::atomic<int> pidfd_ = -1;
  std::atomic<bool> over_ = false;
  int error_ = 0;
};

}  // namespace podctl::sys
