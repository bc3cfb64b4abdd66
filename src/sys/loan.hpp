// The memory of one borrower at a time, and of the thread that waits for it.
#pragma once

#include <cstddef>

#include "podctl/sys/borrower.hpp"

namespace podctl::sys::borrowed {

// Bytes; only what is touched is ever there.
inline constexpr std::size_t kStack = 256U << 10, kThreadStack = 64U << 10, kHeap = 64U << 20;
inline constexpr std::size_t kLoan = kStack + kThreadStack + kHeap;

// What a container's init touches of each, as seen: a page fault takes 25 µs where the kernel runs
// virtualised, and there are twenty.
inline constexpr std::size_t kUsualStack = 20U << 10, kUsualThreadStack = 4U << 10,
                             kUsualHeap = 56U << 10;

// The exit code of a borrower that ran out of its heap or met what would have been an abort.
inline constexpr int kBorrowerGaveUp = 127;

struct Loan {
  char* memory = nullptr;  // the stack, the thread's stack, the heap
  std::size_t taken = 0;   // of the heap
  bool lent = false;

  char* stack() { return memory; }
  char* thread_stack() { return memory + kStack; }
  char* heap() { return memory + kStack + kThreadStack; }
};

bool available() noexcept;
// Null: all are lent, or there is no memory.
Loan* lend() noexcept;
void take_back(Loan* loan) noexcept;
// What the calling thread allocates from now on, and its borrower, lies there.
void live_on(Loan* loan) noexcept;
bool living() noexcept;

}  // namespace podctl::sys::borrowed
